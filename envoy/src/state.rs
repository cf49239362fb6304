//! What Warren knows of the world: clusters, groups, rules. Plain data, read from PostgreSQL, checked in one place.

use crate::health::HealthSettings;
use crate::trino::TrinoTls;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;
use utoipa::ToSchema;
use warren_rules::RuleFile;

/// Everything that PostgreSQL holds, as of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) groups: Vec<Group>,
    pub(crate) rule_set: Option<RuleSetVersion>,
    /// Asked beside it, and not obeyed.
    #[serde(default)]
    pub(crate) candidate: Option<RuleSetVersion>,
}

/// One Trino cluster as its users configured it: a row of `gateway_backend`, and Warren's own settings beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) group: String,
    /// May it take new queries? Running ones go on either way.
    pub(crate) active: bool,
    /// The coordinator's address, `http://host:port` or `https://host:port`.
    pub(crate) url: String,
    /// Where a browser finds the cluster's own UI.
    pub(crate) external_url: String,
    #[serde(default)]
    pub(crate) settings: ClusterSettings,
    /// How far it is on its way out; means nothing while it is active.
    #[serde(default)]
    pub(crate) stage: Stage,
}

/// What Trino Gateway has no column for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClusterSettings {
    /// Share of new queries beside the others of its group, before load is looked at: 1 to 1000.
    pub(crate) weight: u32,
    /// With as many queries running it gets no new ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_running: Option<u32>,
    pub(crate) health: HealthSettings,
    /// How it is known to be the right one, if its address begins with `https://`.
    #[serde(skip_serializing_if = "is_usual")]
    pub(crate) tls: TrinoTls,
}

fn is_usual(tls: &TrinoTls) -> bool {
    *tls == TrinoTls::default()
}

/// How far an inactive cluster is on its way out, as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// Never active yet.
    #[default]
    Added,
    /// It was active; its queries may still run.
    Live,
    /// No query runs there any more.
    Drained,
    /// Its workers were told to stop.
    Stopping,
    /// Its workers are gone, and the coordinator if Warren knows how to stop it.
    Stopped,
}

/// A coordinator's address under a slug. An address that is edited away or deleted keeps its slug, and so its follow-ups
/// (`/c/<slug>/…`), until it is drained: the row stays as *retired*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) slug: String,
    pub(crate) cluster: String,
    pub(crate) url: String,
    /// Last part of the query ids that this coordinator makes; known from Trino 477's `/v1/info`, or from a first query.
    pub(crate) coordinator_id: Option<String>,
    pub(crate) retired: bool,
    /// As its cluster has it, or had it when it was retired.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(crate) tls: TrinoTls,
}

/// A group's own settings; a group that only clusters name has the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Groups to try, in order, when this one is not serving.
    pub(crate) fall_back: Vec<String>,
    /// Never fall back to the default group.
    pub(crate) strict: bool,
    #[serde(default)]
    pub(crate) policy: Policy,
    /// Request header whose value picks the cluster, with [`Policy::Hash`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash_on: Option<String>,
}

/// How Envoy picks a cluster of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, ToSchema)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Policy {
    /// By turns, more to those that are less busy.
    #[default]
    Load,
    /// By turns, by weight alone.
    RoundRobin,
    /// At random, by weight alone.
    Random,
    /// The same value of a header to the same cluster, for warm caches.
    Hash,
}

impl Stage {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stage::Added => "added",
            Stage::Live => "live",
            Stage::Drained => "drained",
            Stage::Stopping => "stopping",
            Stage::Stopped => "stopped",
        }
    }
}

impl Policy {
    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Policy::Load => "load",
            Policy::RoundRobin => "round_robin",
            Policy::Random => "random",
            Policy::Hash => "hash",
        }
    }
}

/// A published rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSetVersion {
    pub(crate) version: i64,
    pub(crate) files: Vec<RuleFile>,
}

/// Where something answers, and whether it speaks TLS there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why a state is not served. Each names the row.
#[derive(Debug, Error, PartialEq, Eq, Clone)]
pub(crate) enum StateError {
    #[error("cluster `{cluster}`: address `{url}` is not of the form http://HOST:PORT or https://HOST:PORT: {reason}")]
    BadAddress { cluster: String, url: String, reason: String },
    #[error("cluster `{cluster}`: {reason}")]
    BadTls { cluster: String, reason: String },
    #[error("group `{group}` falls back to `{missing}`, which does not exist; known: {known}")]
    UnknownFallBack { group: String, missing: String, known: String },
    #[error("rule set {version}: {error}")]
    BadRules { version: i64, error: String },
}

impl Default for ClusterSettings {
    fn default() -> Self {
        ClusterSettings { weight: 100, max_running: None, health: HealthSettings::default(), tls: TrinoTls::default() }
    }
}

