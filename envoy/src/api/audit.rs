//! `/api/v1/audit`: who changed what.

use super::extract::Parameters;
use super::{Api, Problem};
use crate::store::AuditEntry;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// Entries of a page when nothing is said, and at most.
const PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Of this cluster or group only.
    subject: Option<String>,
    /// Older than this entry: the `id` of the last one of the page before.
    before: Option<i64>,
    limit: Option<i64>,
}

#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit", operation_id = "audit_list",
    params(Page),
    responses((status = 200, body = Vec<AuditEntry>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(
    State(api): State<Api>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Vec<AuditEntry>>, Problem> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    Ok(Json(api.store.audit(page.subject.as_deref(), page.before, limit).await?))
}
