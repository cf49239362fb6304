//! Can a coordinator take queries, and how busy is it? Asked by the one Warren that judges; the others hear of it.

mod probe;
mod settings;

pub(crate) use settings::{HealthKind, HealthSettings};

use crate::load::Load;
use crate::snapshot::{Health, Observed};
use crate::state::{Cluster, Endpoint, State};
use crate::trino::{Access, TrinoTls};
use probe::{Probe, Proven};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What a probe found out, sent when it changes. Also what one Warren tells the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) slug: String,
    pub(crate) health: Health,
    pub(crate) load: Option<Load>,
    pub(crate) coordinator_id: Option<String>,
}

/// One task a coordinator, so that a slow one holds up no other.
pub(crate) struct Probes {
    access: Access,
    period: Duration,
    reports: mpsc::Sender<Report>,
    running: BTreeMap<(String, String, TrinoTls), Running>,
}

struct Running {
    task: JoinHandle<()>,
    settings: watch::Sender<HealthSettings>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Probes {
    pub(crate) fn new(access: Access, period: Duration, reports: mpsc::Sender<Report>) -> Probes {
        Probes { access, period, reports, running: BTreeMap::new() }
    }

    /// Probes these coordinators from now on, and no others. What is `known` of one that was not probed before holds until its
    /// first check says otherwise.
    pub(crate) fn watch(&mut self, state: Option<&State>, known: &Observed) {
        let endpoints = state.map(|s| s.endpoints.as_slice()).unwrap_or_default();
        let mut wanted = BTreeMap::new();
        for endpoint in endpoints.iter().filter(|e| !e.retired) {
            let of = |c: &&Cluster| c.name == endpoint.cluster;
            let settings = state.and_then(|s| s.clusters.iter().find(of)).map(|c| c.settings.health.clone());
            wanted.insert(
                (endpoint.slug.clone(), endpoint.url.clone(), endpoint.tls.clone()),
                (endpoint, settings.unwrap_or_default()),
            );
        }
        self.running.retain(|key, _| wanted.contains_key(key));
        for (key, (endpoint, settings)) in wanted {
            if let Some(running) = self.running.get(&key) {
                running.settings.send_if_modified(|old| {
                    let changed = *old != settings;
                    *old = settings;
                    changed
                });
            } else if let Some(running) = self.start(endpoint, settings, known) {
                self.running.insert(key, running);
            }
        }
    }

    /// Probes no one: another Warren does.
    pub(crate) fn stop(&mut self) {
        self.running.clear();
    }

    fn start(&self, endpoint: &Endpoint, settings: HealthSettings, known: &Observed) -> Option<Running> {
        let coordinator =
            self.access.coordinator(&endpoint.url, &endpoint.slug, &endpoint.tls, None, settings.timeout()).ok()?;
        let last = known.report(&endpoint.slug).filter(|report| report.health.healthy);
        let probe = Probe {
            coordinator,
            credentials: self.access.credentials.clone(),
            settings: settings.clone(),
            proven: Proven::No,
            handed_over: last.is_some(),
            uptime: 0.0,
            failures: 0,
            successes: 0,
            note: last.as_ref().map(|report| report.health.reason.clone()).unwrap_or_default(),
            last,
        };
        let (sender, receiver) = watch::channel(settings);
        let task = tokio::spawn(probe.run(self.period, receiver, self.reports.clone()));
        Some(Running { task, settings: sender })
    }
}
