//! `/api/v1/rules`: publish, list, roll back.

use super::actor::Actor;
use super::extract::{Body, Segments};
use super::{Api, Problem};
use crate::store::RuleSetEntry;
use crate::trial;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warren_rules::RuleFile;

/// How many rule sets a list shows.
const LISTED: i64 = 50;

/// A rule set to put in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    /// Each `{"name": "rules.rhai", "source": "…"}`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) files: Vec<RuleFile>,
    #[serde(default)]
    pub(crate) author: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// A rule set that is in force now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Published {
    pub(crate) version: i64,
    /// What is worth a look, though nothing is broken: groups, clusters and routing services that do not exist (yet).
    pub(crate) warnings: Vec<String>,
}

#[utoipa::path(
    get,
    path = "/api/v1/rules",
    tag = "rules", operation_id = "rules_list",
    responses((status = 200, body = Vec<RuleSetEntry>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<RuleSetEntry>>, Problem> {
    Ok(Json(api.store.rule_sets(LISTED).await?))
}

#[utoipa::path(
    get,
    path = "/api/v1/rules/{version}",
    tag = "rules", operation_id = "rules_get",
    params(("version" = i64, Path)),
    responses((status = 200, description = "its files", body = Vec<Object>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn get(
    State(api): State<Api>,
    Segments(version): Segments<i64>,
) -> Result<Json<Vec<RuleFile>>, Problem> {
    Ok(Json(api.store.rule_files(version).await?))
}

#[utoipa::path(
    post,
    path = "/api/v1/rules",
    tag = "rules", operation_id = "rules_publish",
    request_body = Publish,
    responses((status = 200, body = Published), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn publish(
    State(api): State<Api>,
    actor: Actor,
    Body(new): Body<Publish>,
) -> Result<Json<Published>, Problem> {
    check_and_publish(&api, &actor, &new.files, &new.author, &new.message).await
}

#[utoipa::path(
    post,
    path = "/api/v1/rules/{version}/rollback",
    tag = "rules", operation_id = "rules_rollback",
    params(("version" = i64, Path)),
    responses((status = 200, body = Published), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn rollback(
    State(api): State<Api>,
    actor: Actor,
    Segments(version): Segments<i64>,
) -> Result<Json<Published>, Problem> {
    let files = api.store.rule_files(version).await?;
    check_and_publish(&api, &actor, &files, "", &format!("roll back to {version}")).await
}

/// What is worth a look in rules that are good. Compiled here since Envoy's refusal would not say why.
pub(super) fn checked(api: &Api, files: &[RuleFile], refused: &str) -> Result<Vec<String>, Problem> {
    if files.is_empty() {
        return Err(Problem::mistakes(refused, vec!["the rule set holds no file".to_owned()]));
    }
    let rules = trial::compile(files, &api.default_group).map_err(|errors| Problem::mistakes(refused, errors))?;
    let mut known = api.status.report().known();
    known.groups.get_or_insert_default().push(api.default_group.to_string());
    Ok(warren_rules::check_references(&rules, &known).iter().map(ToString::to_string).collect())
}

async fn check_and_publish(
    api: &Api,
    actor: &Actor,
    files: &[RuleFile],
    author: &str,
    message: &str,
) -> Result<Json<Published>, Problem> {
    let warnings = checked(api, files, "not published, the old rules serve on")?;
    let version = api.store.publish(&actor.0, files, author, message).await?;
    Ok(Json(Published { version, warnings }))
}
