//! Can a coordinator take queries? `/v1/info` says whether it is up; only a query shows that it can run one (it says
//! `starting: false` before its nodes are known), that it takes forwarded headers, and which ids it makes.

use crate::snapshot::Health;
use crate::state::{Address, Endpoint};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Failures in a row that are not a refused connection before a healthy coordinator is taken out.
const FAILURES: u32 = 2;
/// The proving query. Unlike `SELECT 1`, which the coordinator answers by itself, it needs a node to run on: a coordinator
/// that has just started knows none for some seconds, itself included, and every other query would fail there.
const PROVING: &str = "SELECT count(*) FROM UNNEST(sequence(1, 2)) AS t(n)";
/// A process younger than this has to prove itself twice: a node says a little later than that it is there which catalogs it
/// has (`io.trino.metadata.DiscoveryNodeManager`), and until then queries of those fail with `NO_NODES_AVAILABLE`.
const YOUNG: Duration = Duration::from_secs(60);
/// Time between the two: longer than the 5 s after which a coordinator looks again which nodes there are, and what they have.
const SETTLES: Duration = Duration::from_secs(6);
/// Polls of the proving query; Trino holds each for up to a second.
const MAX_POLLS: u32 = 60;

/// What a probe found out, sent when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) slug: String,
    pub(crate) health: Health,
    pub(crate) coordinator_id: Option<String>,
}

/// One task a coordinator, so that a slow one holds up no other.
pub(crate) struct Probes {
    client: reqwest::Client,
    period: Duration,
    user: String,
    reports: mpsc::Sender<Report>,
    running: BTreeMap<(String, String), JoinHandle<()>>,
}

/// `GET /v1/info` (`io.trino.server.ServerInfoResource`), less what is not read; the id is there from Trino 477 on.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Info {
    coordinator: bool,
    starting: bool,
    uptime: Option<String>,
    coordinator_id: Option<String>,
}

/// A page of `/v1/statement` (`io.trino.client.QueryResults`), less what is not read.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Page {
    id: String,
    next_uri: Option<String>,
    data: Option<serde_json::Value>,
    error: Option<PageError>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct PageError {
    message: Option<String>,
}

impl Probes {
    pub(crate) fn new(period: Duration, user: &str, reports: mpsc::Sender<Report>) -> Result<Probes, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("warren")
            .build()?;
        Ok(Probes { client, period, user: user.to_owned(), reports, running: BTreeMap::new() })
    }

    /// Probes these coordinators from now on, and no others.
    pub(crate) fn watch(&mut self, endpoints: &[Endpoint]) {
        let wanted: BTreeMap<(String, String), &Endpoint> =
            endpoints.iter().filter(|e| !e.retired).map(|e| ((e.slug.clone(), e.url.clone()), e)).collect();
        self.running.retain(|key, task| {
            let keep = wanted.contains_key(key);
            if !keep {
                task.abort();
            }
            keep
        });
        for (key, endpoint) in wanted {
            if self.running.contains_key(&key) {
                continue;
            }
            let Ok(address) = Address::parse(&endpoint.url) else { continue };
            let host = if address.host.contains(':') { format!("[{}]", address.host) } else { address.host };
            let probe = Probe {
                client: self.client.clone(),
                base: format!("http://{host}:{}", address.port),
                slug: endpoint.slug.clone(),
                user: self.user.clone(),
                proven: Proven::No,
                uptime: 0.0,
                failures: 0,
                note: String::new(),
                last: None,
            };
            self.running.insert(key, tokio::spawn(probe.run(self.period, self.reports.clone())));
        }
    }
}

struct Probe {
    client: reqwest::Client,
    base: String,
    slug: String,
    user: String,
    proven: Proven,
    /// Seconds, as the process last said; less than before means that it is another process.
    uptime: f64,
    failures: u32,
    /// What is to be known of a healthy one besides.
    note: String,
    last: Option<Report>,
}