impl Address {
    /// The address of a path there.
    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}{path}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}{path}", self.host, self.port)
        }
    }

    /// Reads `http://host[:port]` or `https://host[:port]`; the default ports are 80 and 443.
    ///
    /// # Errors
    /// In plain words, for the middle of a sentence.
    pub(crate) fn parse(url: &str) -> Result<Address, String> {
        let url = url::Url::parse(url.trim()).map_err(|e| e.to_string())?;
        let tls = url.scheme() == "https";
        if !tls && url.scheme() != "http" {
            return Err(format!("scheme `{}` is neither http nor https", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user or a password".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("it has a path, a query or a fragment".to_owned());
        }
        // An IPv6 literal comes in brackets; sockets want it without.
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err("it has no host".to_owned());
        }
        Ok(Address { tls, host, port: url.port_or_known_default().unwrap_or(80) })
    }
}

impl State {
    /// The address that takes the cluster's new queries.
    pub(crate) fn endpoint_of(&self, cluster: &Cluster) -> Option<&Endpoint> {
        self.endpoints.iter().find(|e| e.cluster == cluster.name && e.url == cluster.url)
    }

    /// Every group that a cluster or a group's own row names, and the default one, with its settings.
    pub(crate) fn all_groups<'a>(&'a self, default_group: &'a str) -> BTreeMap<&'a str, Option<&'a Group>> {
        let mut groups = BTreeMap::from([(default_group, None)]);
        for cluster in &self.clusters {
            groups.insert(&cluster.group, None);
        }
        for group in &self.groups {
            groups.insert(&group.name, Some(group));
        }
        groups
    }

    /// All that is wrong with this state; empty means it may be served.
    pub(crate) fn validate(&self, default_group: &str) -> Vec<StateError> {
        let mut errors = Vec::new();
        for cluster in &self.clusters {
            let wrong = |reason| StateError::BadTls { cluster: cluster.name.clone(), reason };
            errors.extend(cluster.settings.tls.check().into_iter().map(wrong));
            if let Err(reason) = Address::parse(&cluster.url) {
                errors.push(StateError::BadAddress { cluster: cluster.name.clone(), url: cluster.url.clone(), reason });
            }
        }
        let known: BTreeSet<&str> = self.all_groups(default_group).into_keys().collect();
        for group in &self.groups {
            for missing in group.fall_back.iter().filter(|f| !known.contains(f.as_str())) {
                errors.push(StateError::UnknownFallBack {
                    group: group.name.clone(),
                    missing: missing.clone(),
                    known: warren_rules::known(known.iter().copied()),
                });
            }
        }
        if let Some(rule_set) = &self.rule_set
            && let Err(error) = warren_rules::RuleSet::compile(&rule_set.files)
        {
            errors.push(StateError::BadRules { version: rule_set.version, error: error.to_string() });
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (url, tls, host, port) in [
            ("http://trino:8080", false, "trino", 8080),
            ("http://10.0.0.1:8080/", false, "10.0.0.1", 8080),
            ("http://[::1]:8080", false, "::1", 8080),
            ("http://trino", false, "trino", 80),
            ("https://trino", true, "trino", 443),
            ("https://trino:8443/", true, "trino", 8443),
        ] {
            assert_eq!(Address::parse(url), Ok(Address { tls, host: host.to_owned(), port }), "{url}");
        }
    }

    #[test]
    fn names_what_is_wrong_with_an_address() {
        for (url, reason) in [
            ("trino:8080", "scheme `trino` is neither http nor https"),
            ("http://u:p@trino", "it holds a user or a password"),
            ("http://trino/path", "it has a path, a query or a fragment"),
            ("", "relative URL without a base"),
        ] {
            assert_eq!(Address::parse(url), Err(reason.to_owned()), "{url}");
        }
    }

    #[test]
    fn reports_every_mistake_of_a_state_at_once() {
        let state = State {
            clusters: vec![Cluster {
                name: "a".into(),
                group: "etl".into(),
                active: true,
                url: "ftp://x".into(),
                ..Cluster::default()
            }],
            groups: vec![Group { name: "etl".into(), fall_back: vec!["adhok".into()], ..Group::default() }],
            candidate: None,
            rule_set: Some(RuleSetVersion {
                version: 3,
                files: vec![RuleFile { name: "rules.rhai".into(), source: "let x = 1;".into() }],
            }),
            endpoints: vec![],
        };
        let errors: Vec<String> = state.validate("adhoc").iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert_eq!(
            errors[0],
            "cluster `a`: address `ftp://x` is not of the form http://HOST:PORT or https://HOST:PORT: scheme `ftp` is neither http \
             nor https"
        );
        assert_eq!(errors[1], "group `etl` falls back to `adhok`, which does not exist; known: `adhoc`, `etl`");
        assert!(errors[2].starts_with("rule set 3: "), "{}", errors[2]);
    }
}
