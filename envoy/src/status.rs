//! What `warren status` shows: what is served, what is wrong, and what each Envoy made of it.

use crate::history::{Counts, Queue};
use crate::judge::Role;
use crate::lifecycle::Life;
use crate::load::Load;
use crate::snapshot::{Observed, is_full, weight};
use crate::state::{ClusterSettings, Endpoint, Group, Policy, State};
use crate::xds::nodes::{Node, Nodes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;
use warren_rules::Known;

/// Of a coordinator that no probe has reported on.
pub(crate) const NOT_CHECKED: &str = "not checked yet";

/// Shared by all tasks.
#[derive(Debug)]
pub(crate) struct Status {
    inner: Mutex<Inner>,
    nodes: Arc<Nodes>,
    /// Names of the routing services that rules may ask.
    services: Vec<String>,
    /// None: no history is kept.
    history: Option<Arc<Queue>>,
}

#[derive(Debug, Default)]
struct Inner {
    snapshot: Option<String>,
    rules: Option<i64>,
    clusters: Vec<ClusterStatus>,
    groups: Vec<GroupStatus>,
    role: Option<Role>,
    problems: BTreeMap<String, String>,
}

/// The whole, as the API gives it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct StatusReport {
    /// Version of the snapshot being served; none before the first.
    pub(crate) snapshot: Option<String>,
    /// Version of the rule set in force.
    pub(crate) rules: Option<i64>,
    pub(crate) clusters: Vec<ClusterStatus>,
    pub(crate) groups: Vec<GroupStatus>,
    /// Names of the routing services that rules may ask.
    #[serde(default)]
    pub(crate) services: Vec<String>,
    /// Who judges health: this Warren for all (`judge`), another one (`follower`), or this one for itself (`alone`).
    pub(crate) role: Option<Role>,
    /// What is wrong, by part.
    pub(crate) problems: BTreeMap<String, String>,
    /// By node id.
    pub(crate) envoys: BTreeMap<String, Node>,
    /// What became of queries on their way into the history, which is at most once; none if none is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Counts>,
}

impl StatusReport {
    /// What there is for rules to name.
    pub(crate) fn known(&self) -> Known {
        let clusters = || self.clusters.iter().filter(|cluster| !cluster.retired);
        let groups = clusters().map(|cluster| cluster.group.clone());
        let groups = groups.chain(self.groups.iter().map(|group| group.name.clone()));
        Known {
            groups: Some(groups.collect()),
            clusters: Some(clusters().map(|cluster| cluster.name.clone()).collect()),
            services: Some(self.services.clone()),
        }
    }
}

/// One cluster, or an address that is kept for its running queries.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, ToSchema)]
pub(crate) struct ClusterStatus {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) group: String,
    pub(crate) url: String,
    pub(crate) external_url: String,
    pub(crate) life: Life,
    pub(crate) active: bool,
    pub(crate) healthy: bool,
    pub(crate) retired: bool,
    pub(crate) reason: String,
    /// How busy it is, if that is known.
    pub(crate) load: Option<Load>,
    /// Its part of the group's new queries, as Envoys have it; 0 when it gets none.
    pub(crate) weight: u32,
    pub(crate) settings: ClusterSettings,
    pub(crate) coordinator_id: Option<String>,
}

/// One group, with what its clusters do together.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
pub(crate) struct GroupStatus {
    pub(crate) name: String,
    /// Queries that no rule sends elsewhere come here.
    pub(crate) default: bool,
    pub(crate) policy: Policy,
    pub(crate) hash_on: Option<String>,
    pub(crate) fall_back: Vec<String>,
    pub(crate) strict: bool,
    pub(crate) clusters: usize,
    /// Those that take new queries now.
    pub(crate) serving: usize,
    pub(crate) running: u32,
    pub(crate) queued: u32,
}

