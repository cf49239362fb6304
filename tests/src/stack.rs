//! Everything together: PostgreSQL, `warren`, Envoys and Trinos, in one folder.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::client::Session;
use crate::clock::Clock;
use crate::envoy::Envoy;
use crate::eventually::eventually;
use crate::fetch::Programs;
use crate::fetch::programs::Part;
use crate::ports::free_port;
use crate::postgres_server::PostgresServer;
use crate::process::Process;
use crate::progress::Progress;
use crate::relay::Manner;
use crate::routing_service::RoutingService;
use crate::run_dir::RunDir;
use crate::trino::{Trino, TrinoOptions};
use crate::trino_gateway::{TrinoGateway, TrinoGatewayOptions};
use crate::warren::{Warren, WarrenOptions};

use control::Control;
pub use control::Relays;

mod control;

/// How long a change may take to reach every Envoy, and a restarted part to serve again.
const SERVING: Duration = Duration::from_secs(60);

/// What a stack is made of.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Envoys; their node ids are `envoy-1`, `envoy-2` …
    pub envoys: usize,
    /// Trino clusters, each with its group.
    pub clusters: Vec<(String, String)>,
    /// Rules in the folder that `warren` watches. The folder is the stack's; change it as you like.
    pub rules: Vec<(String, String)>,
    /// Group for queries that no rule routes.
    pub default_group: String,
    /// How the Trinos start.
    pub trino: TrinoOptions,
    /// More arguments of `warren serve`.
    pub warren: Vec<String>,
    /// `warren` reaches PostgreSQL, and Envoys reach `warren`, through relays that can fail.
    pub relays: bool,
    /// `warren` and Envoys go by a clock that can be moved.
    pub clock: bool,
    /// A Trino Gateway on the same database, which makes its tables before `warren` comes.
    pub trino_gateway: Option<TrinoGatewayOptions>,
}

/// A running stack. Dropping it stops everything and removes its folder (`WARREN_KEEP=1` keeps it).
#[derive(Debug)]
pub struct Stack {
    /// The Envoys.
    pub envoys: Vec<Envoy>,
    /// The Trinos.
    pub trinos: Vec<Trino>,
    /// The control service.
    pub warren: Warren,
    /// The database.
    pub postgres: PostgresServer,
    /// What is between them, if the options ask for it.
    pub relays: Option<Relays>,
    /// The clock of `warren` and the Envoys, if the options ask for it.
    pub clock: Option<Clock>,
    /// The Trino Gateway beside it, if the options ask for it.
    pub trino_gateway: Option<TrinoGateway>,
    /// A routing service that rules may ask.
    pub service: RoutingService,
    /// Where the programs were fetched to.
    pub programs: Programs,
    /// The folder of this run.
    pub run: RunDir,
    ports: Vec<u16>,
    rules: PathBuf,
    options: StackOptions,
    warren_options: WarrenOptions,
}

impl Default for StackOptions {
    fn default() -> Self {
        let cluster = |name: &str, group: &str| (name.to_owned(), group.to_owned());
        Self {
            envoys: 2,
            clusters: vec![cluster("etl-1", "etl"), cluster("etl-2", "etl"), cluster("adhoc-1", "adhoc")],
            rules: vec![("rules.rhai".to_owned(), "otherwise(route(\"adhoc\"));\n".to_owned())],
            default_group: "adhoc".to_owned(),
            trino: TrinoOptions::default(),
            warren: Vec::new(),
            relays: false,
            clock: false,
            trino_gateway: None,
        }
    }
}

// === impl Stack ===

impl Stack {
    /// Fetches what is missing, starts everything, adds and activates the clusters, and waits until every Envoy routes to
    /// all of them. When it fails the ends of all logs are in the error.
    pub fn start(name: &str, options: StackOptions, progress: &Progress) -> Result<Self> {
        let extra: &[Part] = if options.trino_gateway.is_some() { &[Part::TrinoGateway] } else { &[] };
        let programs = Programs::fetch_also(extra, progress)?;
        let run = RunDir::new(name)?;
        let logs = run.path().to_owned();
        Self::start_in(run, programs, options, progress)
            .with_context(|| format!("the stack did not start in {}", logs.display()))
    }

