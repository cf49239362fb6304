//! Health and load of real Trinos, and what follows from them.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use warren_tests::client::{Query, Session};
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;
use warren_tests::trino::{Trino, TrinoOptions};

use super::SOON;
use super::lifecycle::{ask, cluster};

/// Runs for as long as nobody fetches all of it. A small result is soon made, and its query is not among those that run.
const BUSY: &str = "SELECT * FROM tpch.sf10.lineitem";

fn busy_on(stack: &Stack, slug: &str) -> Result<Query> {
    eventually(SOON, &format!("a query to run on {slug}"), || {
        let mut query = Session::user("alice").source("airflow").start(&stack.url(0)?, BUSY)?;
        if query.slug() != slug {
            query.cancel()?;
            bail!("it landed on {}", query.slug());
        }
        while query.rows.is_empty() && query.step()? {}
        Ok(query)
    })
}

pub(super) fn the_busier_cluster_gets_fewer_queries(stack: &Stack) -> Result<()> {
    let running: Vec<Query> = (0..4).map(|_| busy_on(stack, "etl-1")).collect::<Result<_>>()?;
    eventually(SOON, "etl-1 to get fewer queries", || {
        let (busy, idle) = (cluster(&stack.warren, "etl-1")?, cluster(&stack.warren, "etl-2")?);
        ensure!(busy["load"]["running"].as_u64() >= Some(4), "{busy}");
        ensure!(busy["load"]["workers"] == 1, "{busy}");
        ensure!(busy["weight"].as_u64() <= Some(40) && idle["weight"] == 100, "{busy} {idle}");
        Ok(())
    })?;
    let mut here = 0;
    for _ in 0..40 {
        here += u32::from(ask(stack, "alice")?.slug() == "etl-1");
    }
    // By weight it is at most two in seven; running on both Envoys alike it would be 20.
    ensure!((1..=14).contains(&here), "{here} of 40 queries went to the busy cluster");
    running.iter().try_for_each(|query| query.cancel().map(drop))
}

pub(super) fn a_full_cluster_gets_no_more(stack: &Stack) -> Result<()> {
    stack.warren.cli(&["clusters", "update", "etl-1", "--max-running", "1"])?;
    let running = busy_on(stack, "etl-1")?;
    eventually(SOON, "etl-1 to be full", || {
        let cluster = cluster(&stack.warren, "etl-1")?;
        ensure!(cluster["life"] == "active" && cluster["healthy"] == true, "{cluster}");
        ensure!(cluster["reason"] == "full: as many queries run as may (1)", "{cluster}");
        Ok(())
    })?;
    eventually(SOON, "all queries to go to etl-2", || {
        for _ in 0..10 {
            let query = ask(stack, "alice")?;
            ensure!(query.slug() == "etl-2", "one went to {}", query.slug());
        }
        Ok(())
    })?;
    running.cancel()?;
    stack.warren.cli(&["clusters", "update", "etl-1", "--no-max-running"]).map(drop)
}

pub(super) fn a_group_that_hashes_sends_a_user_always_to_the_same_cluster(stack: &Stack) -> Result<()> {
    stack.warren.cli(&["groups", "set", "etl", "--policy", "hash", "--hash-on", "user"])?;
    eventually(SOON, "each user to have a cluster", || {
        let mut used = BTreeSet::new();
        for user in ["ann", "ben", "cleo", "dan", "eve", "flo", "gus", "hal"] {
            let slugs: BTreeSet<String> =
                (0..5).map(|_| Ok(ask(stack, user)?.slug().to_owned())).collect::<Result<_>>()?;
            ensure!(slugs.len() == 1, "{user} went to {slugs:?}");
            used.extend(slugs);
        }
        ensure!(used.len() == 2, "all went to {used:?}");
        Ok(())
    })?;
    stack.warren.cli(&["groups", "reset", "etl"]).map(drop)
}

pub(super) fn health_can_be_judged_by_metrics_and_by_sql(stack: &Stack) -> Result<()> {
    let update =
        |arguments: &[&str]| stack.warren.cli(&[&["clusters", "update", "etl-1"], arguments].concat()).map(drop);
    let wait = |what: &str, healthy: bool, reason: &str| {
        eventually(SOON, what, || {
            let cluster = cluster(&stack.warren, "etl-1")?;
            ensure!(cluster["healthy"] == healthy && cluster["reason"] == reason, "{cluster}");
            Ok(())
        })
    };
    let nodes = "trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount";
    update(&["--health", "metrics", "--minimum", &format!("{nodes}=2")])?;
    wait("two nodes to be missed", false, &format!("metric {nodes} is 1, below 2"))?;
    update(&["--minimum", &format!("{nodes}=1"), "--up-after", "2"])?;
    wait("one node to be enough", true, "")?;
    let said = stack.warren.say(&["clusters", "update", "etl-1", "--health", "sql"])?;
    assert_eq!(
        (said.code, said.stderr.trim()),
        (1, "the cluster was not changed:\n  health.minimum, health.maximum: they need health.kind `metrics`")
    );
    stack.warren.cli(&["clusters", "remove", "etl-1", "--now"])?;
    let url = stack.trino("etl-1")?.url();
    stack.warren.cli(&["clusters", "add", "etl-1", "--url", &url, "--group", "etl", "--health", "sql", "--active"])?;
    let running = busy_on(stack, "etl-1")?;
    eventually(SOON, "the load by SQL", || {
        let cluster = cluster(&stack.warren, "etl-1")?;
        ensure!(cluster["load"]["running"] == 1 && cluster["load"]["workers"] == 1, "{cluster}");
        Ok(())
    })?;
    running.cancel()?;
    stack.postgres.sql("DELETE FROM warren_cluster WHERE name = 'etl-1'")
}

pub(super) fn editing_a_cluster_does_not_take_it_out(stack: &Stack) -> Result<()> {
    let edits: [&[&str]; 4] = [
        &["--weight", "70"],
        &["--health", "info", "--health-period", "1s"],
        &["--external-url", "https://etl.example"],
        &["--health", "auto", "--weight", "100"],
    ];
    let url = stack.trino("etl-1")?.url();
    for edit in edits {
        stack.warren.cli(&[&["clusters", "update", "etl-1"], edit].concat())?;
        for _ in 0..10 {
            let cluster = cluster(&stack.warren, "etl-1")?;
            ensure!(cluster["life"] == "serving", "after {edit:?}: {cluster}");
            ask(stack, "alice")?;
        }
    }
    stack.warren.cli(&["clusters", "update", "etl-1", "--external-url", &url])?;
    stack.postgres.sql("DELETE FROM warren_cluster WHERE name = 'etl-1'")
}

pub(super) fn a_trino_that_refuses_forwarded_headers_is_not_added(stack: &Stack) -> Result<()> {
    let options = TrinoOptions { forwarded: false, ..TrinoOptions::default() };
    let trino = Trino::start(&stack.programs, &stack.run, "as-it-comes", &options)?;
    trino.wait_ready()?;
    let url = trino.url();
    let said = stack.warren.say(&["clusters", "add", "as-it-comes", "--url", &url])?;
    assert_eq!(
        (said.code, said.stderr.trim()),
        (
            1,
            format!(
                "the cluster was not added:\n  {url}: it refuses X-Forwarded headers; set \
                 http-server.process-forwarded=true in its config.properties"
            )
            .as_str()
        )
    );
    let known = stack.warren.cli(&["clusters", "list", "--json"])?;
    ensure!(!known.contains("as-it-comes"), "{known}");
    Ok(())
}
