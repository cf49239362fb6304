//! `/api/v1/clusters`.

use super::{Api, Problem};
use crate::state::{Address, Cluster};
use crate::status::ClusterStatus;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// A cluster to add.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCluster {
    pub(crate) name: String,
    /// The coordinator's address, `http://HOST:PORT`.
    pub(crate) url: String,
    /// Where a browser finds its UI; the address itself when not given.
    pub(crate) external_url: Option<String>,
    /// The default group when not given.
    pub(crate) group: Option<String>,
    /// May it take queries at once?
    #[serde(default)]
    pub(crate) active: bool,
}

impl NewCluster {
    fn check(&self) -> Vec<String> {
        let mut errors = NewCluster::mistakes(&self.name, &self.url, "url");
        if self.group.as_deref().is_some_and(|g| !name_fits(g)) {
            errors.push("group: 1 to 256 characters, no slash, no line break".to_owned());
        }
        if let Some(url) = &self.external_url
            && !url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https"))
        {
            errors.push(format!("external_url `{url}` is not an http or https address"));
        }
        errors
    }

    /// What is wrong with a name and with an address, which was given as `field`.
    pub(super) fn mistakes(name: &str, url: &str, field: &str) -> Vec<String> {
        let mut errors = Vec::new();
        if !name_fits(name) {
            errors.push(format!("name `{}`: 1 to 256 characters, no slash, no line break", name.escape_debug()));
        }
        if let Err(reason) = Address::parse(url) {
            errors.push(format!("{field} `{}` is not of the form http://HOST:PORT: {reason}", url.escape_debug()));
        }
        errors
    }
}

fn name_fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= 256 && !name.contains(['/', '\0', '\n', '\r'])
}

pub(super) async fn list(State(api): State<Api>) -> Json<Vec<ClusterStatus>> {
    Json(api.status.report().clusters)
}

pub(super) async fn add(State(api): State<Api>, Json(new): Json<NewCluster>) -> Result<StatusCode, Problem> {
    let errors = new.check();
    if !errors.is_empty() {
        return Err(Problem { errors, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the cluster was not added") });
    }
    let url = new.url.trim_end_matches('/').to_owned();
    let cluster = Cluster {
        group: new.group.unwrap_or_else(|| api.default_group.to_string()),
        external_url: new.external_url.unwrap_or_else(|| url.clone()),
        name: new.name,
        active: new.active,
        url,
    };
    api.store.add_cluster(&cluster).await?;
    Ok(StatusCode::CREATED)
}

pub(super) async fn activate(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    api.store.set_active(&name, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn deactivate(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    api.store.set_active(&name, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    api.store.remove_cluster(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_mistake_of_a_new_cluster() {
        let new = NewCluster {
            name: "a/b".into(),
            url: "trino".into(),
            external_url: Some("ftp://x".into()),
            group: Some(String::new()),
            active: false,
        };
        assert_eq!(
            new.check(),
            [
                "name `a/b`: 1 to 256 characters, no slash, no line break",
                "url `trino` is not of the form http://HOST:PORT: relative URL without a base",
                "group: 1 to 256 characters, no slash, no line break",
                "external_url `ftp://x` is not an http or https address",
            ]
        );
    }
}
