//! A cluster with workers, on a Warren and a database of its own: one worker ends under a query, then all of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::trino::{Role, Trino, TrinoOptions};
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;
use super::lifecycle::{cluster, wait_life};

/// Tasks of it run for some seconds on every worker.
const LONG: &str = "SELECT count(*), sum(extendedprice) FROM tpch.sf10.lineitem";
/// Trino waits twice for its grace period, and for tasks between.
const ENDING: Duration = Duration::from_secs(120);

fn options(role: Role) -> TrinoOptions {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    TrinoOptions {
        role,
        config: vec!["shutdown.grace-period=2s".to_owned()],
        files: vec![
            file("access-control.properties", "access-control.name=file\nsecurity.config-file=etc/rules.json\n"),
            file("rules.json", "{\"system_information\": [{\"user\": \"warren\", \"allow\": [\"read\", \"write\"]}]}"),
        ],
        ..TrinoOptions::default()
    }
}

fn workers(warren: &Warren) -> Result<Vec<Value>> {
    let said: Value = serde_json::from_str(&warren.cli(&["clusters", "workers", "big", "--json"])?)?;
    said.as_array().cloned().context("no list")
}

pub(super) fn a_worker_with_tasks_ends_and_its_query_finishes_and_then_the_whole_cluster_ends(
    stack: &Stack,
) -> Result<()> {
    let start = |name: &str, role| Trino::start(&stack.programs, &stack.run, name, &options(role));
    let coordinator = start("big", Role::Coordinator)?;
    let (one, two) =
        (start("worker-1", Role::Worker(coordinator.url()))?, start("worker-2", Role::Worker(coordinator.url()))?);
    let stop = stack.run.folder("stop")?.join("stop");
    let pid = coordinator.process.pid().context("the coordinator ended")?;
    fs::write(&stop, format!("#!/bin/sh\ntest \"$WARREN_CLUSTER\" = big && kill {pid}\n"))?;
    fs::set_permissions(&stop, fs::Permissions::from_mode(0o755))?;

    let port = free_port()?;
    let options = WarrenOptions {
        name: "warren-big".to_owned(),
        database_url: stack.postgres.create_database("big")?,
        listen: port,
        default_group: "big".to_owned(),
        more: vec!["--stop-command".to_owned(), stop.display().to_string()],
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let envoy = Envoy::start(&stack.programs, &stack.run, "envoy-big", &warren.bootstrap("envoy-big", port)?, 1)?;
    for trino in [&coordinator, &one, &two] {
        trino.wait_started()?;
    }
    warren.cli(&["clusters", "add", "big", "--url", &coordinator.url(), "--active"])?;
    envoy.wait_live()?;
    eventually(ENDING, "both workers to be there and the cluster to serve", || {
        let active = workers(&warren)?.iter().filter(|w| w["state"] == "active").count();
        ensure!(active == 2, "{active} workers are active");
        let cluster = cluster(&warren, "big")?;
        ensure!(cluster["life"] == "serving", "{cluster}");
        Ok(())
    })?;

    let url = format!("http://127.0.0.1:{port}");
    let want = Session::user("alice").run(&url, LONG)?.success()?.rows;
    let mut running = Session::user("alice").start(&url, LONG)?;
    let tasks = eventually(SOON, "the query to have tasks on worker-2", || {
        running.step()?;
        let all = workers(&warren)?;
        let two = all.iter().find(|w| w["node_id"] == "worker-2").context("worker-2 is not listed")?;
        two["tasks"].as_u64().filter(|tasks| *tasks > 0).with_context(|| format!("{two}"))
    })?;
    warren.cli(&["clusters", "shutdown-worker", "big", "worker-2"])?;
    ensure!(tasks > 0, "no tasks");
    running.finish()?;
    assert_eq!(running.success()?.rows, want, "with a worker that ended under it");
    let waited = eventually(ENDING, "worker-2 to end", || {
        ensure!(!two.process.alive(), "it still runs");
        Ok(two.process.log_tail(400))
    })?;
    let line =
        waited.lines().find(|line| line.contains("Waiting for")).context("it did not wait for tasks")?.to_owned();
    ensure!(!line.contains("Waiting for 0"), "it had no tasks when it was told: {line}");

    let said = warren.say(&["clusters", "shutdown", "big"])?;
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{}", said.stdout);
    ensure!(said.stdout.ends_with("`big` is stopped\n"), "{}", said.stdout);
    ensure!(!one.process.alive() && !coordinator.process.alive(), "something still runs");
    wait_life(&warren, "big", "stopped")?;
    warren.cli(&["clusters", "remove", "big"]).map(drop)
}
