//! The filter's configuration: what the control service writes (as JSON) and the filter reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::decision::{Action, Decision};
use crate::external::ExternalService;
use crate::live_state::LiveState;
use crate::login::Login;
use crate::ruleset::RuleFile;
use crate::shadow::Candidate;
use crate::suggest;

/// All that the filter needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// Version of the rule set, for people: shown, logged, never compared.
    pub version: String,
    /// The scripts of the rule set.
    pub rules: Vec<RuleFile>,
    /// What they need besides themselves.
    #[serde(default, skip_serializing_if = "Data::is_empty")]
    pub data: Data,
    /// A rule set that is asked beside this one, and not obeyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Candidate>,
    /// Group of queries that no rule sends elsewhere.
    pub default_group: String,
    /// Groups by name.
    pub groups: BTreeMap<String, GroupTarget>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, ClusterTarget>,
    /// Routing services that the rules name, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external: BTreeMap<String, ExternalService>,
    /// Who may run queries; without it nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// The data plane lets the filter wait for the body. Without it, `q.sql` is empty.
    pub body: bool,
    /// Request header that the route's `cluster_header` reads.
    pub routing_header: String,
    /// Namespace of the route's metadata in which the state of groups stands.
    pub metadata_namespace: String,
    /// A response header tells the rule's name, so the filter puts it where that header finds it.
    #[serde(default)]
    pub show_rule: bool,
    /// As many bytes of each query's text, from its beginning, go into the access log of the history; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history_text_bytes: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Where a group's queries go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupTarget {
    /// Name of the group's Envoy cluster.
    pub envoy_cluster: String,
    /// Groups to take, in order, when this one is not serving.
    #[serde(default)]
    pub fall_back: Vec<String>,
    /// Never fall back to the default group.
    #[serde(default)]
    pub strict: bool,
    /// Request header whose value picks the cluster, for a group with consistent hashing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_on: Option<String>,
}

/// Request header in which the filter tells Envoy what to hash on. Never a client's to send: it is stripped at the door.
pub const HASH_HEADER: &str = "x-warren-hash";

/// Where one cluster's queries go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterTarget {
    /// The cluster's name in URLs and transaction ids.
    pub slug: String,
    /// Name of the cluster's own Envoy cluster.
    pub envoy_cluster: String,
    /// Group that the cluster is in.
    pub group: String,
    /// May it take new queries? A transaction that began there goes on either way.
    pub active: bool,
}

/// Where a decision leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// To a group: Envoy picks the cluster.
    Group {
        /// Name of the group.
        name: &'a str,
        /// Its Envoy cluster.
        envoy_cluster: &'a str,
        /// Request header whose value picks the cluster there.
        hash_on: Option<&'a str>,
    },
    /// To one cluster.
    Cluster {
        /// Name of the cluster.
        name: &'a str,
        /// The group that the cluster is in.
        group: &'a str,
        /// Its own Envoy cluster.
        envoy_cluster: &'a str,
        /// Its name in URLs.
        slug: &'a str,
    },
    /// Nowhere: no name in the decision is known, or it is a denial.
    Unknown {
        /// Says what was named and what is known.
        message: String,
    },
}

impl PluginConfig {
    /// Where a decision leads.
    ///
    /// In order: the decision's groups, their fall-back groups, then the default group (unless `.only()`, or one of the
    /// decision's groups is strict). The first that is serving wins; if none is, the first known one, for which Envoy
    /// answers "no healthy upstream". A name that is not known is passed over as long as the decision names one that is.
    pub fn target<'a>(&'a self, decision: &Decision, live: &dyn LiveState) -> Target<'a> {
        let (groups, only) = match &decision.action {
            Action::Route { cluster: Some(cluster), .. } => return self.cluster_target(cluster),
            Action::Route { groups, only, .. } => (groups.as_slice(), *only),
            Action::Default => (std::slice::from_ref(&self.default_group), true),
            Action::Deny { .. } => {
                return Target::Unknown { message: "the query is denied, so it goes nowhere".to_owned() };
            }
        };
        let named: Vec<(&'a str, &'a GroupTarget)> = groups.iter().filter_map(|name| self.group(name)).collect();
        if named.is_empty() {
            return Target::Unknown {
                message: unknown("group", groups.iter().map(String::as_str), self.groups.keys()),
            };
        }
        let fall_back = named.iter().flat_map(|(_, group)| &group.fall_back);
        let default = (!only && !named.iter().any(|(_, group)| group.strict)).then_some(&self.default_group);
        let others = fall_back.chain(default).filter_map(|name| self.group(name));
        let mut candidates = named.iter().copied().chain(others);
        let first = candidates.clone().next();
        candidates.find(|(name, _)| live.serving(name)).or(first).map_or_else(
            || Target::Unknown { message: "no group is known".to_owned() },
            |(name, group)| Target::Group {
                name,
                envoy_cluster: &group.envoy_cluster,
                hash_on: group.hash_on.as_deref(),
            },
        )
    }

    /// The cluster of a slug, by name.
    pub fn cluster_of_slug(&self, slug: &str) -> Option<(&str, &ClusterTarget)> {
        self.clusters.iter().find(|(_, cluster)| cluster.slug == slug).map(|(name, cluster)| (name.as_str(), cluster))
    }

    fn group(&self, name: &str) -> Option<(&str, &GroupTarget)> {
        self.groups.get_key_value(name).map(|(name, group)| (name.as_str(), group))
    }

    fn cluster_target(&self, name: &str) -> Target<'_> {
        match self.clusters.get_key_value(name) {
            Some((name, cluster)) if !cluster.active => {
                Target::Unknown { message: format!("cluster `{name}` takes no new queries now") }
            }
            Some((name, cluster)) => Target::Cluster {
                name,
                group: &cluster.group,
                envoy_cluster: &cluster.envoy_cluster,
                slug: &cluster.slug,
            },
            None => Target::Unknown { message: unknown("cluster", [name], self.clusters.keys()) },
        }
    }
}

fn unknown<'a>(
    what: &str,
    names: impl IntoIterator<Item = &'a str>,
    known: impl Iterator<Item = &'a String>,
) -> String {
    format!("unknown {what} {}; known: {}", suggest::list(names), suggest::known(known.map(String::as_str)))
}

#[cfg(test)]
#[path = "plugin_tests.rs"]
mod tests;
