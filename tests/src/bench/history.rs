//! What becomes of queries on their way into the history while an Envoy is under full load.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::{Ground, ask};
use super::load::{Load, Wrk};
use super::warren_envoy::{FIVE, WarrenEnvoy};
use crate::envoy::Envoy;
use crate::eventually::eventually;
use crate::progress::Progress;

/// As long as the rows that wait may take to be written after the load.
const DRAINED: Duration = Duration::from_secs(120);

/// Longer than Envoy, and `warren`, hold anything back.
const QUIET: Duration = Duration::from_millis(2_000);

/// One load, by what was kept of each text.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// What is kept.
    pub(super) what: &'static str,
    /// Queries that were answered.
    pub(super) asked: u64,
    /// How long the load was.
    pub(super) seconds: f64,
    /// Of which `warren` was never told: dropped by Envoy.
    pub(super) dropped_by_envoy: u64,
    /// Dropped by `warren`.
    pub(super) dropped_by_warren: u64,
    /// Rows in PostgreSQL, counted there.
    pub(super) rows: u64,
    /// From the beginning of the load until nothing waited any more.
    pub(super) until_written: f64,
}

impl Kept {
    /// Rows a second, while there were any to write.
    pub(super) fn rate(&self) -> f64 {
        self.rows as f64 / self.until_written
    }
}

/// Loads an Envoy with queries for so many seconds, and waits until their history is written.
pub(super) fn measure(ground: &Ground, seconds: u32, progress: &Progress) -> Result<Vec<Kept>> {
    let wrk = Wrk::new()?;
    [("text and hashes", "history-full", "full"), ("hashes only", "history-hashed", "hashed")]
        .into_iter()
        .map(|(what, key, text)| {
            progress.part(&format!("history under load: {what}")).run(|| load(ground, &wrk, (what, key, text), seconds))
        })
        .collect()
}

fn load(ground: &Ground, wrk: &Wrk, (what, key, text): (&'static str, &str, &str), seconds: u32) -> Result<Kept> {
    let envoy = |bootstrap: &str| {
        let start = || Envoy::start(&ground.programs, &ground.run, key, bootstrap, 1);
        ground.cores.starting_on(ground.cores.measured(), start)
    };
    let warren = WarrenEnvoy::start(ground, key, FIVE, &["--history-text", text], envoy)?;
    let follow_up = ask(&warren.url())?;
    let before = drained(&warren)?;
    let begin = Instant::now();
    let counted = wrk.run(&warren.url(), Load::Queries, &follow_up, seconds)?;
    let after = drained(&warren)?;
    // Of which the last stretch was only looking.
    let until_written = (begin.elapsed() - QUIET).as_secs_f64();
    let sql = "SELECT (SELECT count(*) FROM query_history) + (SELECT count(*) FROM warren_query_without_id)";
    let rows: i64 = ground.postgres.connect(&warren.database)?.query_one(sql, &[])?.get(0);
    let gone = |name: &str| Ok::<u64, anyhow::Error>(count(&after, name)? - count(&before, name)?);
    Ok(Kept {
        what,
        asked: counted.requests,
        seconds: f64::from(seconds),
        dropped_by_envoy: counted.requests.saturating_sub(gone("received")?),
        dropped_by_warren: gone("dropped_full")? + gone("dropped_refused")?,
        rows: u64::try_from(rows)?.saturating_sub(count(&before, "written")?),
        until_written,
    })
}

/// The history's counts, once nothing is under way: Envoy sends each second, and what came is written soon after.
fn drained(warren: &WarrenEnvoy) -> Result<Value> {
    let mut last = None;
    eventually(DRAINED, "the history to be written", || {
        let status: Value = serde_json::from_str(&warren.warren.say(&["status", "--json"])?.stdout)?;
        let history = status.get("history").cloned().context("no history in the status")?;
        let waiting = count(&history, "waiting")?;
        anyhow::ensure!(waiting == 0, "{waiting} rows wait");
        let received = count(&history, "received")?;
        let seen = *last.get_or_insert((received, Instant::now()));
        if seen.0 != received {
            last = Some((received, Instant::now()));
        }
        anyhow::ensure!(
            seen.0 == received && seen.1.elapsed() > QUIET,
            "Envoy may be about to send more than {received}"
        );
        Ok(history)
    })
}

fn count(history: &Value, name: &str) -> Result<u64> {
    history.get(name).and_then(Value::as_u64).with_context(|| format!("no `{name}` in {history}"))
}
