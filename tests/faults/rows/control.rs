//! `warren`, or what it listens to and writes to, is not well. No query may notice.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::http;

use super::{SOON, add_spare, change_is_in_force};
use crate::full_disk::SmallDisk;
use crate::scene::Scene;

pub(super) fn warren_killed_in_mid_push(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    scene.fault();
    for time in 0..10_u32 {
        // Envoy clusters, endpoints, rules and routes all change; the death comes sooner or later after it.
        add_spare(&stack.postgres, &format!("spare-{time}"))?;
        scene.lasts(Duration::from_millis(25) * time);
        stack.warren.process.kill9()?;
        stack.warren.start_again()?;
    }
    stack.postgres.sql("DELETE FROM gateway_backend WHERE name LIKE 'spare-%'")?;
    scene.settles()
}

/// What Envoy counts when it takes in something that changed.
const CHANGES: [&str; 4] = [
    "cluster_manager.cluster_modified",
    "cluster_manager.cluster_removed",
    "listener_manager.listener_modified",
    "http.warren.rds.warren.config_reload",
];

pub(super) fn two_warrens(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    let second = scene.keep(stack.another_warren("warren-2")?);
    let version = |url: &str| -> Result<String> {
        let url = format!("{url}/api/v1/status");
        let status = http::get(&url, &[])?.json(&url)?;
        Ok(status["snapshot"].as_str().context("no snapshot")?.to_owned())
    };
    eventually(SOON, "both to serve the same", || {
        let versions = [version(&stack.warren.api_url())?, version(&second.api_url())?];
        ensure!(versions[0] == versions[1], "{versions:?}");
        Ok(())
    })?;
    let counts = || -> Result<Vec<u64>> { CHANGES.iter().map(|stat| stack.envoy(0)?.stat(stat)).collect() };
    let before = counts()?;
    scene.fault();
    for _ in 0..10 {
        for port in [second.xds_port(), stack.warren.xds_port()] {
            stack.relays()?.xds.turn_to(port);
            scene.lasts(Duration::from_millis(500));
        }
    }
    eventually(SOON, "the Envoys to be back", || {
        ensure!(stack.status()?["envoys"]["envoy-1"]["streams"] == 1, "not yet");
        Ok(())
    })?;
    assert_eq!(counts()?, before, "an Envoy that goes from one to the other has nothing to change: {CHANGES:?}");
    // The first one dies; the second one tells Envoys what is new.
    stack.relays()?.xds.turn_to(second.xds_port());
    stack.warren.process.kill9()?;
    change_is_in_force(scene, &stack.postgres)?;
    stack.warren.start_again()?;
    stack.relays()?.xds.turn_to(stack.warren.xds_port());
    scene.settles()
}

pub(super) fn stream_cut(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    scene.fault();
    for time in 0..100_u32 {
        if time % 10 == 0 {
            add_spare(&stack.postgres, &format!("spare-{time}"))?;
        }
        eventually(SOON, "a stream to cut", || {
            ensure!(stack.relays()?.xds.cut() > 0, "none is open");
            Ok(())
        })?;
        scene.lasts(Duration::from_millis(u64::from(time % 7) * 20));
    }
    stack.postgres.sql("DELETE FROM gateway_backend WHERE name LIKE 'spare-%'")?;
    change_is_in_force(scene, &stack.postgres)?;
    scene.settles()
}

pub(super) fn clock_moved(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    scene.fault();
    const DAY: i64 = 24 * 60 * 60;
    // `Wed, 25 Nov 2026 …`, by Envoy's clock: an answer of its own.
    let url = format!("{}/nowhere", stack.url(0)?);
    let today = || -> Result<String> {
        let reply = http::get(&url, &[])?;
        Ok(reply.header("date").context("no date")?.chars().take(16).collect())
    };
    let right = today()?;
    for (number, seconds) in [3 * DAY, -3 * DAY, 60, 0].into_iter().enumerate() {
        stack.clock()?.set(seconds)?;
        scene.lasts(Duration::from_secs(4));
        ensure!((today()? == right) == (seconds.abs() < DAY), "the clock of Envoy was not moved");
        change_is_in_force(scene, &stack.postgres).with_context(|| format!("move {number}, {seconds} s"))?;
    }
    scene.settles()
}

pub(super) fn last_good_disk_full(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    let disk = SmallDisk::over(stack.warren.state_dir(), "64k")?;
    scene.fault();
    disk.fill()?;
    change_is_in_force(scene, &stack.postgres)?;
    let problem = problem(scene, "last good state")?;
    ensure!(problem.contains("No space left on device"), "{problem}");
    scene.settles()?;
    disk.free()?;
    let file = stack.warren.state_dir().join("last-good.json");
    eventually(SOON, "the last good state to be written without anyone acting", || {
        ensure!(file.metadata()?.len() > 0, "it is empty");
        Ok(())
    })?;
    scene.settles()?;
    disk.remove()
}

pub(super) fn last_good_torn(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    scene.fault();
    stack.postgres.process.stop()?;
    stack.warren.process.kill9()?;
    let file = stack.warren.state_dir().join("last-good.json");
    let text = fs::read_to_string(&file)?;
    let half = text.get(..text.len() / 2).context("the last good state is not text")?;
    fs::write(&file, half)?;
    stack.warren.start_again()?;
    let problem = problem(scene, "last good state")?;
    ensure!(problem.contains("is damaged, so it is not used"), "{problem}");
    // It has nothing to give out: Envoys must go on with what they have.
    scene.lasts(Duration::from_secs(8));
    stack.postgres.start_again()?;
    change_is_in_force(scene, &stack.postgres)?;
    scene.settles()
}

/// Good rules, rules that `warren` refuses, and rules that someone wrote into the database behind its back.
pub(super) fn rules_published(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    let folder = stack.run.folder("published")?;
    let file = folder.join("rules.rhai");
    scene.fault();
    let mut last = String::new();
    for number in 0..50 {
        if number % 5 == 1 {
            fs::write(&file, format!("rule(\"r{number}\", |q| route_too(\"adhoc\"));\n"))?;
            let said = stack.warren.say(&["rules", "publish", &folder.display().to_string()])?;
            assert_eq!((said.code, said.stderr.lines().next()), (1, Some("not published, the old rules serve on:")));
        } else if number % 20 == 7 {
            stack.postgres.sql(
                "INSERT INTO warren_rule_set (author, message, files) \
                 VALUES ('someone', 'by hand', '[{\"name\": \"rules.rhai\", \"source\": \"nonsense(\"}]')",
            )?;
        } else {
            last = format!(
                "rule(\"r{number}\", |q| if q.source == \"source-{number}\" {{ deny(\"no {number}\") }});\n\
                 otherwise(route(\"adhoc\"));\n"
            );
            fs::write(&file, &last)?;
            stack.warren.cli(&["rules", "publish", &folder.display().to_string()])?;
        }
    }
    stack.wait_rules(&[("rules.rhai".to_owned(), last)])?;
    for number in 0..stack.envoys.len() {
        let denied = Session::user("alice").source("source-49").run(&stack.url(number)?, "SELECT 1")?;
        assert_eq!(denied.error.map(|error| error.message), Some("no 49".to_owned()));
    }
    stack.warren.cli(&["rules", "publish", &stack.rules().display().to_string()])?;
    scene.settles()
}

/// What the status says of a part, once it says something.
fn problem(scene: &Scene, part: &str) -> Result<String> {
    eventually(SOON, &format!("the status to say what is wrong with: {part}"), || {
        let status = scene.stack.status()?;
        status["problems"][part].as_str().map(str::to_owned).with_context(|| format!("{status}"))
    })
}
