//! What `warren status` shows: what is served, what is wrong, and what each Envoy made of it.

use crate::history::{Counts, Queue};
use crate::snapshot::Observed;
use crate::state::State;
use crate::xds::nodes::{Node, Nodes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by all tasks.
#[derive(Debug)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    nodes: Arc<Nodes>,
    /// None: no history is kept.
    history: Option<Arc<Queue>>,
}

#[derive(Debug, Default)]
struct Inner {
    snapshot: Option<String>,
    rules: Option<i64>,
    clusters: Vec<ClusterStatus>,
    problems: BTreeMap<String, String>,
}

/// The whole, as the API gives it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusReport {
    /// Version of the snapshot being served; none before the first.
    pub(crate) snapshot: Option<String>,
    /// Version of the rule set in force.
    pub(crate) rules: Option<i64>,
    pub(crate) clusters: Vec<ClusterStatus>,
    /// What is wrong, by part.
    pub(crate) problems: BTreeMap<String, String>,
    /// By node id.
    pub(crate) envoys: BTreeMap<String, Node>,
    /// What became of queries on their way into the history, which is at most once; none if none is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Counts>,
}

/// One cluster, or an address that is kept for its running queries.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct ClusterStatus {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) group: String,
    pub(crate) url: String,
    pub(crate) active: bool,
    pub(crate) healthy: bool,
    pub(crate) retired: bool,
    pub(crate) reason: String,
    pub(crate) coordinator_id: Option<String>,
}

impl Status {
    pub(crate) fn new(nodes: Arc<Nodes>, history: Option<Arc<Queue>>) -> Status {
        Status { inner: Mutex::default(), nodes, history }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> R {
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sets or clears what is wrong with one part; logged when it changes.
    pub(crate) fn problem(&self, part: &str, problem: Option<String>) {
        self.with(|inner| match problem {
            Some(problem) if inner.problems.get(part) != Some(&problem) => {
                tracing::warn!(part, "{problem}");
                inner.problems.insert(part.to_owned(), problem);
            }
            Some(_) => {}
            None => {
                if inner.problems.remove(part).is_some() {
                    tracing::info!(part, "well again");
                }
            }
        });
    }

    /// Notes what a snapshot was built from.
    pub(crate) fn seen(&self, state: &State, observed: &Observed, snapshot: &str) {
        let clusters = state
            .endpoints
            .iter()
            .map(|endpoint| {
                let cluster = state.clusters.iter().find(|c| c.name == endpoint.cluster && c.url == endpoint.url);
                let health = observed.health.get(&endpoint.slug);
                ClusterStatus {
                    name: endpoint.cluster.clone(),
                    slug: endpoint.slug.clone(),
                    group: cluster.map(|c| c.group.clone()).unwrap_or_default(),
                    url: endpoint.url.clone(),
                    active: cluster.is_some_and(|c| c.active),
                    healthy: health.is_some_and(|h| h.healthy),
                    retired: endpoint.retired,
                    reason: health.map_or_else(|| "not checked yet".to_owned(), |h| h.reason.clone()),
                    coordinator_id: observed
                        .coordinator_ids
                        .get(&endpoint.slug)
                        .or(endpoint.coordinator_id.as_ref())
                        .cloned(),
                }
            })
            .collect();
        self.with(|inner| {
            inner.snapshot = Some(snapshot.to_owned());
            inner.rules = state.rule_set.as_ref().map(|r| r.version);
            inner.clusters = clusters;
        });
    }

    /// A copy for showing.
    pub(crate) fn report(&self) -> StatusReport {
        let envoys = self.nodes.list();
        self.with(|inner| StatusReport {
            snapshot: inner.snapshot.clone(),
            rules: inner.rules,
            clusters: inner.clusters.clone(),
            problems: inner.problems.clone(),
            envoys,
            history: self.history.as_ref().map(|queue| queue.counts()),
        })
    }
}
