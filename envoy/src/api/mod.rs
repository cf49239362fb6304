//! The API port: Warren's own API, `/api/v1` (clusters, rules, status; errors are problem+json and list every mistake), and
//! Trino Gateway's.

mod access;
pub(crate) mod actor;
mod audit;
mod candidate;
mod clusters;
mod extract;
pub(crate) mod foreign;
mod groups;
mod history;
mod lifecycle;
pub(crate) mod playground;
mod rules;
mod trino_gateway;

use crate::history::KeptText;
use crate::status::{Status, StatusReport};
use crate::store::{Store, StoreError};
use crate::trino::Access;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

pub(crate) use candidate::Begun;
pub(crate) use clusters::{ClusterChange, Done, NewCluster, Rename};
pub(crate) use groups::GroupSettings;
pub(crate) use history::{Asked, HistoryPage};
pub(crate) use lifecycle::Begin;
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
    /// Token; none only when the API listens on this machine alone.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) default_group: Arc<str>,
    /// Asks coordinators.
    pub(crate) access: Access,
    /// What the history keeps of texts; none if there is no history.
    pub(crate) history: Option<KeptText>,
}

/// An error as RFC 9457 shapes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
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

    /// What was asked for cannot be done as it was written.
    fn mistakes(title: &str, errors: Vec<String>) -> Problem {
        Problem { errors, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, title) }
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
        Problem::new(status_of(&error), error.to_string())
    }
}

fn status_of(error: &StoreError) -> StatusCode {
    match error {
        StoreError::Database(_) | StoreError::Silent(_) | StoreError::Migration(_) => StatusCode::SERVICE_UNAVAILABLE,
        StoreError::ClusterExists(_) | StoreError::Refused { .. } => StatusCode::CONFLICT,
        StoreError::NoCluster { .. } | StoreError::NoRuleSet(_) | StoreError::NoQuery(_) => StatusCode::NOT_FOUND,
    }
}

/// `/api/v1`, with what its document says of each path.
fn documented() -> OpenApiRouter<Api> {
    let info = Info::builder().title("Warren").version(env!("CARGO_PKG_VERSION")).description(Some(
        "Clusters, groups, rules, and what became of them. Errors are problem+json and list every mistake.",
    ));
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let document = OpenApiBuilder::new()
        .info(info.build())
        .components(Some(Components::builder().security_scheme("token", bearer).build()))
        .security(Some([SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]));
    OpenApiRouter::with_openapi(document.build())
        .routes(routes!(openapi))
        .routes(routes!(status))
        .routes(routes!(clusters::list, clusters::add))
        .routes(routes!(clusters::get, clusters::change, clusters::remove))
        .routes(routes!(clusters::rename))
        .routes(routes!(lifecycle::activate))
        .routes(routes!(lifecycle::deactivate))
        .routes(routes!(lifecycle::drain))
        .routes(routes!(lifecycle::shutdown))
        .routes(routes!(lifecycle::operation))
        .routes(routes!(lifecycle::watch))
        .routes(routes!(lifecycle::list_workers))
        .routes(routes!(lifecycle::shutdown_worker))
        .routes(routes!(groups::list))
        .routes(routes!(groups::put, groups::reset))
        .routes(routes!(audit::list))
        .routes(routes!(history::list))
        .routes(routes!(history::one))
        .routes(routes!(history::completed).layer(DefaultBodyLimit::max(LONGEST_EVENT)))
        .routes(routes!(rules::list, rules::publish))
        .routes(routes!(rules::get))
        .routes(routes!(candidate::report, candidate::begin, candidate::end))
        .routes(routes!(rules::rollback))
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "about", responses((status = 200, body = Object)))]
async fn openapi() -> Json<OpenApi> {
    Json(documented().into_openapi())
}

/// What is served, what is wrong, and what each Envoy made of it.
#[utoipa::path(get, path = "/api/v1/status", tag = "about", responses((status = 200, body = StatusReport)))]
async fn status(State(api): State<Api>) -> Json<StatusReport> {
    Json(api.status.report())
}

/// All paths of the API port.
pub(crate) fn router(api: Api, playground: playground::Page) -> Router {
    let (guarded, _) = documented().split_for_parts();
    let guarded = guarded.merge(trino_gateway::guarded()).layer(from_fn_with_state(api.clone(), access::check));
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
        .merge(trino_gateway::open())
        .merge(playground::router(playground))
        .merge(guarded)
        .method_not_allowed_fallback(wrong_method)
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no such path; the API is at /api/v1"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(api)
}

/// Trino Gateway says nothing more than that.
async fn wrong_method(uri: Uri) -> Response {
    if uri.path().starts_with("/api/v1/") {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method").into_response()
    } else {
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docs_openapi_json_is_what_is_served() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let served = format!("{}\n", documented().into_openapi().to_pretty_json().unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &served).unwrap();
        }
        let written = std::fs::read_to_string(file).unwrap();
        assert!(written == served, "docs/openapi.json is outdated: UPDATE=1 cargo test -p warren openapi writes it");
    }
}
