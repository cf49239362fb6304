//! What the rules decided, and why.

use serde_json::{Value, json};

use crate::limit::Limit;
use crate::trace::{Outcome, Trace};

/// What happens to a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// It goes to the first of these groups that is serving; [`PluginConfig::target`](crate::PluginConfig::target) says where.
    Route {
        /// Groups in order of preference; at least one.
        groups: Vec<String>,
        /// This cluster and no other.
        cluster: Option<String>,
        /// Fail rather than fall back to the default group.
        only: bool,
    },
    /// The client gets this error.
    Deny {
        /// For the user to read.
        message: String,
    },
    /// No rule matched and there is no `otherwise`: the default group.
    #[default]
    Default,
}

/// What the rules decided about one query, and how they came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What happens to the query.
    pub action: Action,
    /// The rule that decided; `otherwise` for the last word; none for [`Action::Default`].
    pub rule: Option<String>,
    /// File in which the decision is written.
    pub file: Option<String>,
    /// Line of the `route(…)` or `deny(…)` that made the decision.
    pub line: Option<usize>,
    /// Request headers to set, in order. List headers (see [`is_list_header`](crate::is_list_header)) are merged.
    pub headers: Vec<(String, String)>,
    /// Seconds for which a result cache may answer the same query again; none if it may not.
    pub cache: Option<u32>,
    /// How often queries may come by this decision.
    pub limit: Option<Limit>,
    /// A routing service that must be asked first ([`Query::tell`](crate::Query::tell)); nothing is decided yet then.
    pub asks: Option<String>,
    /// Words for the query's history.
    pub tags: Vec<String>,
    /// Every rule that was asked.
    pub trace: Trace,
}

impl Decision {
    /// The rules that failed and were skipped, each with the reason.
    pub fn failed_rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.trace.failed()
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        let action = match &self.action {
            Action::Route { groups, .. } => groups.iter().map(String::len).sum(),
            Action::Deny { message } => message.len(),
            Action::Default => 0,
        };
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let tags: usize = self.tags.iter().map(String::len).sum();
        let limit = self.limit.as_ref().map_or(0, |limit| limit.file.len());
        size_of::<Decision>() + limit + action + headers + tags + self.trace.bytes()
    }

    /// The answer of `warren rules decide` (a contract: docs/rules.md). `default_group` is shown for [`Action::Default`].
    pub fn to_json(&self, default_group: &str) -> Value {
        let (action, groups, cluster, only, message) = match &self.action {
            Action::Route { groups, cluster, only } => ("route", groups.clone(), cluster.as_deref(), *only, None),
            Action::Deny { message } => ("deny", Vec::new(), None, false, Some(message.as_str())),
            Action::Default => ("route", vec![default_group.to_owned()], None, false, None),
        };
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let trace: Vec<Value> = self
            .trace
            .entries()
            .map(|entry| {
                let (outcome, why) = match &entry.outcome {
                    Outcome::Passed => ("passed", None),
                    Outcome::Added => ("added", None),
                    Outcome::Matched => ("matched", None),
                    Outcome::Failed(why) => ("failed", Some(why)),
                };
                let mut json = json!({"rule": entry.rule, "line": entry.line, "outcome": outcome});
                if let (Some(why), Some(object)) = (why, json.as_object_mut()) {
                    object.insert("error".to_owned(), Value::from(why.as_str()));
                }
                json
            })
            .collect();
        json!({
            "action": action,
            "groups": groups,
            "cluster": cluster,
            "only": only,
            "headers": headers,
            "tags": self.tags,
            "cache": self.cache.map(|seconds| json!({"ttl_seconds": seconds})),
            "limit": self.limit.as_ref().map(|limit| json!({"by": limit.by, "rate": limit.rate.to_string(), "line": limit.line})),
            "message": message,
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "trace": trace,
        })
    }
}
