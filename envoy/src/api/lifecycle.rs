//! `/api/v1/clusters/{name}/…`: what happens to a cluster, and watching it.

use super::actor::Actor;
use super::extract::Segments;
use super::{Api, Problem};
use crate::duration::Span;
use crate::lifecycle::workers::{self, Worker};
use crate::store::Operation;
use crate::trino::Coordinator;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

/// How often a watched operation is read.
const WATCH: Duration = Duration::from_millis(500);
/// How long an operation may take when nothing is said.
const DEADLINE: Duration = Duration::from_secs(3600);

/// How to drain or shut down.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Begin {
    /// When it is given up, from now on; an hour when not given.
    pub(crate) deadline: Option<Span>,
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/activate",
    tag = "lifecycle", operation_id = "lifecycle_activate",
    params(("name" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn activate(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
) -> Result<StatusCode, Problem> {
    api.store.set_active(&actor.0, &name, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/deactivate",
    tag = "lifecycle", operation_id = "lifecycle_deactivate",
    params(("name" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn deactivate(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
) -> Result<StatusCode, Problem> {
    api.store.set_active(&actor.0, &name, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/drain",
    tag = "lifecycle", operation_id = "lifecycle_drain",
    params(("name" = String, Path)),
    request_body = Option<Begin>,
    responses((status = 202, body = Option<Operation>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn drain(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    begin: Option<Json<Begin>>,
) -> Result<(StatusCode, Json<Option<Operation>>), Problem> {
    start(&api, &actor, &name, false, begin).await
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/shutdown",
    tag = "lifecycle", operation_id = "lifecycle_shutdown",
    params(("name" = String, Path)),
    request_body = Option<Begin>,
    responses((status = 202, body = Option<Operation>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn shutdown(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    begin: Option<Json<Begin>>,
) -> Result<(StatusCode, Json<Option<Operation>>), Problem> {
    start(&api, &actor, &name, true, begin).await
}

/// The one that is under way, or the last that there was; none if there was none.
async fn start(
    api: &Api,
    actor: &Actor,
    name: &str,
    shutdown: bool,
    begin: Option<Json<Begin>>,
) -> Result<(StatusCode, Json<Option<Operation>>), Problem> {
    let deadline = begin.and_then(|Json(begin)| begin.deadline).map_or(DEADLINE, |span| span.0);
    let operation = api.store.begin(&actor.0, name, shutdown, deadline).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}

/// The newest drain or shutdown.
#[utoipa::path(
    get,
    path = "/api/v1/clusters/{name}/operation",
    tag = "lifecycle", operation_id = "lifecycle_operation",
    params(("name" = String, Path)),
    responses((status = 200, body = Operation), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn operation(
    State(api): State<Api>,
    Segments(name): Segments<String>,
) -> Result<Json<Operation>, Problem> {
    newest(&api, &name).await.map(Json)
}

async fn newest(api: &Api, name: &str) -> Result<Operation, Problem> {
    api.store
        .operation(name)
        .await?
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("cluster `{name}` was never drained or shut down")))
}

/// The same as server-sent events: one each time it changes, until it ends.
#[utoipa::path(
    get,
    path = "/api/v1/clusters/{name}/operation/events",
    tag = "lifecycle", operation_id = "lifecycle_watch",
    params(("name" = String, Path)),
    responses((status = 200, body = Operation, content_type = "text/event-stream"), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn watch(
    State(api): State<Api>,
    Segments(name): Segments<String>,
) -> Result<impl IntoResponse, Problem> {
    let first = newest(&api, &name).await?;
    let (events, stream) = mpsc::channel::<Result<Event, Infallible>>(4);
    tokio::spawn(async move {
        let mut shown = None;
        let mut now = Some(first);
        loop {
            if let Some(operation) = now.filter(|operation| shown.as_ref() != Some(operation)) {
                let data = serde_json::to_string(&operation).unwrap_or_default();
                let ended = operation.ended_at.is_some();
                if events.send(Ok(Event::default().event("operation").data(data))).await.is_err() || ended {
                    return;
                }
                shown = Some(operation);
            }
            tokio::select! {
                () = tokio::time::sleep(WATCH) => {}
                () = events.closed() => return,
            }
            // PostgreSQL away: whoever watches waits.
            now = api.store.operation(&name).await.ok().flatten();
        }
    });
    Ok(Sse::new(ReceiverStream::new(stream)).keep_alive(KeepAlive::default()))
}

#[utoipa::path(
    get,
    path = "/api/v1/clusters/{name}/workers",
    tag = "lifecycle", operation_id = "lifecycle_workers",
    params(("name" = String, Path)),
    responses((status = 200, body = Vec<Worker>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list_workers(
    State(api): State<Api>,
    Segments(name): Segments<String>,
) -> Result<Json<Vec<Worker>>, Problem> {
    let coordinator = coordinator(&api, &name).await?;
    workers::list(&coordinator).await.map(Json).map_err(|failure| unanswered(&name, &failure.to_string()))
}

/// Tells one worker to finish what it does and end; the cluster goes on without it.
#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/workers/{node_id}/shutdown",
    tag = "lifecycle", operation_id = "lifecycle_shutdown_worker",
    params(("name" = String, Path), ("node_id" = String, Path)),
    responses((status = 202), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn shutdown_worker(
    State(api): State<Api>,
    actor: Actor,
    Segments((name, node_id)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    let coordinator = coordinator(&api, &name).await?;
    let all = workers::list(&coordinator).await.map_err(|failure| unanswered(&name, &failure.to_string()))?;
    let Some(worker) = all.iter().find(|w| w.node_id == node_id) else {
        let known = warren_rules::known(all.iter().map(|w| w.node_id.as_str()));
        let title = format!("cluster `{name}` has no worker `{node_id}`; known: {known}");
        return Err(Problem::new(StatusCode::NOT_FOUND, title));
    };
    // Before it is done: what cannot be recorded is not done.
    let what = serde_json::json!({ "node_id": node_id });
    api.store.record(&actor.0, "shutdown", "worker", &name, &what).await?;
    workers::tell(&coordinator, worker).await.map_err(|why| unanswered(&name, &why))?;
    Ok(StatusCode::ACCEPTED)
}

fn unanswered(name: &str, why: &str) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, format!("cluster `{name}`: {why}"))
}

async fn coordinator(api: &Api, name: &str) -> Result<Coordinator, Problem> {
    let cluster = api.store.cluster(name).await?;
    let health = &cluster.settings.health;
    let slug = api.status.report().clusters.into_iter().find(|c| c.name == name && !c.retired).map(|c| c.slug);
    let slug = slug.ok_or_else(|| unanswered(name, "it was added a moment ago and is not known yet; try again"))?;
    api.access
        .coordinator(&cluster.url, &slug, &cluster.settings.tls, health.credentials.as_deref(), health.timeout())
        .map_err(|why| unanswered(name, &why))
}
