//! How long a change takes until it is in force on an Envoy.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use postgres::Client;
use serde_json::{Value, json};

use super::ground::{GROUP, Ground, QUERY, start_upstream};
use super::statistics::percentile;
use super::warren_envoy::{FIVE, WarrenEnvoy};
use crate::envoy::Envoy;
use crate::eventually::{eventually, finely, pause};
use crate::http::{self, Reply};
use crate::progress::Progress;

const IN_FORCE: Duration = Duration::from_secs(30);

/// Rules are pushed once a second at most; a publish that follows closer on another waits for that, which is not what is
/// measured.
const APART: Duration = Duration::from_millis(1_100);

/// Many changes of one kind.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    /// From where to where.
    pub(super) what: &'static str,
    /// How many.
    pub(super) count: usize,
    /// Half took no longer, in milliseconds.
    pub(super) p50: f64,
    /// 99 of 100 took no longer, in milliseconds.
    pub(super) p99: f64,
    /// The longest, in milliseconds.
    pub(super) most: f64,
}

/// Changes a row, and publishes rules, so many times each, and asks through Envoy until the answer is the new one.
pub(super) fn measure(ground: &Ground, count: usize, progress: &Progress) -> Result<Vec<Changes>> {
    let start = |bootstrap: &str| {
        let start = || Envoy::start(&ground.programs, &ground.run, "changes", bootstrap, 1);
        ground.cores.starting_on(ground.cores.measured(), start)
    };
    let warren = WarrenEnvoy::start(ground, "changes", FIVE, &["--show-rule", "true"], start)?;
    // Asleep until the first swap; probed all along, so that its health is known by then.
    let (_second, port) = start_upstream(&ground.run, "upstream-2")?;
    let url = format!("http://127.0.0.1:{port}");
    warren.warren.cli(&["clusters", "add", "bench-2", "--url", &url, "--group", GROUP])?;
    eventually(IN_FORCE, "bench-2 to be known", || {
        let dump = warren.envoy.admin("/clusters")?;
        ensure!(dump.contains(&format!(":{port}::")), "it is not among Envoy's clusters");
        Ok(())
    })?;
    let mut database = ground.postgres.connect(&warren.database)?;
    let rows = progress.part(&format!("{count} changes of a row")).run(|| {
        changes("row committed in PostgreSQL → in force", count, |_| swap_clusters(&warren, &mut database))
    })?;
    let rules = progress.part(&format!("{count} publishes of rules")).run(|| {
        changes("rules sent to the API → in force", count, |number| {
            pause(APART);
            publish(&warren, number)
        })
    })?;
    Ok(vec![rows, rules])
}

fn changes(what: &'static str, count: usize, mut change: impl FnMut(usize) -> Result<Duration>) -> Result<Changes> {
    let mut took = Vec::new();
    for number in 0..count {
        took.push(change(number)?.as_secs_f64() * 1e3);
    }
    let at = |percent| percentile(&took, percent).context("no change was made");
    Ok(Changes { what, count, p50: at(50.0)?, p99: at(99.0)?, most: at(100.0)? })
}

/// Takes the one cluster of the group out and another one in, in one statement: a group that always has one cluster, so that
/// the answer's prefix says which. From the end of the commit.
fn swap_clusters(warren: &WarrenEnvoy, database: &mut Client) -> Result<Duration> {
    let before = prefix(&warren.url())?;
    database.batch_execute("UPDATE gateway_backend SET active = NOT active").context("UPDATE")?;
    let since = Instant::now();
    finely(IN_FORCE, "the other cluster to be in force", || {
        let now = prefix(&warren.url())?;
        ensure!(now != before, "still {now}");
        Ok(())
    })?;
    Ok(since.elapsed())
}

/// Publishes the rules with another name for the last of them, which the answer tells. From the call of the API.
fn publish(warren: &WarrenEnvoy, number: usize) -> Result<Duration> {
    let name = format!("hive {number}");
    let rules = FIVE.replace("\"hive\",", &format!("\"{name}\","));
    let body = json!({"files": [{"name": "rules.rhai", "source": rules}], "message": name}).to_string();
    let api = format!("{}/api/v1/rules", warren.warren.api_url());
    let since = Instant::now();
    http::send("POST", &api, &[("Content-Type", "application/json")], &body)?.success(&api)?;
    finely(IN_FORCE, "the new rule to be in force", || {
        let reply = query(&warren.url())?;
        ensure!(reply.header("x-warren-rule") == Some(&name), "still {:?}", reply.header("x-warren-rule"));
        Ok(())
    })?;
    Ok(since.elapsed())
}

/// `/c/<slug>` of the cluster that answered.
fn prefix(url: &str) -> Result<String> {
    let page = query(url)?.json("a query")?;
    let next = page.get("nextUri").and_then(Value::as_str).with_context(|| format!("no nextUri: {page}"))?;
    let prefix = next.split_once("/v1/").map(|(before, _)| before).and_then(|before| before.split_once("/c/"));
    Ok(prefix.with_context(|| format!("a nextUri without a prefix: {page}"))?.1.to_owned())
}

fn query(url: &str) -> Result<Reply> {
    http::send("POST", &format!("{url}/v1/statement"), &QUERY, "SELECT 1")
}
