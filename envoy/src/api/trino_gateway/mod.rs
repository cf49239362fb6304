//! Trino Gateway's HTTP API, for the scripts and providers that speak it: the same paths, statuses and JSON. What differs,
//! and why, is in `docs/migration.md`; `tests/trino_gateway` asks the real one the same.

mod backend;
mod history;
mod state;

use super::Api;
use super::actor::Actor;
use super::endpoints::{Endpoints, Need};
use crate::access::Role;
use crate::state::Cluster;
use crate::store::StoreError;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, body::Bytes};
pub(super) use backend::Backend;
use backend::Refused;
use serde::Deserialize;

/// The only kind of entity that `/entity` knows.
const GATEWAY_BACKEND: &str = "GATEWAY_BACKEND";

/// Its endpoints.
pub(super) fn add(endpoints: Endpoints) -> Endpoints {
    let looks = Need::Role(Role::Viewer);
    let changes = Need::Role(Role::Operator);
    let ok = async || ([(header::CONTENT_TYPE, "application/json")], "ok");
    [
        (looks, Method::GET, "/gateway", get(ok)),
        (looks, Method::GET, "/gateway/backend/all", get(all)),
        (looks, Method::GET, "/gateway/backend/active", get(active)),
        (changes, Method::POST, "/gateway/backend/activate/{name}", post(activate)),
        (changes, Method::POST, "/gateway/backend/deactivate/{name}", post(deactivate)),
        (changes, Method::POST, "/gateway/backend/modify/add", post(add_one)),
        (changes, Method::POST, "/gateway/backend/modify/update", post(update)),
        (changes, Method::POST, "/gateway/backend/modify/delete", post(delete)),
        (looks, Method::GET, "/entity", get(async || Json([GATEWAY_BACKEND]))),
        (changes, Method::POST, "/entity", post(put_entity)),
        (looks, Method::GET, "/entity/{type}", get(entities)),
        (looks, Method::GET, "/api/public/backends", get(all)),
        (looks, Method::GET, "/api/public/backends/{name}", get(one)),
        (looks, Method::GET, "/api/public/backends/{name}/state", get(state::show)),
        (looks, Method::GET, "/trino-gateway/api/activeBackends", get(active)),
        (looks, Method::GET, "/trino-gateway/api/queryHistory", get(history::list)),
        (looks, Method::GET, "/trino-gateway/api/queryHistoryDistribution", get(history::distribution)),
        (Need::Nobody, Method::GET, "/trino-gateway/livez", get(async || "ok")),
        (Need::Nobody, Method::GET, "/trino-gateway/readyz", get(super::ready)),
    ]
    .into_iter()
    .fold(endpoints, |endpoints, (need, method, path, handler)| {
        // Trino Gateway takes a slash at the end, too.
        endpoints.plain(need, method, &[path.to_owned(), format!("{path}/")], handler)
    })
}

/// What went wrong, as text.
enum Fault {
    /// No such cluster; Trino Gateway says nothing more there.
    NotFound,
    Refused(Refused),
    /// Trino Gateway answers 500 to it, and so do we.
    Internal(String),
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Store(error)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Fault {
        Fault::Refused(refused)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Fault::NotFound => StatusCode::NOT_FOUND.into_response(),
            Fault::Refused(refused) => refused.into_response(),
            Fault::Internal(message) => (StatusCode::INTERNAL_SERVER_ERROR, message).into_response(),
            Fault::Store(error) => {
                let status = match &error {
                    StoreError::ClusterExists(_) => StatusCode::INTERNAL_SERVER_ERROR,
                    error => super::status_of(error),
                };
                (status, error.to_string()).into_response()
            }
        }
    }
}

async fn all(State(api): State<Api>) -> Result<Json<Vec<Backend>>, Fault> {
    Ok(Json(api.store.backends().await?.into_iter().map(Backend::from).collect()))
}

async fn active(State(api): State<Api>) -> Result<Json<Vec<Backend>>, Fault> {
    Ok(Json(api.store.backends().await?.into_iter().filter(|c| c.active).map(Backend::from).collect()))
}

async fn one(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<Backend>, Fault> {
    Ok(Json(Backend::from(find(&api, &name).await?)))
}

async fn find(api: &Api, name: &str) -> Result<Cluster, Fault> {
    api.store.backends().await?.into_iter().find(|c| c.name == name).ok_or(Fault::NotFound)
}

async fn activate(State(api): State<Api>, actor: Actor, Path(name): Path<String>) -> Result<StatusCode, Response> {
    set_active(&api, &actor, &name, true).await
}

async fn deactivate(State(api): State<Api>, actor: Actor, Path(name): Path<String>) -> Result<StatusCode, Response> {
    set_active(&api, &actor, &name, false).await
}

async fn set_active(api: &Api, actor: &Actor, name: &str, active: bool) -> Result<StatusCode, Response> {
    match api.store.set_active(&actor.0, name, active).await {
        Ok(()) => Ok(StatusCode::OK),
        Err(StoreError::NoCluster { .. }) => {
            let message = format!("No cluster found with name: {name}, could not (de)activate");
            Err((StatusCode::NOT_FOUND, message).into_response())
        }
        Err(error) => Err(Fault::from(error).into_response()),
    }
}

async fn add_one(
    State(api): State<Api>,
    actor: Actor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Backend>, Fault> {
    let backend = Backend::sent(&headers, &body)?;
    api.store.add_cluster(&actor.0, &backend.cluster()?).await?;
    Ok(Json(backend))
}

async fn update(State(api): State<Api>, actor: Actor, headers: HeaderMap, body: Bytes) -> Result<Json<Backend>, Fault> {
    let backend = Backend::sent(&headers, &body)?;
    api.store.put_cluster(&actor.0, &backend.cluster()?).await?;
    Ok(Json(backend))
}

/// The body is the name as it is, not JSON; a name that nobody has is fine.
async fn delete(State(api): State<Api>, actor: Actor, body: Bytes) -> Result<StatusCode, Fault> {
    match api.store.remove_cluster(&actor.0, &String::from_utf8_lossy(&body), true).await {
        Ok(()) | Err(StoreError::NoCluster { .. }) => Ok(StatusCode::OK),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct EntityQuery {
    #[serde(rename = "entityType", default)]
    entity_type: String,
}

/// Takes any content type.
async fn put_entity(
    State(api): State<Api>,
    actor: Actor,
    Query(query): Query<EntityQuery>,
    body: Bytes,
) -> Result<StatusCode, Fault> {
    known_type(&query.entity_type)?;
    let backend = Backend::read(&body).map_err(|refused| match refused {
        Refused::NotJson(message) => Fault::Internal(message),
        refused => refused.into(),
    })?;
    api.store.put_cluster(&actor.0, &backend.cluster()?).await?;
    Ok(StatusCode::OK)
}

async fn entities(State(api): State<Api>, Path(entity_type): Path<String>) -> Result<Json<Vec<Backend>>, Fault> {
    known_type(&entity_type)?;
    all(State(api)).await
}

fn known_type(entity_type: &str) -> Result<(), Fault> {
    if entity_type == GATEWAY_BACKEND {
        return Ok(());
    }
    Err(Fault::Internal(format!("entity type `{}` is not known; known: {GATEWAY_BACKEND}", entity_type.escape_debug())))
}
