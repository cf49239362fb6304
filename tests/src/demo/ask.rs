//! The demo's queries: what is asked, what should become of it, and what did.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::answer::{Answer, Decision};
use crate::clients::cli::plain;
use crate::interrupt::interrupted;
use crate::stack::Stack;
use crate::warren::warren_alone;

/// A query of the demo.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Who asks.
    pub user: &'static str,
    /// With which program.
    pub source: &'static str,
    /// Client tags, separated by commas.
    pub tags: &'static str,
    /// Statement.
    pub sql: &'static str,
    /// Rows it returns.
    pub rows: usize,
    /// Where it should go, by the rules of `rules/samples/demo`.
    pub wanted: Wanted,
}

/// What should become of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A cluster of this group runs it.
    Group(&'static str),
    /// No cluster sees it.
    Denied,
}

const NATIONS: &str = "SELECT name FROM tpch.tiny.nation ORDER BY name";
const REGIONS: &str = "SELECT name FROM tpch.tiny.region";
const COUNT: &str = "SELECT count(*) FROM tpch.tiny.orders";

const fn ask(
    user: &'static str,
    source: &'static str,
    tags: &'static str,
    sql: &'static str,
    rows: usize,
    wanted: Wanted,
) -> Ask {
    Ask { user, source, tags, sql, rows, wanted }
}

/// The queries of the demo.
pub const ASKS: &[Ask] = &[
    ask("scheduler", "airflow", "", COUNT, 1, Wanted::Group("etl")),
    ask("scheduler", "airflow-nightly", "", NATIONS, 25, Wanted::Group("etl")),
    ask("transform", "dbt-1.10", "", REGIONS, 5, Wanted::Group("etl")),
    ask("bob", "notebook", "etl", COUNT, 1, Wanted::Group("etl")),
    ask("ceo", "superset", "", NATIONS, 25, Wanted::Group("etl")),
    ask("alice", "superset", "dashboard", REGIONS, 5, Wanted::Group("adhoc")),
    ask("carol", "trino-cli", "", NATIONS, 25, Wanted::Group("adhoc")),
    ask("intern", "trino-cli", "", COUNT, 1, Wanted::Group("adhoc")),
    ask("intern", "tableau", "", COUNT, 1, Wanted::Denied),
];

/// How many CLIs run at once: each is a Java that wants a core to start.
const AT_ONCE: usize = 3;

/// Asks through the first Envoy with the real Trino CLI, then asks the coordinators who ran what.
pub fn ask_all(stack: &Stack, asks: &[Ask]) -> Result<Vec<Answer>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(ask) = asks.get(number) else {
                            return Ok(());
                        };
                        ensure!(!interrupted(), "interrupted");
                        let result = run_cli(stack, number, ask)?;
                        results
                            .lock()
                            .map_err(|_| anyhow!("a thread that runs the CLI panicked"))?
                            .insert(number, result);
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread that runs the CLI panicked"))?)
    })?;
    let results = results.into_inner().map_err(|_| anyhow!("a thread that runs the CLI panicked"))?;
    let mut seen: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for trino in &stack.trinos {
        let group = stack.group_of(trino.name()).to_owned();
        for query in trino.queries()? {
            if let Some(token) = query.session.trace_token {
                seen.entry(token).or_default().push((trino.name().to_owned(), group.clone()));
            }
        }
    }
    asks.iter()
        .zip(results.into_values())
        .enumerate()
        .map(|(number, (ask, result))| {
            let clusters = seen.remove(&token(number)).unwrap_or_default();
            Ok(Answer { ask: *ask, decision: decide(stack, ask)?, clusters, result })
        })
        .collect()
}

/// Marks the query, so that it can be found at the coordinators.
fn token(number: usize) -> String {
    format!("warren-demo-{number}")
}

fn run_cli(stack: &Stack, number: usize, ask: &Ask) -> Result<Result<Vec<String>, String>> {
    let mut command = Command::new(stack.programs.java()?);
    command.arg("-XX:TieredStopAtLevel=1").arg("-jar").arg(stack.programs.trino_cli()?);
    command.args(["--server", &stack.url(0)?, "--user", ask.user, "--source", ask.source]);
    command.args(["--trace-token", &token(number), "--output-format", "TSV", "--execute", ask.sql]);
    if !ask.tags.is_empty() {
        command.args(["--client-tags", ask.tags]);
    }
    // A home of its own: the CLI reads settings from the user's.
    let home = stack.run.folder("trino-cli")?;
    command.env("HOME", &home).env("TERM", "dumb").current_dir(&home).stdin(Stdio::null());
    let output = command.output().context("the Trino CLI cannot be started")?;
    if output.status.success() {
        return Ok(Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()));
    }
    Ok(Err(plain(&String::from_utf8_lossy(&output.stderr))))
}

fn decide(stack: &Stack, ask: &Ask) -> Result<Decision> {
    let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for trino in &stack.trinos {
        let cluster = json!({"cluster": trino.name(), "healthy": true, "running": 0, "queued": 0});
        groups.entry(stack.group_of(trino.name())).or_default().push(cluster);
    }
    let mut headers = json!({"X-Trino-User": ask.user, "X-Trino-Source": ask.source});
    if let Some(headers) = headers.as_object_mut().filter(|_| !ask.tags.is_empty()) {
        headers.insert("X-Trino-Client-Tags".to_owned(), ask.tags.into());
    }
    let query =
        json!({"method": "POST", "path": "/v1/statement", "headers": headers, "body": ask.sql, "groups": groups});
    let rules = stack.rules().display().to_string();
    let said = warren_alone(&["rules", "decide", &rules, "--json"], &query.to_string())?;
    ensure!(said.code == 0, "`warren rules decide` ended with {}: {}{}", said.code, said.stderr, said.stdout);
    serde_json::from_str(&said.stdout).with_context(|| format!("`warren rules decide` said: {}", said.stdout))
}
