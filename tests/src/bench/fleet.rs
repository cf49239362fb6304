//! A thousand clusters and fifty Envoys: how long a change takes to reach all of them, and what it weighs. The Envoys are
//! simulated (`envoy/examples/fleet.rs`): they subscribe and accept as real ones do, and keep nothing.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::ground::Ground;
use super::kernel;
use super::statistics::Spread;
use crate::eventually::eventually;
use crate::ports::free_port;
use crate::progress::Progress;
use crate::warren::{Warren, WarrenOptions};

const CLUSTERS: usize = 1_000;
const GROUPS: usize = 100;
const ENVOYS: usize = 50;

/// A thousand rows, healthy without being asked: whether coordinators answer is not what is measured.
const ROWS: &str = "
    INSERT INTO warren_cluster (name, health) SELECT 'c-' || n, '{\"kind\": \"none\"}' FROM generate_series(1, $CLUSTERS) AS n;
    INSERT INTO gateway_backend SELECT 'c-' || n, 'g-' || n % $GROUPS, 'http://127.0.0.1:' || 20000 + n, NULL, true
    FROM generate_series(1, $CLUSTERS) AS n";

/// Known to all Envoys, however long the first push takes.
const KNOWN: Duration = Duration::from_secs(120);

/// What one kind of change came to.
#[derive(Debug, Clone)]
pub(super) struct Pushed {
    /// What changed.
    pub(super) what: &'static str,
    /// From the commit until the last Envoy had got the first of it, in milliseconds.
    pub(super) reached: Spread,
    /// And the last of it: routes wait for up to a second.
    pub(super) all: Spread,
    /// To all Envoys together, in megabytes.
    pub(super) megabytes: Spread,
    /// `warren`'s memory afterwards, in megabytes.
    pub(super) memory: f64,
}

/// As the program prints it.
#[derive(Deserialize)]
struct Wave {
    envoys: usize,
    bytes: u64,
    all_reached_at: u64,
    last_at: u64,
}

/// The simulated Envoys, running.
struct Fleet {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Starts them, and makes each change so many times.
pub(super) fn measure(ground: &Ground, times: usize, progress: &Progress) -> Result<Vec<Pushed>> {
    let url = ground.postgres.create_database("fleet")?;
    let options = WarrenOptions {
        name: "fleet-warren".to_owned(),
        database_url: url,
        listen: free_port()?,
        default_group: "g-0".to_owned(),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&ground.run, &options)?;
    let mut database = ground.postgres.connect("fleet")?;
    eventually(KNOWN, "the tables to be there", || Ok(database.batch_execute("SELECT FROM warren_judge")?))?;
    let fill = ROWS.replace("$CLUSTERS", &CLUSTERS.to_string()).replace("$GROUPS", &GROUPS.to_string());
    database.batch_execute(&fill).context("the rows cannot be written")?;
    eventually(KNOWN, "all clusters to be served", || {
        let served = warren.cli(&["clusters", "list", "--json"])?.matches("\"serving\"").count();
        ensure!(served == CLUSTERS, "{served} of {CLUSTERS} serve");
        Ok(())
    })?;
    let memory =
        || Ok::<f64, anyhow::Error>(warren.process.pid().map(kernel::memory).transpose()?.unwrap_or(0) as f64 / 1e6);

    let since = micros();
    let starting = progress.part(&format!("{ENVOYS} simulated Envoys"));
    let (mut fleet, first) = starting.run(|| Fleet::start(&warren.xds_address()))?;
    let mut pushed = vec![Pushed {
        what: "all of it, to Envoys that start",
        reached: one(first.all_reached_at, since),
        all: one(first.last_at, since),
        megabytes: Spread::of(&[first.bytes as f64 / 1e6]).context("nothing came")?,
        memory: memory()?,
    }];
    for (what, sql) in [
        (
            "a cluster is deactivated, or activated again",
            "UPDATE gateway_backend SET active = NOT active WHERE name = 'c-500'",
        ),
        (
            "a cluster is added",
            "INSERT INTO gateway_backend SELECT 'new-' || count(*), 'g-1', 'http://127.0.0.1:' || 30000 + count(*), NULL, true FROM gateway_backend",
        ),
    ] {
        let part = progress.part(&format!("{times} times, to {ENVOYS} Envoys: {what}"));
        let waves = part
            .run(|| (0..times).map(|_| fleet.after(|| Ok(database.batch_execute(sql)?))).collect::<Result<Vec<_>>>())?;
        let spread = |of: fn(&(u64, Wave)) -> f64| {
            Spread::of(&waves.iter().map(of).collect::<Vec<_>>()).context("nothing was changed")
        };
        pushed.push(Pushed {
            what,
            reached: spread(|(since, wave)| wave.all_reached_at.saturating_sub(*since) as f64 / 1e3)?,
            all: spread(|(since, wave)| wave.last_at.saturating_sub(*since) as f64 / 1e3)?,
            megabytes: spread(|(_, wave)| wave.bytes as f64 / 1e6)?,
            memory: memory()?,
        });
    }
    Ok(pushed)
}

fn one(at: u64, since: u64) -> Spread {
    let took = at.saturating_sub(since) as f64 / 1e3;
    Spread { median: took, least: took, most: took }
}

fn micros() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}

impl Fleet {
    /// Starts them, and waits until each has everything.
    fn start(xds: &str) -> Result<(Self, Wave)> {
        let mut child = Command::new(program()?)
            .args([xds, &ENVOYS.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the simulated Envoys cannot be started")?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?);
        let mut fleet = Self { child, input, output };
        let first = fleet.wave()?;
        Ok((fleet, first))
    }

    /// What comes of a change; and when it was committed.
    fn after(&mut self, change: impl FnOnce() -> Result<()>) -> Result<(u64, Wave)> {
        self.input.write_all(b"\n").and_then(|()| self.input.flush()).context("the simulated Envoys ended")?;
        change()?;
        let since = micros();
        Ok((since, self.wave()?))
    }

    fn wave(&mut self) -> Result<Wave> {
        let mut line = String::new();
        self.output.read_line(&mut line).context("the simulated Envoys ended")?;
        let wave: Wave = serde_json::from_str(&line).with_context(|| format!("the simulated Envoys said `{line}`"))?;
        ensure!(wave.envoys == ENVOYS, "{} of {ENVOYS} Envoys were reached", wave.envoys);
        Ok(wave)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// `fleet` as built beside the running executable.
fn program() -> Result<PathBuf> {
    let here = std::env::current_exe().context("the running executable cannot be found")?;
    let program = here.with_file_name("examples").join("fleet");
    ensure!(program.is_file(), "{} is not there; `make bench` builds it", program.display());
    Ok(program)
}
