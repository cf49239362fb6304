//! What the clients meet: Trinos behind Warren, and three doors to it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use regex::Regex;
use warren_tests::certificates::Certificates;
use warren_tests::client::Session;
use warren_tests::clients::{Ask, Client, Clients, PARTS, Seen, Step};
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::fetch::Programs;
use warren_tests::load_balancer::{LoadBalancer, Passed};
use warren_tests::ports::free_port;
use warren_tests::progress::Progress;
use warren_tests::run_dir::RunDir;
use warren_tests::s3_server::S3Server;
use warren_tests::stack::{Stack, StackOptions};
use warren_tests::trino::CoordinatorQuery;
use warren_tests::warren::{Warren, WarrenOptions};

use crate::kind::Kind;

/// Where a client comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Envoy, plain HTTP.
    Plain,
    /// Envoy that ends TLS itself, and answers 200 when no cluster is serving.
    Tls,
    /// A load balancer that speaks plain HTTP.
    Balancer,
    /// A load balancer that ends TLS.
    BalancerTls,
}

/// Everything that runs. It stops in this order: who asks before who answers.
pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) balancer: LoadBalancer,
    pub(crate) tls: Edge,
    // Behind the load balancer; held so that it runs.
    _behind: Edge,
    pub(crate) stack: Stack,
    /// Where results are spooled to.
    pub(crate) s3: Option<S3Server>,
    // The folder of `s3`; held so that it stays.
    _s3_run: RunDir,
    clients: Clients,
    certificates: Certificates,
    asked: AtomicUsize,
}

/// One more Envoy, with a control service of its own settings, on the stack's database.
pub(crate) struct Edge {
    pub(crate) envoy: Envoy,
    port: u16,
    // Held so that it runs.
    _warren: Warren,
}

/// What a client saw, and the coordinators' own word on it.
pub(crate) struct Told {
    pub(crate) seen: Seen,
    /// Clusters and the queries that they know, oldest first within each.
    pub(crate) queries: Vec<(String, CoordinatorQuery)>,
    /// Marks this client's requests at the load balancer.
    pub(crate) source: String,
    /// How long it took.
    pub(crate) took: Duration,
}

// === impl World ===

