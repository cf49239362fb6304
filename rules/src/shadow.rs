//! A candidate beside the rules in force: what it would do with the same queries. Nothing is routed by it.

use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::decision::{Action, Decision};
use crate::live_state::LiveState;
use crate::plugin::{PluginConfig, Target};
use crate::ruleset::RuleFile;

/// A rule set that is asked and not obeyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its number, for people.
    pub number: i64,
    /// Its scripts.
    pub rules: Vec<RuleFile>,
    /// What they need besides themselves.
    #[serde(default, skip_serializing_if = "Data::is_empty")]
    pub data: Data,
}

/// How a candidate's decision about one query stands beside that of the rules in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// The query would go to the same place with the same headers, or be denied with the same words.
    Same,
    /// It would not.
    Differs,
    /// Nobody knows: it was not asked about all that it wants to know.
    Unknown,
}

impl Comparison {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Comparison::Same => "same",
            Comparison::Differs => "differs",
            Comparison::Unknown => "unknown",
        }
    }
}

/// What a candidate would have done with one query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// The candidate's number.
    pub candidate: i64,
    /// How it stands beside what was done.
    pub comparison: Comparison,
    /// Where the rules in force send the query, by their decision: a group, `cluster NAME`, `denied`, or `nowhere`.
    pub from: String,
    /// The candidate's rule that decided, if one did.
    pub rule: Option<String>,
    /// Where it would send the query; empty if that is not known.
    pub to: String,
}

impl PluginConfig {
    /// Compares what a candidate decides about a query with what the rules in force do.
    pub fn compare(&self, candidate: i64, live: &Decision, other: Option<&Decision>, state: &dyn LiveState) -> Shadow {
        let from = self.destination(live, state);
        let Some(other) = other.filter(|decision| decision.asks.is_none()) else {
            return Shadow { candidate, comparison: Comparison::Unknown, from, rule: None, to: String::new() };
        };
        let mut to = self.destination(other, state);
        let message = |decision: &Decision| match &decision.action {
            Action::Deny { message } => Some(message.clone()),
            Action::Route { .. } | Action::Default => None,
        };
        let same_words = live.headers == other.headers && message(live) == message(other);
        if from == to && !same_words {
            to.push_str(if message(live).is_some() { ", in other words" } else { ", with other headers" });
        }
        let comparison = if from == to { Comparison::Same } else { Comparison::Differs };
        Shadow { candidate, comparison, from, rule: other.rule.clone(), to }
    }

    fn destination(&self, decision: &Decision, state: &dyn LiveState) -> String {
        if matches!(decision.action, Action::Deny { .. }) {
            return "denied".to_owned();
        }
        match self.target(decision, state) {
            Target::Group { name, .. } => name.to_owned(),
            Target::Cluster { name, .. } => format!("cluster {name}"),
            Target::Unknown { .. } => "nowhere".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GroupTarget, NoLiveState};

    fn route(group: &str, header: Option<&str>) -> Decision {
        let action = Action::Route { groups: vec![group.to_owned()], cluster: None, only: false };
        let headers = header.map(|value| ("x-a".to_owned(), value.to_owned())).into_iter().collect();
        Decision { action, rule: Some("r".to_owned()), headers, ..Decision::default() }
    }

    fn deny(message: &str) -> Decision {
        Decision { action: Action::Deny { message: message.to_owned() }, ..Decision::default() }
    }

    #[test]
    fn tells_what_would_become_of_a_query() {
        let group = |name: &str| GroupTarget {
            envoy_cluster: format!("group/{name}"),
            fall_back: Vec::new(),
            strict: false,
            hash_on: None,
        };
        let config = PluginConfig {
            version: "1".to_owned(),
            rules: Vec::new(),
            data: Data::default(),
            candidate: None,
            default_group: "adhoc".to_owned(),
            groups: ["adhoc", "etl"].map(|name| (name.to_owned(), group(name))).into(),
            clusters: Default::default(),
            external: Default::default(),
            body: true,
            routing_header: "x".to_owned(),
            metadata_namespace: "w".to_owned(),
            show_rule: false,
            login: None,
            history_text_bytes: 0,
        };
        let asks = Decision { asks: Some("router".to_owned()), ..Decision::default() };
        for (live, other, comparison, from, to) in [
            (route("etl", None), route("etl", None), Comparison::Same, "etl", "etl"),
            (Decision::default(), route("adhoc", None), Comparison::Same, "adhoc", "adhoc"),
            (route("etl", None), route("adhoc", None), Comparison::Differs, "etl", "adhoc"),
            (route("etl", None), route("etl", Some("1")), Comparison::Differs, "etl", "etl, with other headers"),
            (deny("no"), deny("no"), Comparison::Same, "denied", "denied"),
            (deny("no"), deny("never"), Comparison::Differs, "denied", "denied, in other words"),
            (route("etl", None), route("gone", None), Comparison::Differs, "etl", "nowhere"),
            (route("etl", None), asks, Comparison::Unknown, "etl", ""),
        ] {
            let shadow = config.compare(3, &live, Some(&other), &NoLiveState);
            assert_eq!((shadow.comparison, shadow.from.as_str(), shadow.to.as_str()), (comparison, from, to));
        }
        assert_eq!(config.compare(3, &deny("no"), None, &NoLiveState).comparison, Comparison::Unknown);
    }
}
