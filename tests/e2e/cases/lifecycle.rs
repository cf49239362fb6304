//! A cluster's life, with real queries on it.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use warren_tests::client::{Query, Session};
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;
use super::clusters::{finish, running_on, wait_all_new_queries_on};

/// A cluster as `warren clusters list` shows it.
pub(super) fn cluster(warren: &Warren, name: &str) -> Result<Value> {
    let all: Value = serde_json::from_str(&warren.cli(&["clusters", "list", "--json"])?)?;
    let found = all.as_array().and_then(|all| all.iter().find(|c| c["name"] == name && c["retired"] == false));
    found.cloned().with_context(|| format!("no cluster `{name}` in {all}"))
}

pub(super) fn wait_life(warren: &Warren, name: &str, life: &str) -> Result<()> {
    eventually(SOON, &format!("{name} to be {life}"), || {
        let cluster = cluster(warren, name)?;
        ensure!(cluster["life"] == life, "{cluster}");
        Ok(())
    })
}

/// The newest operation of a cluster.
fn operation(warren: &Warren, name: &str) -> Result<Value> {
    let url = format!("{}/api/v1/clusters/{name}/operation", warren.api_url());
    http::get(&url, &[])?.json(&url)
}

pub(super) fn a_drain_ends_when_the_last_query_does_and_loses_none(stack: &Stack) -> Result<()> {
    let running: Vec<Query> = (0..3).map(|_| running_on(stack, "etl-1")).collect::<Result<_>>()?;
    thread::scope(|scope| -> Result<()> {
        let drain = scope.spawn(|| stack.warren.say(&["clusters", "drain", "etl-1", "--json", "--deadline", "60s"]));
        wait_all_new_queries_on(stack, "etl-2")?;
        wait_life(&stack.warren, "etl-1", "draining")?;
        eventually(SOON, "the drain to count the three queries", || {
            let now = operation(&stack.warren, "etl-1")?;
            ensure!(now["left"]["running"] == 3 && now["left"]["queued"] == 0 && now["step"] == "draining", "{now}");
            Ok(())
        })?;
        ensure!(!drain.is_finished(), "the drain ended though three queries run");
        for query in running {
            ensure!(!drain.is_finished(), "the drain ended before the last query did");
            finish(query, stack, "etl-1")?;
        }
        let said = drain.join().map_err(|_| anyhow!("the drain panicked"))??;
        let last: Value = serde_json::from_str(said.stdout.lines().last().unwrap_or_default())?;
        assert_eq!((said.code, &last["step"], &last["left"]["running"]), (0, &"done".into(), &0.into()), "{last}");
        Ok(())
    })?;
    wait_life(&stack.warren, "etl-1", "drained")?;
    assert_eq!(
        stack.warren.cli(&["clusters", "drain", "etl-1"])?.trim(),
        "nothing to do: `etl-1` is there already",
        "a drain twice is a drain"
    );
    stack.warren.cli(&["clusters", "activate", "etl-1"])?;
    wait_life(&stack.warren, "etl-1", "serving")
}

pub(super) fn a_drain_is_given_up_at_its_deadline_and_undone_by_activating(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    let said = stack.warren.say(&["clusters", "drain", "etl-1", "--deadline", "2s"])?;
    assert_eq!(
        (said.code, said.stderr.trim()),
        (1, "`etl-1`: given up at its deadline; 1 running, 0 queued"),
        "{}",
        said.stdout
    );
    wait_life(&stack.warren, "etl-1", "draining")?;

    stack.warren.cli(&["clusters", "drain", "etl-1", "--no-wait"])?;
    stack.warren.cli(&["clusters", "activate", "etl-1"])?;
    wait_life(&stack.warren, "etl-1", "serving")?;
    assert_eq!(operation(&stack.warren, "etl-1")?["step"], "undone");
    finish(running, stack, "etl-1")
}

