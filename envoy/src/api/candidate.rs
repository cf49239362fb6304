//! `/api/v1/rules/candidate`: a rule set that is asked beside the one in force, and not obeyed.

use super::actor::Actor;
use super::extract::Body;
use super::rules::{Publish, checked};
use super::{Api, Problem};
use crate::store::CandidateReport;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A candidate that is asked from now on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Begun {
    pub(crate) candidate: i64,
    /// What is worth a look, though nothing is broken.
    pub(crate) warnings: Vec<String>,
}

#[utoipa::path(
    post,
    path = "/api/v1/rules/candidate",
    tag = "rules", operation_id = "candidate_begin",
    request_body = Publish,
    responses((status = 200, body = Begun), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn begin(
    State(api): State<Api>,
    actor: Actor,
    Body(new): Body<Publish>,
) -> Result<Json<Begun>, Problem> {
    let mut warnings = checked(&api, &new.files, "not asked, nothing has changed")?;
    if api.history.is_none() {
        warnings.push("no history is kept, so only Envoy's counters tell what it would do".to_owned());
    }
    let candidate = api.store.begin_candidate(&actor.0, &new.files, &new.author, &new.message).await?;
    Ok(Json(Begun { candidate, warnings }))
}

#[utoipa::path(
    get,
    path = "/api/v1/rules/candidate",
    tag = "rules", operation_id = "candidate_report",
    responses((status = 200, body = CandidateReport), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn report(State(api): State<Api>) -> Result<Json<CandidateReport>, Problem> {
    api.store.candidate_report().await?.map(Json).ok_or_else(none)
}

#[utoipa::path(
    delete,
    path = "/api/v1/rules/candidate",
    tag = "rules", operation_id = "candidate_end",
    responses((status = 204, description = "it is asked no more"), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn end(State(api): State<Api>, actor: Actor) -> Result<StatusCode, Problem> {
    if api.store.end_candidate(&actor.0).await? { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

fn none() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no candidate; `warren rules shadow DIR` begins one")
}
