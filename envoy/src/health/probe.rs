//! One coordinator, asked again and again. `/v1/info` says whether it is up; only a query shows that it can run one (it says
//! `starting: false` before its nodes are known), that it takes forwarded headers, and which ids it makes.

use super::{HealthKind, HealthSettings, Report};
use crate::credentials::CredentialBook;
use crate::load::Load;
use crate::snapshot::Health;
use crate::trino::{Coordinator, Failure, Info, metrics};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Failures in a row that are not a refused connection before a healthy coordinator is taken out.
const FAILURES: u32 = 2;
/// The proving query. Unlike `SELECT 1`, which the coordinator answers by itself, it needs a node to run on: a coordinator
/// that has just started knows none for some seconds, itself included, and every other query would fail there.
const PROVING: &str = "SELECT count(*) FROM UNNEST(sequence(1, 2)) AS t(n)";
/// Load, as one row: running, waiting, nodes that work.
const LOAD: &str = "SELECT count_if(state NOT IN ('QUEUED', 'WAITING_FOR_RESOURCES')), count_if(state IN ('QUEUED', 'WAITING_FOR_RESOURCES')), \
     (SELECT count(*) FROM system.runtime.nodes WHERE state = 'active') \
     FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED') AND source IS DISTINCT FROM 'warren-health'";
/// A process younger than this has to prove itself twice: a node says a little later than that it is there which catalogs it
/// has (`io.trino.metadata.DiscoveryNodeManager`), and until then queries of those fail with `NO_NODES_AVAILABLE`.
const YOUNG: Duration = Duration::from_secs(60);
/// Time between the two: longer than the 5 s after which a coordinator looks again which nodes there are, and what they have.
const SETTLES: Duration = Duration::from_secs(6);

/// What a probe knows of its coordinator.
pub(super) struct Probe {
    pub(super) coordinator: Coordinator,
    pub(super) credentials: CredentialBook,
    pub(super) settings: HealthSettings,
    pub(super) proven: Proven,
    /// Seconds, as the process last said; less than before means that it is another process.
    pub(super) uptime: f64,
    pub(super) failures: u32,
    pub(super) successes: u32,
    /// What is to be known of a healthy one besides.
    pub(super) note: String,
    pub(super) last: Option<Report>,
    /// It was healthy when this probe began, as another Warren or an earlier run of this one judged: it goes on serving until
    /// something speaks against it, though it proves itself again.
    pub(super) handed_over: bool,
}

/// Did queries run there since the process started?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proven {
    No,
    /// One did, then; see [`YOUNG`].
    Once(Instant),
    Yes,
}

impl Proven {
    /// One more did. `uptime` is the process's, in seconds.
    fn after(self, uptime: f64, now: Instant) -> Proven {
        if self == Proven::No && uptime < YOUNG.as_secs_f64() { Proven::Once(now) } else { Proven::Yes }
    }
}

impl Probe {
    /// Checks for ever; new settings hold from the next check on, and change nothing of what is known.
    pub(super) async fn run(
        mut self,
        period: Duration,
        mut settings: watch::Receiver<HealthSettings>,
        reports: mpsc::Sender<Report>,
    ) {
        for round in 0_u64.. {
            let settings_now = settings.borrow_and_update().clone();
            if settings_now.credentials != self.settings.credentials && self.proven == Proven::Yes {
                // Whether it runs queries of the new user is to be seen; until then it goes on as it is.
                self.proven = Proven::Once(Instant::now().checked_sub(SETTLES).unwrap_or_else(Instant::now));
            }
            self.settings = settings_now;
            self.coordinator.timeout = self.settings.timeout();
            let checked = match self.credentials.get(self.settings.credentials.as_deref()) {
                Ok(credentials) => {
                    self.coordinator.credentials = credentials;
                    self.check().await
                }
                Err(reason) => Some(self.report(false, reason, None, None)),
            };
            if let Some(report) = checked
                && self.last.as_ref() != Some(&report)
            {
                if self.last.as_ref().map(|l| &l.health) != Some(&report.health) {
                    let Health { healthy, reason } = &report.health;
                    tracing::info!(slug = report.slug, healthy, reason, "health");
                }
                self.last = Some(report.clone());
                if reports.send(report).await.is_err() {
                    return;
                }
            }
            let period = self.settings.period.map_or(period, |span| span.0);
            tokio::select! {
                () = tokio::time::sleep(jitter(period, &self.coordinator.slug, round)) => {}
                changed = settings.changed() => if changed.is_err() { return },
            }
        }
    }

    /// One check; none when it is too early to say anything new.
    async fn check(&mut self) -> Option<Report> {
        if self.settings.kind == HealthKind::None {
            return Some(self.report(true, "not checked".to_owned(), None, None));
        }
        let info = match self.coordinator.info().await {
            Ok(info) => info,
            Err(failure) => return self.failed(&failure, None),
        };
        if let Some(reason) = self.not_up(&info) {
            return Some(self.report(false, reason, None, None));
        }
        match self.proven {
            Proven::Once(at) if at.elapsed() < SETTLES => return None,
            Proven::Once(_) | Proven::No => match self.prove().await {
                Ok(id) => {
                    self.proven = self.proven.after(self.uptime, Instant::now());
                    if self.proven != Proven::Yes {
                        return (!self.handed_over).then(|| self.report(false, "starting".to_owned(), None, None));
                    }
                    return self.loaded(info.coordinator_id.or(id)).await;
                }
                Err(failure) => return self.failed(&failure, info.coordinator_id),
            },
            Proven::Yes => {}
        }
        let id = info.coordinator_id.or_else(|| self.last.as_ref().and_then(|l| l.coordinator_id.clone()));
        self.loaded(id).await
    }

