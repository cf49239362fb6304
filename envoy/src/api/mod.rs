//! Warren's own API, `/api/v1`: clusters, rules, status. Errors are problem+json and list every mistake.

mod clusters;
mod history;
mod rules;

use crate::history::KeptText;
use crate::status::Status;
use crate::store::{Store, StoreError};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use subtle::ConstantTimeEq;

pub(crate) use clusters::NewCluster;
pub(crate) use history::{Asked, HistoryPage};
pub(crate) use rules::{Publish, Published};

/// Rule sets are the largest thing that comes in.
const MAX_BODY: usize = 8 << 20;

/// Trino's event of a query with a large plan has some megabytes.
const LONGEST_EVENT: usize = 64 << 20;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) status: Arc<Status>,
    /// Bearer token; none only when the API listens on this machine alone.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) default_group: Arc<str>,
    /// What the history keeps of texts; none if there is no history.
    pub(crate) history: Option<KeptText>,
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
            StoreError::NoCluster { .. } | StoreError::NoRuleSet(_) | StoreError::NoQuery(_) => StatusCode::NOT_FOUND,
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
        .route("/api/v1/history", get(history::list))
        .route("/api/v1/history/{query_id}", get(history::one))
        .route("/api/v1/events/query-completed", post(history::completed).layer(DefaultBodyLimit::max(LONGEST_EVENT)))
        .route("/api/v1/rules", get(rules::list).post(rules::publish))
        .route("/api/v1/rules/{version}/rollback", post(rules::rollback))
        .layer(from_fn_with_state(api.clone(), bearer));
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
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

async fn bearer(State(api): State<Api>, request: Request, next: Next) -> Response {
    if let Some(token) = &api.token {
        let sent = request.headers().get(header::AUTHORIZATION).map(|v| v.as_bytes()).unwrap_or_default();
        let sent = sent.strip_prefix(b"Bearer ").unwrap_or_default();
        if !bool::from(sent.ct_eq(token.as_bytes())) {
            let problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                "a bearer token is needed; `warren` takes it from --api-token-file or WARREN_API_TOKEN_FILE",
            );
            return ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response();
        }
    }
    // Without a token only this machine can connect; a page in someone's browser on it could, too.
    if api.token.is_none() && request.headers().contains_key(header::ORIGIN) {
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "requests from web pages need a bearer token; start with --api-token-file",
        );
        return problem.into_response();
    }
    next.run(request).await
}