impl World {
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        let progress = Progress::on_stderr();
        let programs = Programs::fetch_also(&[PARTS, kind.parts()].concat(), &progress)?;
        let clients = Clients::install(&programs, &progress)?;
        let s3_run = RunDir::new("clients-s3")?;
        let s3 = kind.spools().then(|| S3Server::start(&programs, &s3_run)).transpose()?;
        let cluster = |name: &str| (name.to_owned(), "etl".to_owned());
        let options = StackOptions {
            envoys: 1,
            clusters: vec![cluster("etl-1"), cluster("etl-2")],
            rules: vec![("rules.rhai".to_owned(), include_str!("rules.rhai").to_owned())],
            default_group: "etl".to_owned(),
            trino: kind.trino(s3.as_ref(), &programs, &progress)?,
            ..StackOptions::default()
        };
        let stack = Stack::start("clients", options, &progress)?;
        stack.postgres.sql("INSERT INTO warren_group (name) VALUES ('empty')")?;
        let certificates = Certificates::make(&stack.run)?;
        let file = |path: &std::path::Path| path.display().to_string();
        let (certificate, key) = (file(&certificates.certificate), file(&certificates.key));
        let settings = ["--tls-certificate", &certificate, "--tls-key", &key, "--no-cluster-status", "200"];
        let tls = Edge::start(&stack, "tls", &settings)?;
        let behind = Edge::start(&stack, "behind", &["--trusted-hops", "1"])?;
        let balancer = LoadBalancer::start(&programs, &stack.run, behind.port, &certificates)?;
        let world = Self {
            kind,
            balancer,
            tls,
            _behind: behind,
            stack,
            s3,
            _s3_run: s3_run,
            clients,
            certificates,
            asked: AtomicUsize::new(0),
        };
        let session = Session::user("alice").source("serving");
        for door in [Door::Plain, Door::Balancer] {
            let url = world.url(door)?;
            eventually(Duration::from_secs(60), &format!("{url} to serve"), || {
                session.run(&url, "SELECT 1")?.success().map(drop)
            })?;
        }
        // Spoken to by clients only, since the harness's own client has no TLS.
        world.tls.envoy.wait_live()?;
        Ok(world)
    }

    /// Lets a client take steps at a door, and asks the coordinators what they know of it.
    pub(crate) fn ask(&self, client: Client, door: Door, steps: &[Step]) -> Result<Told> {
        self.ask_as("alice", client, door, steps)
    }

    /// The same as another user.
    pub(crate) fn ask_as(&self, user: &str, client: Client, door: Door, steps: &[Step]) -> Result<Told> {
        let source = format!("matrix-{}", self.asked.fetch_add(1, Ordering::Relaxed));
        let ask = Ask {
            url: self.url(door)?,
            user: user.to_owned(),
            source: source.clone(),
            ca: matches!(door, Door::Tls | Door::BalancerTls).then(|| self.certificates.ca.clone()),
            login: None,
            steps: steps.to_vec(),
        };
        let since = Instant::now();
        let seen = self.clients.ask(client, &ask, &self.stack.run)?;
        let took = since.elapsed();
        let queries = self.queries(&source)?;
        Ok(Told { seen, queries, source, took })
    }

    /// Queries of this source that the coordinators know, with their clusters.
    pub(crate) fn queries(&self, source: &str) -> Result<Vec<(String, CoordinatorQuery)>> {
        let mut found = Vec::new();
        for trino in &self.stack.trinos {
            let mut queries = trino.queries()?;
            queries.retain(|query| query.session.source.as_deref() == Some(source));
            queries.sort_by(|a, b| a.query_id.cmp(&b.query_id));
            found.extend(queries.into_iter().map(|query| (trino.name().to_owned(), query)));
        }
        Ok(found)
    }

    /// What passed through the load balancer of the requests of one source.
    pub(crate) fn passed(&self, told: &Told) -> Result<Vec<Passed>> {
        let passed = self.balancer.passed()?;
        let ids: Vec<&str> = told.queries.iter().map(|(_, query)| query.query_id.as_str()).collect();
        let is_ours = |passed: &Passed| {
            passed.source.as_deref() == Some(&told.source) || ids.iter().any(|id| passed.path.contains(id))
        };
        Ok(passed.into_iter().filter(is_ours).collect())
    }

    fn url(&self, door: Door) -> Result<String> {
        Ok(match door {
            Door::Plain => self.stack.url(0)?,
            Door::Tls => format!("https://127.0.0.1:{}", self.tls.port),
            Door::Balancer => self.balancer.url(),
            Door::BalancerTls => self.balancer.tls_url(),
        })
    }
}

// === impl Edge ===

impl Edge {
    fn start(stack: &Stack, name: &str, settings: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let options = WarrenOptions {
            name: format!("warren-{name}"),
            database_url: stack.postgres.url(),
            listen: port,
            default_group: "etl".to_owned(),
            more: settings.iter().map(|setting| (*setting).to_owned()).collect(),
            ..WarrenOptions::default()
        };
        let warren = Warren::start(&stack.run, &options)?;
        let name = format!("envoy-{name}");
        let envoy = Envoy::start(&stack.programs, &stack.run, &name, &warren.bootstrap(&name, port)?, 1)?;
        Ok(Self { envoy, port, _warren: warren })
    }
}

// === impl Told ===

impl Told {
    /// What was seen, if the client reported no error.
    pub(crate) fn success(self) -> Result<Self> {
        ensure!(self.seen.error.is_none(), "the client says: {}", self.error());
        Ok(self)
    }

    /// The client's error, less what is of one run only: ids, addresses, times.
    pub(crate) fn error(&self) -> String {
        let mut text = self.seen.error.clone().unwrap_or_default();
        for (of_one_run, stable) in OF_ONE_RUN {
            text =
                Regex::new(of_one_run).map_or_else(|_| text.clone(), |found| found.replace_all(&text, *stable).into());
        }
        text
    }
}

/// What differs from run to run in errors, and what is shown in its place.
const OF_ONE_RUN: &[(&str, &str)] = &[
    (r"\d{8}_\d{6}_\d{5}_\w{5}", "…"),
    (r"127\.0\.0\.1:\d+", "…"),
    (r"attempts: \d+, duration: [\d.]+m", "attempts: …, duration: …"),
    (r"after \d+ attempts in [\dms.]+", "after … attempts in …"),
];
