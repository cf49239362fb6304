//! One task owns what is known and publishes what follows from it. Everything else tells it what changed.
//!
//! PostgreSQL, probes, names → state → validate → snapshot → consistent → `watch` → every Envoy's stream.
//! Whatever fails is shown in the status, and the last good snapshot goes on being served.

use crate::health::{Probes, Report};
use crate::judge::Role;
use crate::last_good::{self, LastGood};
use crate::load;
use crate::newcomers::Newcomers;
use crate::snapshot::{Kind, Observed, Settings, Snapshot};
use crate::state::{Address, State};
use crate::status::Status;
use crate::store::Store;
use crate::trino::TrinoNetworks;
use crate::xds::nodes::Nodes;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Changes that come together are published together.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// With no last good state, the first snapshot waits this long for the first word on every coordinator's health.
const FIRST_WORD: Duration = Duration::from_secs(10);
/// How often it is looked whether Envoys have answered, while a new address waits for it.
const LOOK: Duration = Duration::from_millis(100);
/// How soon the last good state is written again when the disk did not take it.
const WRITE_AGAIN: Duration = Duration::from_secs(5);
/// How soon a change of load alone is published: it changes all the time.
const LOAD: Duration = Duration::from_secs(1);
/// How often names are resolved again.
const RESOLVE: Duration = Duration::from_secs(5);

/// The owner of all that is known.
pub(crate) struct Reconciler {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) status: Arc<Status>,
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) last_good: PathBuf,
    pub(crate) served: watch::Sender<Option<Arc<Snapshot>>>,
    pub(crate) role: watch::Receiver<Role>,
    /// What this Warren found out, for the others.
    pub(crate) share: mpsc::Sender<Report>,
    /// Where coordinators may be.
    pub(crate) networks: Arc<TrinoNetworks>,
}

impl Reconciler {
    /// Runs for ever.
    pub(crate) async fn run(
        mut self,
        mut states: mpsc::Receiver<State>,
        mut reports: mpsc::Receiver<Report>,
        mut probes: Probes,
    ) {
        let mut known = Known::default();
        match last_good::read(&self.last_good) {
            Ok(Some(last_good)) => {
                tracing::info!(file = %self.last_good.display(), "starting from the last good state");
                known = Known { observed: last_good.observed, state: Some(last_good.state), ..Known::default() };
                self.publish(&mut known).await;
            }
            Ok(None) => {}
            Err(problem) => self.status.problem("last good state", Some(problem)),
        }
        let (hosts, wanted) = watch::channel(known.hosts());
        let (resolved, mut addresses) = mpsc::channel(4);
        tokio::spawn(resolve(wanted, resolved, known.observed.addresses.clone(), self.networks.clone()));
        let mut role = *self.role.borrow_and_update();
        self.status.role(role);
        self.probe(&mut probes, &known, role);
        loop {
            tokio::select! {
                Ok(()) = self.role.changed() => {
                    role = *self.role.borrow_and_update();
                    self.status.role(role);
                    self.probe(&mut probes, &known, role);
                    if role == Role::Judge {
                        for report in known.observed.reports() {
                            let _ = self.share.try_send(report);
                        }
                    }
                    continue;
                }
                Some(state) = states.recv() => {
                    let errors: Vec<String> = state.validate(&self.settings.default_group).iter().map(ToString::to_string).collect();
                    if !errors.is_empty() {
                        self.status.problem("state", Some(format!("{}; what was served before goes on being served", errors.join("; "))));
                        continue;
                    }
                    self.status.problem("state", None);
                    if known.state.is_none() {
                        known.wait_until = Some(Instant::now() + FIRST_WORD);
                    }
                    known.newcomers.compare(known.state.as_ref(), &state, std::time::Instant::now());
                    known.state = Some(state);
                    known.forget_gone();
                    self.probe(&mut probes, &known, role);
                    hosts.send_replace(known.hosts());
                }
                Some(report) = reports.recv() => {
                    if !self.take_in(&mut known, report) {
                        known.load_due.get_or_insert_with(|| Instant::now() + LOAD);
                        continue;
                    }
                }
                () = until(known.load_due) => {}
                Some(found) = addresses.recv() => known.observed.addresses = found,
                () = until(known.wait_until) => known.wait_until = None,
                () = tokio::time::sleep(WRITE_AGAIN), if known.unwritten => {}
                () = tokio::time::sleep(LOOK), if !known.newcomers.is_empty() => {
                    let known_by_all = |snapshots: &BTreeSet<String>| self.nodes.all_run(Kind::Route, snapshots);
                    if !known.newcomers.settle(std::time::Instant::now(), known_by_all) {
                        continue;
                    }
                }
                else => return,
            }
            tokio::time::sleep(DEBOUNCE).await;
            while let Ok(report) = reports.try_recv() {
                self.take_in(&mut known, report);
            }
            known.load_due = None;
            if known.wait_until.is_some() && !known.has_first_word() {
                continue;
            }
            known.wait_until = None;
            self.publish(&mut known).await;
        }
    }

    /// Asks coordinators, or leaves it to the Warren that judges.
    fn probe(&self, probes: &mut Probes, known: &Known, role: Role) {
        if role.asks() {
            probes.watch(known.state.as_ref(), &known.observed);
        } else {
            probes.stop();
        }
    }

