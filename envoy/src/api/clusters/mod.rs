//! `/api/v1/clusters`: what clusters there are, and what is said of them. What happens to them is in `lifecycle`.

mod check;

pub(super) use check::{check_name, check_url};

use super::actor::Actor;
use super::extract::{Body, Parameters, Segments};
use super::{Api, Problem};
use crate::health::HealthSettings;
use crate::lifecycle::Life;
use crate::state::{Cluster, ClusterSettings};
use crate::status::ClusterStatus;
use crate::trino::TrinoTls;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use check::{check, try_out};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A cluster to add.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewCluster {
    pub(crate) name: String,
    /// The coordinator's address, `http://HOST:PORT` or `https://HOST:PORT`.
    pub(crate) url: String,
    /// Where a browser finds its UI; the address itself when not given.
    pub(crate) external_url: Option<String>,
    /// The default group when not given.
    pub(crate) group: Option<String>,
    /// May it take queries at once?
    pub(crate) active: bool,
    /// Share of new queries beside the others of its group: 1 to 1000, 100 when not given.
    pub(crate) weight: Option<u32>,
    /// With as many queries running it gets no new ones.
    pub(crate) max_running: Option<u32>,
    pub(crate) health: Option<HealthSettings>,
    /// How it is known to be the right one, if its address begins with `https://`.
    pub(crate) tls: Option<TrinoTls>,
}

/// What is to be another way; the rest stays (RFC 7396).
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClusterChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u32>,
    /// `null`: no bound.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub(crate) max_running: Option<Option<u32>>,
    /// All of it: what is not named has its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) health: Option<HealthSettings>,
    /// All of it, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<TrinoTls>,
}

/// What was done, and what is worth a look though it was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Done {
    pub(crate) warnings: Vec<String>,
}

/// A new name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    pub(crate) name: String,
}

#[derive(Deserialize, IntoParams)]
pub(super) struct Removal {
    /// Whatever it is doing.
    #[serde(default)]
    now: bool,
}

/// Which clusters to list; all, if nothing is said. By slug, so that `after` leads from page to page.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    group: Option<String>,
    life: Option<Life>,
    /// Slug of the last one of the page before.
    after: Option<String>,
    limit: Option<usize>,
}

impl Asked {
    fn pick(&self, mut clusters: Vec<ClusterStatus>) -> Vec<ClusterStatus> {
        clusters.sort_by(|a, b| a.slug.cmp(&b.slug));
        clusters.retain(|c| {
            self.group.as_ref().is_none_or(|group| c.group == *group)
                && self.life.is_none_or(|life| c.life == life)
                && self.after.as_ref().is_none_or(|after| c.slug > *after)
        });
        clusters.truncate(self.limit.unwrap_or(usize::MAX));
        clusters
    }
}

