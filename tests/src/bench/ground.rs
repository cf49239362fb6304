//! What all measured programs stand on: the fetched programs, a folder, PostgreSQL, the upstream, the division of the cores.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::kernel::Cores;
use super::upstream;
use crate::fetch::Programs;
use crate::fetch::programs::Part;
use crate::http;
use crate::ports::free_port;
use crate::postgres_server::PostgresServer;
use crate::process::Process;
use crate::progress::Progress;
use crate::run_dir::RunDir;

const READY: Duration = Duration::from_secs(30);

/// Group that the last of the rules picks. Its cluster is the only one: a query that another rule or no rule got hold of
/// fails, and the run with it.
pub(super) const GROUP: &str = "bench";

/// Headers that make a query one of the last rule, as `load.lua` sends them.
pub(super) const QUERY: [(&str, &str); 6] = [
    ("User-Agent", "StatementClientV1/476"),
    ("X-Trino-User", "alice"),
    ("X-Trino-Source", "trino-cli"),
    ("X-Trino-Catalog", "hive"),
    ("X-Trino-Schema", "sales"),
    ("X-Trino-Client-Tags", "team=growth,label=plain"),
];

/// The ground.
#[derive(Debug)]
pub(super) struct Ground {
    /// One database for each program that wants one.
    pub(super) postgres: PostgresServer,
    /// Which cores are whose.
    pub(super) cores: Cores,
    /// Where the programs were fetched to.
    pub(super) programs: Programs,
    /// The folder of this run.
    pub(super) run: RunDir,
    upstream: Process,
    upstream_port: u16,
}

impl Ground {
    /// Fetches what is missing and starts the upstream and PostgreSQL, beside the core of the measured program.
    pub(super) fn prepare(trino_gateway: bool, progress: &Progress) -> Result<Self> {
        let extra: &[Part] = if trino_gateway { &[Part::TrinoGateway] } else { &[] };
        let programs = Programs::fetch_also(extra, progress)?;
        let cores = Cores::divide()?;
        let run = RunDir::new("bench")?;
        let (upstream, upstream_port) = progress.part("upstream").run(|| start_upstream(&run, "upstream"))?;
        let postgres = progress.part("PostgreSQL").run(|| PostgresServer::start(&programs, &run))?;
        Ok(Self { postgres, cores, programs, run, upstream, upstream_port })
    }

    /// Address of the upstream, the only coordinator.
    pub(super) fn upstream_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.upstream_port)
    }

    /// Port of the upstream on 127.0.0.1.
    pub(super) fn upstream_port(&self) -> u16 {
        self.upstream_port
    }

    /// How many queries and follow-ups the upstream has answered.
    pub(super) fn answered(&self) -> Result<u64> {
        let url = format!("{}{}", self.upstream_url(), upstream::COUNTS);
        let counts: Vec<u64> = serde_json::from_value(http::get(&url, &[])?.json(&url)?)?;
        ensure!(self.upstream.alive(), "the upstream ended");
        Ok(counts.iter().sum())
    }
}

/// Starts an upstream, and tells its port.
pub(super) fn start_upstream(run: &RunDir, name: &str) -> Result<(Process, u16)> {
    let port = free_port()?;
    let this_program = std::env::current_exe().context("the running executable cannot be found")?;
    let upstream = Process::new(name, run.log(name), move || {
        let mut command = Command::new(&this_program);
        command.args(["upstream", &port.to_string()]);
        command
    });
    upstream.start()?;
    let url = format!("http://127.0.0.1:{port}/v1/info");
    upstream.wait_until(READY, "/v1/info to answer", || http::get(&url, &[])?.success(&url).map(drop))?;
    Ok((upstream, port))
}

/// Sends one query and returns the path of its `nextUri`, which is asked for once, so that it is known to lead somewhere.
pub(super) fn ask(url: &str) -> Result<String> {
    let statement = format!("{url}/v1/statement");
    let page = http::send("POST", &statement, &QUERY, "SELECT * FROM hive.sales.orders")?.json(&statement)?;
    let next = page.get("nextUri").and_then(Value::as_str).with_context(|| format!("no nextUri: {page}"))?;
    // Trino Gateway's is the upstream's own: the load goes through the measured program, whatever stands before the path.
    let path = next.splitn(4, '/').nth(3).with_context(|| format!("a nextUri without a path: {page}"))?;
    let path = format!("/{path}");
    let page = http::get(&format!("{url}{path}"), &QUERY)?.json("a follow-up")?;
    ensure!(page.pointer("/stats/state").is_some_and(|state| state == "FINISHED"), "not the last page: {page}");
    Ok(path)
}