    fn start_in(run: RunDir, programs: Programs, options: StackOptions, progress: &Progress) -> Result<Self> {
        let rules = run.folder("rules")?;
        for (file, text) in &options.rules {
            let file = rules.join(file);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
            }
            std::fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        let mut listen = Vec::new();
        for number in 1..=options.envoys {
            listen.push((format!("envoy-{number}"), free_port()?));
        }
        let (trinos, control) = thread::scope(|scope| {
            let starting: Vec<_> = options
                .clusters
                .iter()
                .map(|(name, group)| {
                    let (programs, run, options) = (&programs, &run, &options.trino);
                    let waiting = progress.part(&format!("Trino {name} (group {group})"));
                    scope.spawn(move || {
                        waiting.run(|| {
                            let trino = Trino::start(programs, run, name, options)?;
                            trino.wait_ready()?;
                            Ok(trino)
                        })
                    })
                })
                .collect();
            let control = Control::start(&run, &programs, &options, &listen, &rules, progress);
            let trinos: Result<Vec<Trino>> = starting
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow!("a thread that starts a Trino panicked"))?)
                .collect();
            (trinos, control)
        });
        // Ends of logs, here: with an error the folder and its logs go.
        let with_logs = |error: anyhow::Error| error.context(run.log_tails(25));
        let Control { postgres, relays, clock, trino_gateway, warren_options, warren, envoys, service } =
            control.map_err(with_logs)?;
        let trinos = trinos.map_err(with_logs)?;
        let ports = listen.into_iter().map(|(_, port)| port).collect();
        let stack = Self {
            envoys,
            trinos,
            warren,
            postgres,
            relays,
            clock,
            trino_gateway,
            service,
            programs,
            run,
            ports,
            rules,
            options,
            warren_options,
        };
        let waiting = progress.part("adding clusters, waiting for Envoy to serve");
        waiting
            .run(|| {
                stack.add_clusters()?;
                stack.wait_serving()
            })
            .map_err(|error| error.context(stack.run.log_tails(25)))?;
        Ok(stack)
    }

    /// Address that clients of an Envoy use; the first Envoy is 0.
    pub fn url(&self, envoy: usize) -> Result<String> {
        let port = self
            .ports
            .get(envoy)
            .with_context(|| format!("there is no Envoy {envoy}; there are {}", self.ports.len()))?;
        Ok(format!("http://127.0.0.1:{port}"))
    }

    /// An Envoy; the first is 0.
    pub fn envoy(&self, envoy: usize) -> Result<&Envoy> {
        self.envoys.get(envoy).with_context(|| format!("there is no Envoy {envoy}; there are {}", self.envoys.len()))
    }

    /// A Trino by its cluster's name.
    pub fn trino(&self, name: &str) -> Result<&Trino> {
        self.trinos.iter().find(|trino| trino.name() == name).with_context(|| {
            let known: Vec<&str> = self.trinos.iter().map(Trino::name).collect();
            format!("there is no cluster `{name}`; known: {}", known.join(", "))
        })
    }

    /// The relays, of a stack that was asked for them.
    pub fn relays(&self) -> Result<&Relays> {
        self.relays.as_ref().context("this stack was started without relays (`StackOptions::relays`)")
    }

    /// The clock, of a stack that was asked for one.
    pub fn clock(&self) -> Result<&Clock> {
        self.clock.as_ref().context("this stack was started without a clock (`StackOptions::clock`)")
    }

    /// The Trino Gateway, of a stack that was asked for one.
    pub fn trino_gateway(&self) -> Result<&TrinoGateway> {
        self.trino_gateway.as_ref().context("this stack was started without one (`StackOptions::trino_gateway`)")
    }

    /// The folder of rules that `warren` watches.
    pub fn rules(&self) -> &std::path::Path {
        &self.rules
    }

    /// Group that a cluster was added to; empty for a cluster that the stack did not add.
    pub fn group_of(&self, cluster: &str) -> &str {
        self.options.clusters.iter().find(|(name, _)| name == cluster).map_or("", |(_, group)| group)
    }

    /// Names of the clusters whose coordinator knows this query. One, if all is well: the coordinators' own word.
    pub fn who_knows(&self, query_id: &str) -> Result<Vec<String>> {
        let mut clusters = Vec::new();
        for trino in self.trinos.iter().filter(|trino| trino.process.alive()) {
            if trino.knows(query_id)? {
                clusters.push(trino.name().to_owned());
            }
        }
        Ok(clusters)
    }

    /// Waits until each Envoy has every cluster in its group and in its own Envoy cluster, healthy, and answers a query.
    pub fn wait_serving(&self) -> Result<()> {
        for (number, envoy) in self.envoys.iter().enumerate() {
            envoy.process.wait_until(SERVING, "all clusters to be healthy in it", || {
                let clusters = envoy.admin("/clusters")?;
                for trino in &self.trinos {
                    let healthy = format!("::127.0.0.1:{}::health_flags::healthy", trino.port());
                    let places = clusters.matches(&healthy).count();
                    ensure!(places >= 2, "{} is a healthy endpoint in {places} Envoy clusters, wanted 2", trino.name());
                }
                Ok(())
            })?;
            let url = self.url(number)?;
            let session = Session::user("warren-tests").source("wait-serving");
            eventually(SERVING, &format!("a query through {} to succeed", envoy.name()), || {
                session.run(&url, "SELECT 1")?.success().map(drop)
            })?;
        }
        Ok(())
    }

    /// Puts the stack back as it was at its start, between two cases: processes first, then rows, then rules. A case that
    /// changes anything that is not undone here undoes it itself.
    pub fn reset(&self) -> Result<()> {
        self.revive()?;
        let names: Vec<String> = self.options.clusters.iter().map(|(name, _)| format!("'{name}'")).collect();
        self.postgres.sql(&format!(
            "DELETE FROM gateway_backend WHERE name NOT IN ({}); TRUNCATE warren_group",
            names.join(", ")
        ))?;
        for (name, group) in &self.options.clusters {
            let url = self.trino(name)?.url();
            self.postgres.sql(&format!(
                "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) \
                 VALUES ('{name}', '{group}', '{url}', '{url}', true) ON CONFLICT (name) DO UPDATE SET \
                 routing_group = excluded.routing_group, backend_url = excluded.backend_url, active = true \
                 WHERE (gateway_backend.routing_group, gateway_backend.backend_url, gateway_backend.active) \
                 IS DISTINCT FROM (excluded.routing_group, excluded.backend_url, true)"
            ))?;
        }
        self.put_rules(&self.options.rules)?;
        self.wait_serving()?;
        self.wait_connected()
    }

    /// Waits until each Envoy has come back to a `warren` that was started again, which may take it half a minute: until then
    /// it serves what it has.
    fn wait_connected(&self) -> Result<()> {
        eventually(SERVING, "every Envoy to be connected", || {
            let status = self.status()?;
            for envoy in &self.envoys {
                let streams = status.pointer(&format!("/envoys/{}/streams", envoy.name()));
                let streams = streams.and_then(serde_json::Value::as_u64);
                ensure!(streams > Some(0), "{} is not: {status}", envoy.name());
            }
            Ok(())
        })
    }

    /// Writes the folder of rules, with these files and no others, and waits until every Envoy has accepted what it says.
    pub fn put_rules(&self, files: &[(String, String)]) -> Result<()> {
        for entry in std::fs::read_dir(&self.rules)? {
            let entry = entry?;
            if !files.iter().any(|(file, _)| entry.file_name() == file.as_str()) && entry.file_type()?.is_file() {
                std::fs::remove_file(entry.path())?;
            }
        }
        for (file, text) in files {
            std::fs::write(self.rules.join(file), text).with_context(|| format!("{file}: cannot be written"))?;
        }
        self.wait_rules(files)
    }

    /// Waits until the newest rule set is these files and every Envoy has accepted the snapshot that holds it.
    pub fn wait_rules(&self, files: &[(String, String)]) -> Result<()> {
        eventually(SERVING, "the rules to be in force on every Envoy", || {
            for envoy in &self.envoys {
                let dump = envoy.admin("/config_dump?resource=ecds_filters")?;
                let status = self.status()?;
                let problem = status.pointer("/problems/rules folder");
                ensure!(problem.is_none(), "the rules folder: {problem:?}");
                for (file, text) in files {
                    // As JSON in JSON, which is how the dump shows it.
                    let quoted = serde_json::to_string(&serde_json::to_string(text)?)?;
                    let quoted = quoted.trim_matches('"').trim_matches(['\\', '"']);
                    ensure!(dump.contains(quoted), "{} does not have {file} yet", envoy.name());
                }
            }
            Ok(())
        })
    }

    /// What `warren status --json` says.
    pub fn status(&self) -> Result<serde_json::Value> {
        let said = self.warren.say(&["status", "--json"])?;
        serde_json::from_str(&said.stdout)
            .with_context(|| format!("`warren status --json`: {}{}", said.stdout, said.stderr))
    }

    /// Lets paused processes go on, relays pass, and starts what ended.
    fn revive(&self) -> Result<()> {
        if let Some(clock) = &self.clock {
            clock.set(0)?;
        }
        if let Some(Relays { database, xds }) = &self.relays {
            database.set(Manner::Pass)?;
            database.turn_to(self.postgres.port());
            xds.set(Manner::Pass)?;
            xds.turn_to(self.warren.xds_port());
        }
        for process in self.processes() {
            if process.alive() {
                process.resume()?;
            }
        }
        self.postgres.start_again()?;
        if let Some(gateway) = &self.trino_gateway {
            gateway.start_again()?;
        }
        self.warren.start_again()?;
        for envoy in &self.envoys {
            envoy.start_again()?;
        }
        for trino in self.trinos.iter().filter(|trino| !trino.process.alive()) {
            trino.start_again()?;
        }
        Ok(())
    }

    /// Starts another `warren` on the same database, with the same settings.
    pub fn another_warren(&self, name: &str) -> Result<Warren> {
        let options = WarrenOptions { name: name.to_owned(), ..self.warren_options.clone() };
        Warren::start(&self.run, &options)
    }

    /// Every process of the stack.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        let control = [&self.postgres.process, &self.warren.process];
        let gateway = self.trino_gateway.iter().map(|gateway| &gateway.process);
        let envoys = self.envoys.iter().map(|envoy| &envoy.process);
        control.into_iter().chain(gateway).chain(envoys).chain(self.trinos.iter().map(|trino| &trino.process))
    }

    fn add_clusters(&self) -> Result<()> {
        for (name, group) in &self.options.clusters {
            let url = self.trino(name)?.url();
            self.warren.cli(&["clusters", "add", name, "--url", &url, "--group", group])?;
            self.warren.cli(&["clusters", "activate", name])?;
        }
        Ok(())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // All at once; each process would be stopped at its own drop anyway, one after the other.
        thread::scope(|scope| {
            for process in self.processes() {
                scope.spawn(|| {
                    if let Err(error) = process.stop() {
                        eprintln!("{error:#}");
                    }
                });
            }
        });
    }
}