/// `null` is something else than nothing.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[utoipa::path(
    get,
    path = "/api/v1/clusters",
    tag = "clusters", operation_id = "clusters_list",
    params(Asked),
    responses((status = 200, body = Vec<ClusterStatus>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(State(api): State<Api>, Parameters(asked): Parameters<Asked>) -> Json<Vec<ClusterStatus>> {
    Json(asked.pick(api.status.report().clusters))
}

/// As PostgreSQL has it, with a version for `If-Match`.
#[utoipa::path(
    get,
    path = "/api/v1/clusters/{name}",
    tag = "clusters", operation_id = "clusters_get",
    params(("name" = String, Path)),
    responses((status = 200, body = Cluster, headers(("ETag" = String))), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn get(State(api): State<Api>, Segments(name): Segments<String>) -> Result<Response, Problem> {
    let cluster = api.store.cluster(&name).await?;
    Ok(([(header::ETAG, etag(&cluster))], Json(cluster)).into_response())
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters",
    tag = "clusters", operation_id = "clusters_add",
    request_body = NewCluster,
    responses((status = 201, body = Done), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn add(
    State(api): State<Api>,
    actor: Actor,
    Body(new): Body<NewCluster>,
) -> Result<(StatusCode, Json<Done>), Problem> {
    let url = new.url.trim_end_matches('/').to_owned();
    let defaults = ClusterSettings::default();
    let cluster = Cluster {
        group: new.group.unwrap_or_else(|| api.default_group.to_string()),
        external_url: new.external_url.unwrap_or_else(|| url.clone()),
        name: new.name,
        active: new.active,
        url,
        settings: ClusterSettings {
            weight: new.weight.unwrap_or(defaults.weight),
            max_running: new.max_running,
            health: new.health.unwrap_or_default(),
            tls: new.tls.unwrap_or_default(),
        },
        ..Cluster::default()
    };
    refuse_mistakes("the cluster was not added", check(&api, &cluster))?;
    let warnings =
        try_out(&api, &cluster).await.map_err(|reason| Problem::mistakes("the cluster was not added", vec![reason]))?;
    api.store.add_cluster(&actor.0, &cluster).await?;
    Ok((StatusCode::CREATED, Json(Done { warnings })))
}

#[utoipa::path(
    patch,
    path = "/api/v1/clusters/{name}",
    tag = "clusters", operation_id = "clusters_change",
    params(("name" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = ClusterChange,
    responses((status = 200, body = Done, headers(("ETag" = String))), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn change(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    headers: HeaderMap,
    Body(change): Body<ClusterChange>,
) -> Result<Response, Problem> {
    let changed = |mut cluster: Cluster| {
        if let Some(url) = change.url {
            let url = url.trim_end_matches('/').to_owned();
            // It was the address itself, and goes on being it.
            if cluster.external_url == cluster.url {
                cluster.external_url.clone_from(&url);
            }
            cluster.url = url;
        }
        cluster.external_url = change.external_url.unwrap_or(cluster.external_url);
        cluster.group = change.group.unwrap_or(cluster.group);
        cluster.settings.weight = change.weight.unwrap_or(cluster.settings.weight);
        cluster.settings.max_running = change.max_running.unwrap_or(cluster.settings.max_running);
        cluster.settings.health = change.health.unwrap_or(cluster.settings.health);
        cluster.settings.tls = change.tls.unwrap_or(cluster.settings.tls);
        cluster
    };
    // Tried out before the row is locked: that may take seconds.
    let before = api.store.cluster(&name).await?;
    let after = changed(before.clone());
    refuse_mistakes("the cluster was not changed", check(&api, &after))?;
    let warnings = if after.url == before.url && after.settings.tls == before.settings.tls {
        Vec::new()
    } else {
        try_out(&api, &after).await.map_err(|reason| Problem::mistakes("the cluster was not changed", vec![reason]))?
    };
    let cluster = api
        .store
        .change_cluster(&actor.0, &name, |current| {
            refuse_outdated(&headers, &current)?;
            if current == before { Ok(after) } else { Err(outdated(&current)) }
        })
        .await??;
    Ok(([(header::ETAG, etag(&cluster))], Json(Done { warnings })).into_response())
}

#[utoipa::path(
    post,
    path = "/api/v1/clusters/{name}/rename",
    tag = "clusters", operation_id = "clusters_rename",
    params(("name" = String, Path)),
    request_body = Rename,
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn rename(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    Body(to): Body<Rename>,
) -> Result<StatusCode, Problem> {
    refuse_mistakes("the cluster was not renamed", check_name("name", &to.name).into_iter().collect())?;
    api.store.rename_cluster(&actor.0, &name, &to.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    delete,
    path = "/api/v1/clusters/{name}",
    tag = "clusters", operation_id = "clusters_remove",
    params(("name" = String, Path), Removal, ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn remove(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
    Parameters(removal): Parameters<Removal>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    if headers.contains_key(header::IF_MATCH) {
        refuse_outdated(&headers, &api.store.cluster(&name).await?)?;
    }
    api.store.remove_cluster(&actor.0, &name, removal.now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes when anything that is said of the cluster does.
fn etag(cluster: &Cluster) -> String {
    let json = serde_json::to_vec(cluster).unwrap_or_default();
    format!("\"{:016x}\"", xxhash_rust::xxh64::xxh64(&json, 0))
}

fn refuse_outdated(headers: &HeaderMap, cluster: &Cluster) -> Result<(), Problem> {
    let wanted = headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default());
    match wanted {
        None | Some("*") => Ok(()),
        Some(tags) if tags.split(',').any(|tag| tag.trim() == etag(cluster)) => Ok(()),
        Some(_) => Err(outdated(cluster)),
    }
}

fn outdated(cluster: &Cluster) -> Problem {
    let title = format!("cluster `{}` was changed meanwhile; read it again", cluster.name);
    Problem::new(StatusCode::PRECONDITION_FAILED, title)
}

fn refuse_mistakes(title: &str, errors: Vec<String>) -> Result<(), Problem> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::mistakes(title, errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_takes_a_bound_away_and_nothing_leaves_it() {
        let read = |text: &str| serde_json::from_str::<ClusterChange>(text).unwrap().max_running;
        assert_eq!(read("{}"), None);
        assert_eq!(read("{\"max_running\":null}"), Some(None));
        assert_eq!(read("{\"max_running\":3}"), Some(Some(3)));
    }

    #[test]
    fn an_etag_stands_for_all_that_is_said_of_a_cluster() {
        let cluster = Cluster { name: "a".into(), ..Cluster::default() };
        let other = Cluster { active: true, ..cluster.clone() };
        let with = |tag: &str| HeaderMap::from_iter([(header::IF_MATCH, tag.parse().unwrap())]);
        assert!(refuse_outdated(&HeaderMap::new(), &cluster).is_ok());
        assert!(refuse_outdated(&with("*"), &cluster).is_ok());
        assert!(refuse_outdated(&with(&format!("\"x\", {}", etag(&cluster))), &cluster).is_ok());
        let problem = refuse_outdated(&with(&etag(&other)), &cluster).unwrap_err();
        assert_eq!((problem.status, problem.title.as_str()), (412, "cluster `a` was changed meanwhile; read it again"));
    }
}