impl Status {
    pub(crate) fn new(nodes: Arc<Nodes>, services: Vec<String>, history: Option<Arc<Queue>>) -> Status {
        Status { inner: Mutex::default(), nodes, services, history }
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
    pub(crate) fn seen(&self, state: &State, observed: &Observed, default_group: &str, snapshot: &str) {
        let clusters: Vec<ClusterStatus> =
            state.endpoints.iter().map(|endpoint| cluster_status(endpoint, state, observed)).collect();
        let groups = state
            .all_groups(default_group)
            .into_iter()
            .map(|(name, settings)| group_status(name, settings, name == default_group, &clusters))
            .collect();
        self.with(|inner| {
            inner.snapshot = Some(snapshot.to_owned());
            inner.rules = state.rule_set.as_ref().map(|r| r.version);
            inner.clusters = clusters;
            inner.groups = groups;
        });
    }

    /// Notes what this Warren is to the others.
    pub(crate) fn role(&self, role: Role) {
        self.with(|inner| inner.role = Some(role));
    }

    /// A copy for showing.
    pub(crate) fn report(&self) -> StatusReport {
        let envoys = self.nodes.list();
        self.with(|inner| StatusReport {
            snapshot: inner.snapshot.clone(),
            rules: inner.rules,
            clusters: inner.clusters.clone(),
            groups: inner.groups.clone(),
            services: self.services.clone(),
            role: inner.role,
            problems: inner.problems.clone(),
            envoys,
            history: self.history.as_ref().map(|queue| queue.counts()),
        })
    }
}

fn cluster_status(endpoint: &Endpoint, state: &State, observed: &Observed) -> ClusterStatus {
    let cluster = state.clusters.iter().find(|c| c.name == endpoint.cluster && c.url == endpoint.url);
    let health = observed.health.get(&endpoint.slug);
    let healthy = health.is_some_and(|h| h.healthy);
    let active = cluster.is_some_and(|c| c.active);
    let load = observed.loads.get(&endpoint.slug).copied();
    let full = cluster.filter(|c| is_full(c, endpoint, observed)).and_then(|c| c.settings.max_running);
    let takes = active && healthy && full.is_none();
    let reason = match (full, health) {
        (Some(most), _) if healthy => format!("full: as many queries run as may ({most})"),
        (_, Some(health)) => health.reason.clone(),
        (_, None) if endpoint.retired => String::new(),
        (_, None) => NOT_CHECKED.to_owned(),
    };
    ClusterStatus {
        name: endpoint.cluster.clone(),
        slug: endpoint.slug.clone(),
        group: cluster.map(|c| c.group.clone()).unwrap_or_default(),
        url: endpoint.url.clone(),
        external_url: cluster.map(|c| c.external_url.clone()).unwrap_or_default(),
        life: cluster.filter(|_| !endpoint.retired).map_or(Life::Retired, |c| Life::of(active, takes, c.stage)),
        active,
        healthy,
        retired: endpoint.retired,
        reason,
        load,
        weight: cluster.filter(|_| takes).map_or(0, |c| weight(c, endpoint, observed)),
        settings: cluster.map(|c| c.settings.clone()).unwrap_or_default(),
        coordinator_id: observed.coordinator_ids.get(&endpoint.slug).or(endpoint.coordinator_id.as_ref()).cloned(),
    }
}

fn group_status(name: &str, settings: Option<&Group>, default: bool, clusters: &[ClusterStatus]) -> GroupStatus {
    let members = || clusters.iter().filter(|c| c.group == name && !c.retired);
    let settings = settings.cloned().unwrap_or_default();
    GroupStatus {
        name: name.to_owned(),
        default,
        policy: settings.policy,
        hash_on: settings.hash_on,
        fall_back: settings.fall_back,
        strict: settings.strict,
        clusters: members().count(),
        serving: members().filter(|c| c.life == Life::Serving).count(),
        running: members().filter_map(|c| c.load).map(|load| load.running).sum(),
        queued: members().filter_map(|c| c.load).map(|load| load.queued).sum(),
    }
}