/// Did queries run there since the process started?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proven {
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
    async fn run(mut self, period: Duration, reports: mpsc::Sender<Report>) {
        loop {
            if let Some(report) = self.check().await
                && self.last.as_ref() != Some(&report)
            {
                tracing::info!(
                    slug = report.slug,
                    healthy = report.health.healthy,
                    reason = report.health.reason,
                    "health"
                );
                self.last = Some(report.clone());
                if reports.send(report).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(period).await;
        }
    }

    /// One check; none when it is too early to say anything new.
    async fn check(&mut self) -> Option<Report> {
        let info = match self.info().await {
            Ok(info) => info,
            Err(failure) => {
                self.failures += 1;
                if failure.refused {
                    // Whoever answers next is another process.
                    self.proven = Proven::No;
                }
                let certain = failure.refused || self.failures >= FAILURES || self.last.is_none();
                return certain.then(|| self.report(false, failure.reason, None));
            }
        };
        self.failures = 0;
        let uptime = info.uptime.as_deref().and_then(seconds).unwrap_or(self.uptime);
        // Trino rounds to two digits, so a step back of a few per cent is rounding.
        if uptime < self.uptime * 0.9 {
            self.proven = Proven::No;
        }
        self.uptime = uptime;
        if !info.coordinator {
            return Some(self.report(false, "a worker, not a coordinator".to_owned(), None));
        }
        if info.starting {
            self.proven = Proven::No;
            return Some(self.report(false, "starting".to_owned(), None));
        }
        match self.proven {
            Proven::Yes => {
                let id = self.last.as_ref().and_then(|l| l.coordinator_id.clone());
                return Some(self.report(true, self.note.clone(), info.coordinator_id.or(id)));
            }
            Proven::Once(at) if at.elapsed() < SETTLES => return None,
            Proven::Once(_) | Proven::No => {}
        }
        match self.prove().await {
            Ok((id, note)) => {
                self.proven = self.proven.after(uptime, Instant::now());
                if self.proven != Proven::Yes {
                    return Some(self.report(false, "starting".to_owned(), None));
                }
                note.clone_into(&mut self.note);
                Some(self.report(true, note, info.coordinator_id.or(id)))
            }
            Err(reason) => Some(self.report(false, reason, info.coordinator_id)),
        }
    }

    fn report(&self, healthy: bool, reason: String, coordinator_id: Option<String>) -> Report {
        Report { slug: self.slug.clone(), health: Health { healthy, reason }, coordinator_id }
    }

    async fn info(&self) -> Result<Info, Failure> {
        let answer = self.client.get(format!("{}/v1/info", self.base)).send().await.map_err(Failure::of)?;
        if !answer.status().is_success() {
            return Err(Failure { refused: false, reason: format!("/v1/info answered {}", answer.status()) });
        }
        answer
            .json()
            .await
            .map_err(|_| Failure { refused: false, reason: "/v1/info did not answer as Trino does".to_owned() })
    }

    /// Runs the proving query the way queries come through Envoy. Gives the id's last part, and what is to be known besides.
    async fn prove(&self) -> Result<(Option<String>, String), String> {
        let prefix = format!("/c/{}", self.slug);
        let forwarded = |request: reqwest::RequestBuilder| {
            request
                .header("X-Trino-User", &self.user)
                .header("X-Trino-Source", "warren-health")
                .header("X-Forwarded-Prefix", &prefix)
        };
        let post = forwarded(self.client.post(format!("{}/v1/statement", self.base))).body(PROVING);
        let answer = post.send().await.map_err(|e| Failure::of(e).reason)?;
        match answer.status().as_u16() {
            200 => {}
            // It is up and knows us not: whether it can run queries is not for us to see.
            status @ (401 | 403) => {
                return Ok((None, format!("a test query was refused ({status}), so only /v1/info is looked at")));
            }
            406 => {
                return Err(
                    "it refuses X-Forwarded headers; set http-server.process-forwarded=true in its config.properties"
                        .to_owned(),
                );
            }
            status => return Err(format!("a test query was answered with status {status}")),
        }
        let mut page: Page =
            answer.json().await.map_err(|_| "a test query was not answered as Trino does".to_owned())?;
        let id = page.id.rsplit('_').next().map(str::to_owned);
        for _ in 0..MAX_POLLS {
            if let Some(error) = page.error {
                return Err(format!("a test query failed: {}", error.message.unwrap_or_default()));
            }
            if page.data.is_some() {
                return Ok((id, String::new()));
            }
            let Some(next) = page.next_uri else { return Ok((id, String::new())) };
            let path = follow_up_path(&next, &prefix)?;
            let answer = forwarded(self.client.get(format!("{}{path}", self.base)))
                .send()
                .await
                .map_err(|e| Failure::of(e).reason)?;
            page = answer.json().await.map_err(|_| "a test query was not answered as Trino does".to_owned())?;
        }
        Err(format!("a test query did not finish in {MAX_POLLS} polls"))
    }
}

/// The path of a `nextUri` as the coordinator itself knows it. It is a bearer secret: it is not part of any message.
fn follow_up_path(next_uri: &str, prefix: &str) -> Result<String, String> {
    let url = url::Url::parse(next_uri).map_err(|_| "it gave a nextUri that is not a URI".to_owned())?;
    url.path().strip_prefix(prefix).map(str::to_owned).ok_or_else(|| {
        "it ignores X-Forwarded-Prefix; it needs Trino 455 or newer with http-server.process-forwarded=true".to_owned()
    })
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

struct Failure {
    refused: bool,
    reason: String,
}

impl Failure {
    fn of(error: reqwest::Error) -> Failure {
        let refused = is_refused(&error);
        let reason = if refused {
            "no connection".to_owned()
        } else if error.is_connect() && !error.is_timeout() {
            "cannot connect: is the name known, the network there?".to_owned()
        } else if error.is_timeout() {
            format!("no answer within {} seconds", TIMEOUT.as_secs())
        } else {
            "the connection broke".to_owned()
        };
        Failure { refused, reason }
    }
}

/// Did the machine itself say that nothing listens there? A name that does not resolve for a moment says no such thing.
fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_process_proves_itself_twice() {
        let now = Instant::now();
        for (proven, uptime, want) in [
            (Proven::No, 5.0, Proven::Once(now)),
            (Proven::Once(now), 7.0, Proven::Yes),
            (Proven::No, 60.0, Proven::Yes),
            (Proven::Yes, 5.0, Proven::Yes),
        ] {
            assert_eq!(proven.after(uptime, now), want, "{proven:?} after {uptime} s");
        }
    }

    #[test]
    fn reads_trinos_durations() {
        for (text, want) in [
            ("1.50s", Some(1.5)),
            ("2.00m", Some(120.0)),
            ("1.00d", Some(86_400.0)),
            ("5", None),
            ("x", None),
            ("1w", None),
        ] {
            assert_eq!(seconds(text), want, "{text}");
        }
    }

    #[test]
    fn follows_a_uri_back_to_the_coordinator_itself() {
        assert_eq!(
            follow_up_path("http://h:1/c/etl-1/v1/statement/queued/x", "/c/etl-1"),
            Ok("/v1/statement/queued/x".to_owned())
        );
        assert_eq!(
            follow_up_path("http://h:1/v1/statement/queued/secret", "/c/etl-1"),
            Err("it ignores X-Forwarded-Prefix; it needs Trino 455 or newer with http-server.process-forwarded=true"
                .to_owned())
        );
    }
}