    /// Takes a report in, and passes it on. False if it says no more than how busy a coordinator is.
    fn take_in(&self, known: &mut Known, report: Report) -> bool {
        if *self.role.borrow() == Role::Judge && self.share.try_send(report.clone()).is_err() {
            tracing::debug!(slug = report.slug, "the other Warrens hear of it later");
        }
        if let Some(id) = report.coordinator_id
            && known.observed.coordinator_ids.get(&report.slug) != Some(&id)
        {
            known.observed.coordinator_ids.insert(report.slug.clone(), id.clone());
            let (store, slug) = (self.store.clone(), report.slug.clone());
            // For other Warrens and for later; this one knows it already, so nothing waits for PostgreSQL.
            tokio::spawn(async move {
                if let Err(error) = store.learned(&slug, &id).await {
                    tracing::warn!(slug, %error, "could not store the coordinator's id");
                }
            });
        }
        match report.load {
            Some(load) => drop(known.observed.loads.insert(report.slug.clone(), load)),
            None => drop(known.observed.loads.remove(&report.slug)),
        }
        known.observed.health.insert(report.slug, report.health.clone()).as_ref() != Some(&report.health)
    }

    async fn publish(&self, known: &mut Known) {
        let Some(state) = &known.state else { return };
        known.observed.shares = load::shares(state, &known.observed.loads, &known.observed.shares);
        let observed = known.newcomers.hold_back(&known.observed);
        let snapshot = match Snapshot::build(&self.settings, state, &observed) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                self.status.problem("snapshot", Some(format!("{error}; what was served before goes on being served")));
                return;
            }
        };
        self.status.problem("snapshot", None);
        self.status.problem("candidate", snapshot.without_candidate.clone());
        self.status.seen(state, &observed, &self.settings.default_group, &snapshot.version);
        known.newcomers.published(&snapshot.version);
        let changed = self.served.borrow().as_ref().is_none_or(|old| old.version != snapshot.version);
        if changed {
            let rules = state.rule_set.as_ref().map(|r| r.version);
            tracing::info!(snapshot = snapshot.version, rules, "publishing");
            self.served.send_replace(Some(Arc::new(snapshot)));
        }
        if changed || known.unwritten {
            let last_good = LastGood { state: state.clone(), observed: known.observed.clone() };
            let path = self.last_good.clone();
            let written = tokio::task::spawn_blocking(move || last_good::write(&path, &last_good)).await;
            let problem = written.unwrap_or_else(|e| Err(e.to_string())).err();
            known.unwritten = problem.is_some();
            self.status.problem("last good state", problem);
        }
    }
}

#[derive(Default)]
struct Known {
    state: Option<State>,
    observed: Observed,
    newcomers: Newcomers,
    /// The last good state is not on disk.
    unwritten: bool,
    wait_until: Option<Instant>,
    /// When a change of load alone is to be published.
    load_due: Option<Instant>,
}

impl Known {
    fn endpoints(&self) -> &[crate::state::Endpoint] {
        self.state.as_ref().map(|s| s.endpoints.as_slice()).unwrap_or_default()
    }

    fn hosts(&self) -> BTreeSet<String> {
        self.endpoints().iter().filter_map(|e| Address::parse(&e.url).ok()).map(|a| a.host).collect()
    }

    fn forget_gone(&mut self) {
        // A retired address is probed no more: what was known of it would be stale when it comes back.
        let endpoints = self.state.iter().flat_map(|s| &s.endpoints);
        let slugs: BTreeSet<&str> = endpoints.filter(|e| !e.retired).map(|e| e.slug.as_str()).collect();
        self.observed.health.retain(|slug, _| slugs.contains(slug.as_str()));
        self.observed.loads.retain(|slug, _| slugs.contains(slug.as_str()));
    }

    fn has_first_word(&self) -> bool {
        self.endpoints().iter().all(|e| {
            let resolved = Address::parse(&e.url).is_ok_and(|a| self.observed.addresses.contains_key(&a.host));
            e.retired || (resolved && self.observed.health.contains_key(&e.slug))
        })
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Resolves the hosts of group endpoints (EDS takes addresses only). A name that stops resolving keeps its last address.
/// `known` is what was known before, so that a restart while names do not resolve changes nothing.
async fn resolve(
    mut wanted: watch::Receiver<BTreeSet<String>>,
    resolved: mpsc::Sender<BTreeMap<String, Vec<IpAddr>>>,
    mut known: BTreeMap<String, Vec<IpAddr>>,
    networks: Arc<TrinoNetworks>,
) {
    loop {
        let hosts = wanted.borrow_and_update().clone();
        let mut found = BTreeMap::new();
        for host in hosts {
            let answer: std::io::Result<Vec<IpAddr>> =
                tokio::net::lookup_host((host.as_str(), 0)).await.map(|a| a.map(|a| a.ip()).collect());
            match answer {
                Ok(mut addresses) => {
                    // Resolvers rotate their answers; a new order is no news.
                    addresses.sort();
                    addresses.dedup();
                    // A host that leads elsewhere only is known, and has no address: nothing goes there.
                    addresses.retain(|address| networks.check(*address).is_ok());
                    found.insert(host, addresses);
                }
                Err(error) => {
                    tracing::warn!(host, %error, "cannot resolve");
                    if let Some(addresses) = known.get(&host) {
                        found.insert(host, addresses.clone());
                    }
                }
            }
        }
        if found != known {
            known.clone_from(&found);
            if resolved.send(found).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(RESOLVE) => {}
        }
    }
}
