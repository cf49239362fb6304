//! `/api/v1/groups`: how queries are shared out in a group, and where they go when it serves nothing.

use super::actor::Actor;
use super::clusters::check_name;
use super::extract::{Body, Segments};
use super::{Api, Problem};
use crate::state::{Group, Policy};
use crate::status::GroupStatus;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A group's settings.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GroupSettings {
    pub(crate) policy: Policy,
    /// With policy `hash`: `user`, or a request header whose value picks the cluster.
    pub(crate) hash_on: Option<String>,
    /// Groups to try, in order, when this one is not serving.
    pub(crate) fall_back: Vec<String>,
    /// Never fall back to the default group.
    pub(crate) strict: bool,
}

#[utoipa::path(
    get,
    path = "/api/v1/groups",
    tag = "groups", operation_id = "groups_list",
    responses((status = 200, body = Vec<GroupStatus>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(State(api): State<Api>) -> Json<Vec<GroupStatus>> {
    Json(api.status.report().groups)
}

#[utoipa::path(
    put,
    path = "/api/v1/groups/{name}",
    tag = "groups", operation_id = "groups_put",
    params(("name" = String, Path)),
    request_body = GroupSettings,
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn put(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    Body(settings): Body<GroupSettings>,
) -> Result<StatusCode, Problem> {
    let known: BTreeSet<String> = api.status.report().groups.into_iter().map(|g| g.name).collect();
    let errors = mistakes(&name, &settings, &known);
    if !errors.is_empty() {
        return Err(Problem::mistakes("the group was not changed", errors));
    }
    let GroupSettings { policy, hash_on, fall_back, strict } = settings;
    api.store.put_group(&actor.0, &Group { name, fall_back, strict, policy, hash_on }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The default settings again.
#[utoipa::path(
    delete,
    path = "/api/v1/groups/{name}",
    tag = "groups", operation_id = "groups_reset",
    params(("name" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn reset(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
) -> Result<StatusCode, Problem> {
    if api.store.reset_group(&actor.0, &name).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(StatusCode::NOT_FOUND, format!("group `{name}` has no settings of its own")))
    }
}

pub(super) fn mistakes(name: &str, settings: &GroupSettings, known: &BTreeSet<String>) -> Vec<String> {
    let mut errors: Vec<String> = check_name("name", name).into_iter().collect();
    match (settings.policy, settings.hash_on.as_deref()) {
        (Policy::Hash, None) => {
            errors.push("hash_on: missing; policy `hash` needs `user` or a header's name".to_owned())
        }
        (Policy::Hash, Some(header)) if HeaderName::from_bytes(header.as_bytes()).is_err() => {
            errors.push(format!("hash_on: `{}` is not the name of a header", header.escape_debug()));
        }
        (Policy::Hash, Some(_)) | (_, None) => {}
        (other, Some(_)) => errors.push(format!("hash_on: it needs policy `hash`, not `{}`", other.name())),
    }
    for other in &settings.fall_back {
        if other == name {
            errors.push("fall_back: a group does not fall back to itself".to_owned());
        } else if !known.contains(other) {
            let known = warren_rules::known(known.iter().map(String::as_str));
            errors.push(format!("fall_back: group `{other}` does not exist; known: {known}"));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_mistake_of_a_group() {
        let known = BTreeSet::from(["adhoc".to_owned(), "etl".to_owned()]);
        let settings = GroupSettings {
            hash_on: Some("user".into()),
            fall_back: vec!["etl".into(), "adhok".into(), "adhoc".into()],
            ..GroupSettings::default()
        };
        assert_eq!(
            mistakes("etl", &settings, &known),
            [
                "hash_on: it needs policy `hash`, not `load`",
                "fall_back: a group does not fall back to itself",
                "fall_back: group `adhok` does not exist; known: `adhoc`, `etl`",
            ]
        );
        for (hash_on, want) in [
            (None, "hash_on: missing; policy `hash` needs `user` or a header's name"),
            (Some("a b"), "hash_on: `a b` is not the name of a header"),
        ] {
            let settings =
                GroupSettings { policy: Policy::Hash, hash_on: hash_on.map(str::to_owned), ..GroupSettings::default() };
            assert_eq!(mistakes("etl", &settings, &known), [want]);
        }
    }
}
