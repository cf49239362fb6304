//! The API port: Warren's own API, `/api/v1` (clusters, rules, status; errors are problem+json and list every mistake), and
//! Trino Gateway's.

mod access;
mod clusters;
mod rules;
mod trino_gateway;

use crate::status::Status;
use crate::store::{Store, StoreError};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(crate) use clusters::NewCluster;
pub(crate) use rules::{Publish, Published};

/// Rule sets are the largest thing that comes in.
const MAX_BODY: usize = 8 << 20;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) status: Arc<Status>,
    /// Token; none only when the API listens on this machine alone.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) default_group: Arc<str>,
}

/// An error as RFC 9457 shapes it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) status: u16,
    /// Every mistake, one a line.
    #[serde(default)]
    pub(crate) errors: Vec<String>,
}

impl Problem {
    fn new(status: StatusCode, title: impl Into<String>) -> Problem {
        Problem { title: title.into(), status: status.as_u16(), errors: Vec::new() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self).into_response().into_body())
            .into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        let status = match &error {
            StoreError::Database(_) | StoreError::Migration(_) => StatusCode::SERVICE_UNAVAILABLE,
            StoreError::ClusterExists(_) => StatusCode::CONFLICT,
            StoreError::NoCluster { .. } | StoreError::NoRuleSet(_) => StatusCode::NOT_FOUND,
        };
        Problem::new(status, error.to_string())
    }
}

/// All paths of the API port.
pub(crate) fn router(api: Api) -> Router {
    let guarded = Router::new()
        .route("/api/v1/status", get(async |State(api): State<Api>| Json(api.status.report())))
        .route("/api/v1/clusters", get(clusters::list).post(clusters::add))
        .route("/api/v1/clusters/{name}", axum::routing::delete(clusters::remove))
        .route("/api/v1/clusters/{name}/activate", post(clusters::activate))
        .route("/api/v1/clusters/{name}/deactivate", post(clusters::deactivate))
        .route("/api/v1/rules", get(rules::list).post(rules::publish))
        .route("/api/v1/rules/{version}/rollback", post(rules::rollback))
        .merge(trino_gateway::guarded())
        .layer(from_fn_with_state(api.clone(), access::check));
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
        .merge(trino_gateway::open())
        .merge(guarded)
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no such path; the API is at /api/v1"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

/// Ready once there is something to serve.
async fn ready(State(api): State<Api>) -> Response {
    if api.status.report().snapshot.is_some() {
        "ok".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no state yet: PostgreSQL was not read and there is no last good state")
            .into_response()
    }
}