/// What the judge found out is the same before and after; the other one has forgotten it in between.
pub(super) fn a_cluster_that_went_and_came_back_is_known_to_the_warren_that_follows(stack: &Stack) -> Result<()> {
    let options = |name: &str, database_url: &str| WarrenOptions {
        name: name.to_owned(),
        database_url: database_url.to_owned(),
        default_group: "adhoc".to_owned(),
        ..WarrenOptions::default()
    };
    let database = stack.postgres.create_database("follower")?;
    let judge = Warren::start(&stack.run, &options("warren-judge", &database))?;
    judge.cli(&["clusters", "add", "dead", "--url", "http://127.0.0.1:1", "--active"])?;
    eventually(SOON, "the first to judge", || role_is(&judge, "judge"))?;
    let follower = Warren::start(&stack.run, &options("warren-follower", &database))?;
    eventually(SOON, "the second to follow", || role_is(&follower, "follower"))?;
    let known = || {
        for warren in [&judge, &follower] {
            let reason = cluster(warren, "dead")?["reason"].clone();
            ensure!(reason == "no connection", "{reason}");
        }
        Ok(())
    };
    eventually(SOON, "both to know that it is dead", known)?;
    let mut sql = stack.postgres.connect("follower")?;
    let kept = "CREATE TABLE kept AS SELECT * FROM gateway_backend; DELETE FROM gateway_backend";
    sql.batch_execute(kept)?;
    eventually(SOON, "it to be gone", || {
        let shown = follower.cli(&["clusters", "list", "--json"])?;
        ensure!(shown.contains("\"retired\": true"), "{shown}");
        Ok(())
    })?;
    sql.batch_execute("INSERT INTO gateway_backend SELECT * FROM kept")?;
    eventually(SOON, "both to know that it is dead again", known)
}

fn role_is(warren: &Warren, want: &str) -> Result<()> {
    let role = serde_json::from_str::<Value>(&warren.say(&["status", "--json"])?.stdout)?["role"].clone();
    ensure!(role == want, "{role}");
    Ok(())
}

pub(super) fn another_warren_finishes_a_drain(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    let other = stack.another_warren("warren-2")?;
    let role = |warren: &Warren| -> Result<Value> {
        Ok(serde_json::from_str::<Value>(&warren.say(&["status", "--json"])?.stdout)?["role"].clone())
    };
    eventually(SOON, "one to judge and the other to follow", || {
        let roles = (role(&stack.warren)?, role(&other)?);
        ensure!(roles == ("judge".into(), "follower".into()), "{roles:?}");
        ensure!(cluster(&other, "etl-1")?["life"] == "serving", "the other has not heard of it");
        Ok(())
    })?;
    // Asked of the one that does not judge, and carried out by the one that does.
    other.cli(&["clusters", "drain", "etl-1", "--no-wait"])?;
    eventually(SOON, "the judge to count", || {
        let now = operation(&other, "etl-1")?;
        ensure!(now["left"]["running"] == 1, "{now}");
        Ok(())
    })?;
    stack.warren.process.kill9()?;
    eventually(SOON, "the other to judge", || {
        ensure!(role(&other)? == "judge", "{}", role(&other)?);
        Ok(())
    })?;
    stack.postgres.process.stop()?;
    stack.postgres.start_again()?;
    eventually(SOON, "the other to judge again", || {
        ensure!(role(&other)? == "judge", "{}", role(&other)?);
        ensure!(operation(&other, "etl-1")?["step"] == "draining", "it ended");
        Ok(())
    })?;
    finish(running, stack, "etl-1")?;
    eventually(SOON, "the other to finish the drain", || {
        let now = operation(&other, "etl-1")?;
        ensure!(now["step"] == "done", "{now}");
        ensure!(cluster(&other, "etl-1")?["life"] == "drained", "{}", cluster(&other, "etl-1")?);
        Ok(())
    })
}