    /// Why a coordinator that answers takes no queries, if it does not.
    fn not_up(&mut self, info: &Info) -> Option<String> {
        let uptime = info.uptime.as_deref().and_then(seconds).unwrap_or(self.uptime);
        // Trino rounds to two digits, so a step back of a few per cent is rounding.
        if uptime < self.uptime * 0.9 {
            self.proven = Proven::No;
            self.handed_over = false;
        }
        self.uptime = uptime;
        if !info.coordinator {
            return Some("a worker, not a coordinator".to_owned());
        }
        if info.starting {
            self.proven = Proven::No;
            self.handed_over = false;
            return Some("starting".to_owned());
        }
        info.state.as_deref().filter(|state| *state != "ACTIVE").map(|state| format!("it says that it is {state}"))
    }

    /// It can run queries; how busy is it?
    async fn loaded(&mut self, coordinator_id: Option<String>) -> Option<Report> {
        let load = match self.settings.kind {
            HealthKind::Info | HealthKind::None => Ok(None),
            // Not being allowed to see is no fault of the coordinator.
            HealthKind::Auto => Ok(self.by_metrics().await.ok().flatten()),
            HealthKind::Metrics => self.by_metrics().await,
            HealthKind::Sql => self.by_sql().await.map(Some),
        };
        let load = match load {
            Ok(load) => load,
            Err(failure) => return self.failed(&failure, coordinator_id),
        };
        self.failures = 0;
        self.successes = self.successes.saturating_add(1);
        let wanted = self.settings.up_after.unwrap_or(1);
        let was_up = self.last.as_ref().is_none_or(|last| last.health.healthy);
        if !was_up && self.successes < wanted {
            let reason = format!("well again, {} of {wanted} checks", self.successes);
            return Some(self.report(false, reason, load, coordinator_id));
        }
        Some(self.report(true, self.note.clone(), load, coordinator_id))
    }

    /// A check failed. A process that has shown, here or to another Warren, that it runs queries is given another chance,
    /// unless nothing listens there any more.
    fn failed(&mut self, failure: &Failure, coordinator_id: Option<String>) -> Option<Report> {
        self.failures = self.failures.saturating_add(1);
        self.successes = 0;
        let serves = self.last.as_ref().is_some_and(|last| last.health.healthy);
        let trusted = serves && (self.handed_over || self.proven != Proven::No);
        let refused = *failure == Failure::Refused;
        if refused {
            self.proven = Proven::No;
            self.handed_over = false;
        }
        let enough = self.failures >= self.settings.down_after.unwrap_or(FAILURES);
        let certain = enough || !trusted || (refused && self.settings.down_after.is_none());
        certain.then(|| self.report(false, failure.to_string(), None, coordinator_id))
    }

    fn report(&self, healthy: bool, reason: String, load: Option<Load>, coordinator_id: Option<String>) -> Report {
        Report { slug: self.coordinator.slug.clone(), health: Health { healthy, reason }, load, coordinator_id }
    }

    /// Runs the proving query. Gives the last part of its id.
    async fn prove(&mut self) -> Result<Option<String>, Failure> {
        match self.coordinator.query("a test query", PROVING).await {
            Ok(answered) => {
                self.note.clear();
                Ok(answered.coordinator_id)
            }
            // It is up and knows us not: whether it can run queries is not for us to see.
            Err(Failure::NotAllowed(status)) => {
                self.note = format!("a test query was refused ({status}), so only /v1/info is looked at");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn by_metrics(&self) -> Result<Option<Load>, Failure> {
        let bounds = self.settings.minimum.keys().chain(self.settings.maximum.keys()).map(String::as_str);
        let mut names: Vec<&str> = metrics::of_load().collect();
        names.extend(bounds);
        let text = self.coordinator.metrics("/metrics", &names).await?;
        let samples = metrics::read(&text);
        if self.settings.kind == HealthKind::Metrics
            && let Some(wrong) = self.settings.out_of_bounds(&samples)
        {
            return Err(Failure::Other(wrong));
        }
        Ok(metrics::load(&samples))
    }

    async fn by_sql(&self) -> Result<Load, Failure> {
        let answered = self.coordinator.query("the query for its load", LOAD).await?;
        let row: Vec<u32> = answered.rows.first().into_iter().flatten().filter_map(Value::as_u64).map(clamp).collect();
        match row.as_slice() {
            [running, queued, workers] => {
                Ok(Load { running: *running, queued: *queued, workers: Some(*workers), memory: None })
            }
            _ => Err(Failure::Other("the query for its load gave no row of three numbers".to_owned())),
        }
    }
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The period, a tenth more or less, so that checks of many clusters spread out by themselves.
fn jitter(period: Duration, slug: &str, round: u64) -> Duration {
    let part = xxhash_rust::xxh64::xxh64(slug.as_bytes(), round) % 201;
    period.mul_f64(0.9 + f64::from(clamp(part)) / 1_000.0)
}

/// A `Duration` as Trino writes it (`io.airlift.units.Duration`): `1.50s`, `2.00m`, `3.10h`, `1.00d`. In seconds.
fn seconds(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(split)?;
    let number: f64 = number.parse().ok()?;
    let factor = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
