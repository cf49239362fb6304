//! The API port: Warren's own API, `/api/v1` (clusters, rules, status; errors are problem+json and list every mistake), and
//! Trino Gateway's.

mod access;
pub(crate) mod actor;
mod audit;
mod candidate;
mod clusters;
mod endpoints;
mod extract;
pub(crate) mod foreign;
mod groups;
mod headers;
mod history;
mod lifecycle;
pub(crate) mod playground;
mod rules;
mod sessions;
mod tokens;
mod trino_gateway;

use crate::access::{Callers, Role};
use crate::history::KeptText;
use crate::status::{Status, StatusReport};
use crate::store::{Store, StoreError};
use crate::trino::Access;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use endpoints::{Endpoints, Need};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};
use utoipa_axum::router::UtoipaMethodRouterExt;
use utoipa_axum::routes;

pub(crate) use candidate::Begun;
pub(crate) use clusters::{ClusterChange, Done, NewCluster, Rename};
pub(crate) use groups::GroupSettings;
pub(crate) use history::{Asked, HistoryPage};
pub(crate) use lifecycle::Begin;
pub(crate) use rules::{Publish, Published};
pub(crate) use tokens::{MadeToken, NewToken};

/// Rule sets are the largest thing that comes in.
const MAX_BODY: usize = 8 << 20;

/// Trino's event of a query with a large plan has some megabytes.
const LONGEST_EVENT: usize = 64 << 20;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) status: Arc<Status>,
    /// Knows who sends a request.
    pub(crate) callers: Arc<Callers>,
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

/// What a response that is a problem says, for whoever looks at it on its way out.
#[derive(Clone)]
struct Title(String);

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
        let title = Title(self.title.clone());
        let body = Json(self).into_response().into_body();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        response.extensions_mut().insert(title);
        response
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
        StoreError::ClusterExists(_) | StoreError::TokenExists(_) | StoreError::Refused { .. } => StatusCode::CONFLICT,
        StoreError::NoCluster { .. } | StoreError::NoRuleSet(_) | StoreError::NoQuery(_) | StoreError::NoToken(_) => {
            StatusCode::NOT_FOUND
        }
    }
}

/// Every endpoint with the role that it needs: `/api/v1` with its document, Trino Gateway's, and those of probes.
fn endpoints() -> Endpoints {
    let info = Info::builder().title("Warren").version(env!("CARGO_PKG_VERSION")).description(Some(
        "Clusters, groups, rules, and what became of them. Errors are problem+json and list every mistake. \
         `x-warren-role` is the role that an operation needs; `none`: it asks nobody.",
    ));
    let schemes = [("token", HttpAuthScheme::Bearer), ("user", HttpAuthScheme::Basic)];
    let components = schemes.clone().into_iter().fold(Components::builder(), |components, (name, scheme)| {
        components.security_scheme(name, SecurityScheme::Http(Http::new(scheme)))
    });
    let document = OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components.build()))
        .security(Some(schemes.map(|(name, _)| SecurityRequirement::new::<_, [&str; 0], &str>(name, []))));
    let endpoints = Endpoints::new(document.build())
        .add(Role::Viewer, routes!(openapi))
        .add(Role::Viewer, routes!(status))
        .add(Role::Viewer, routes!(clusters::list))
        .add(Role::Operator, routes!(clusters::add))
        .add(Role::Viewer, routes!(clusters::get))
        .add(Role::Operator, routes!(clusters::change))
        .add(Role::Operator, routes!(clusters::remove))
        .add(Role::Operator, routes!(clusters::rename))
        .add(Role::Operator, routes!(lifecycle::activate))
        .add(Role::Operator, routes!(lifecycle::deactivate))
        .add(Role::Operator, routes!(lifecycle::drain))
        .add(Role::Operator, routes!(lifecycle::shutdown))
        .add(Role::Viewer, routes!(lifecycle::operation))
        .add(Role::Viewer, routes!(lifecycle::watch))
        .add(Role::Viewer, routes!(lifecycle::list_workers))
        .add(Role::Operator, routes!(lifecycle::shutdown_worker))
        .add(Role::Viewer, routes!(groups::list))
        .add(Role::Operator, routes!(groups::put))
        .add(Role::Operator, routes!(groups::reset))
        .add(Role::Operator, routes!(audit::list))
        .add(Role::Viewer, routes!(history::list))
        .add(Role::Viewer, routes!(history::one))
        .add(Role::Events, routes!(history::completed).layer(DefaultBodyLimit::max(LONGEST_EVENT)))
        .add(Role::Viewer, routes!(rules::list))
        .add(Role::Author, routes!(rules::publish))
        .add(Role::Viewer, routes!(rules::get))
        .add(Role::Viewer, routes!(candidate::report))
        .add(Role::Author, routes!(candidate::begin))
        .add(Role::Author, routes!(candidate::end))
        .add(Role::Author, routes!(rules::rollback))
        .add(Role::Admin, routes!(tokens::list))
        .add(Role::Admin, routes!(tokens::create))
        .add(Role::Admin, routes!(tokens::revoke))
        .open(routes!(sessions::log_in))
        .add(Role::Viewer, routes!(sessions::get))
        .add(Role::Viewer, routes!(sessions::log_out))
        .add(Role::Viewer, routes!(sessions::log_out_everywhere))
        .plain(Need::Nobody, Method::GET, &["/livez".to_owned()], get(async || "ok"))
        .plain(Need::Nobody, Method::GET, &["/readyz".to_owned()], get(ready));
    trino_gateway::add(endpoints)
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "about", responses((status = 200, body = Object)))]
async fn openapi() -> Json<OpenApi> {
    Json(endpoints().into_document())
}

/// What is served, what is wrong, and what each Envoy made of it.
#[utoipa::path(get, path = "/api/v1/status", tag = "about", responses((status = 200, body = StatusReport)))]
async fn status(State(api): State<Api>) -> Json<StatusReport> {
    Json(api.status.report())
}

/// All paths of the API port.
pub(crate) fn router(api: Api, playground: playground::Page) -> Router {
    playground::add(endpoints(), playground)
        .into_router(&api)
        .method_not_allowed_fallback(wrong_method)
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no such path; the API is at /api/v1"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(map_response(headers::add))
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
        let served = format!("{}\n", endpoints().into_document().to_pretty_json().unwrap());
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &served).unwrap();
        }
        let written = std::fs::read_to_string(file).unwrap();
        assert!(written == served, "docs/openapi.json is outdated: UPDATE=1 cargo test -p warren openapi writes it");
    }
}