pub(super) fn a_cluster_that_may_run_queries_is_not_removed(stack: &Stack) -> Result<()> {
    let said = stack.warren.say(&["clusters", "remove", "etl-1"])?;
    assert_eq!(
        (said.code, said.stderr.trim()),
        (
            1,
            "cluster `etl-1`: it may take queries; drain it first, or remove it at once (now): its running queries go on \
             for as long as retired addresses are kept"
        )
    );
    let running = running_on(stack, "etl-1")?;
    stack.warren.cli(&["clusters", "remove", "etl-1", "--now"])?;
    wait_all_new_queries_on(stack, "etl-2")?;
    finish(running, stack, "etl-1")
}

pub(super) fn every_change_is_recorded_with_who_made_it(stack: &Stack) -> Result<()> {
    stack.warren.cli(&["clusters", "deactivate", "etl-2"])?;
    stack.postgres.sql("UPDATE gateway_backend SET active = true WHERE name = 'etl-2'")?;
    let entries: Value = serde_json::from_str(&stack.warren.cli(&["audit", "etl-2", "--json", "--limit", "50"])?)?;
    let entries: Vec<&Value> = entries.as_array().into_iter().flatten().filter(|e| e["kind"] == "cluster").collect();
    let (theirs, ours) = (entries[0], entries[1]);
    assert_eq!(ours["action"], "deactivate");
    let actor = ours["actor"].as_str().unwrap_or_default();
    ensure!(actor.starts_with("local, says ") && actor.contains('@'), "{actor}");
    assert_eq!((&ours["before"]["active"], &ours["after"]["active"]), (&true.into(), &false.into()));
    assert_eq!(theirs["action"], "update");
    let actor = theirs["actor"].as_str().unwrap_or_default();
    ensure!(actor.starts_with(stack.postgres.role()), "{actor}");
    assert_eq!((&theirs["before"]["active"], &theirs["after"]["active"]), (&false.into(), &true.into()));
    Ok(())
}

pub(super) fn a_renamed_cluster_keeps_its_queries(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    stack.warren.cli(&["clusters", "rename", "etl-1", "nightly"])?;
    wait_life(&stack.warren, "nightly", "serving")?;
    // The slug is the address's: new queries and running ones go by the same.
    running_on(stack, "etl-1")?.cancel()?;
    finish(running, stack, "etl-1")?;
    let said = stack.warren.say(&["clusters", "rename", "nightly", "etl-2"])?;
    assert_eq!((said.code, said.stderr.trim()), (1, "cluster `etl-2` exists already"));
    stack.warren.cli(&["clusters", "rename", "nightly", "etl-1"])?;
    wait_life(&stack.warren, "etl-1", "serving")
}

pub(super) fn a_change_based_on_something_outdated_is_refused(stack: &Stack) -> Result<()> {
    let url = format!("{}/api/v1/clusters/etl-1", stack.warren.api_url());
    let tag = http::get(&url, &[])?.header("etag").context("no ETag")?.to_owned();
    let change = |tag: &str, body: &str| {
        http::send("PATCH", &url, &[("Content-Type", "application/json"), ("If-Match", tag)], body)
    };
    assert_eq!(change(&tag, "{\"weight\": 50}")?.status, 200);
    let refused = change(&tag, "{\"weight\": 60}")?;
    assert_eq!(refused.status, 412);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let problem: Value = serde_json::from_str(&refused.body)?;
    assert_eq!(problem["title"], "cluster `etl-1` was changed meanwhile; read it again");
    eventually(SOON, "the first change to be in force", || {
        let cluster = cluster(&stack.warren, "etl-1")?;
        ensure!(cluster["settings"]["weight"] == 50, "{cluster}");
        Ok(())
    })?;
    stack.warren.cli(&["clusters", "update", "etl-1", "--weight", "100"]).map(drop)
}

/// Of use to the cases beside this one.
pub(super) fn ask(stack: &Stack, user: &str) -> Result<Query> {
    Session::user(user).source("airflow").run(&stack.url(0)?, "SELECT 1")?.success()
}
