//! Who goes where, and what clients get when they go nowhere.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::stack::Stack;

use super::{SOON, counts_one_more};

/// Sum of the filter's counters whose name holds all of these parts.
fn counted(stack: &Stack, envoy: usize, parts: &[&str]) -> Result<u64> {
    let stats = stack.envoy(envoy)?.stats()?;
    let numbers = stats.lines().filter(|line| parts.iter().all(|part| line.contains(part)));
    Ok(numbers.filter_map(|line| line.rsplit(": ").next()?.parse::<u64>().ok()).sum())
}

pub(super) fn each_query_goes_where_its_rule_says(stack: &Stack) -> Result<()> {
    let plain = || Session::user("alice");
    let cases = [
        (plain(), "otherwise", &["adhoc-1"][..]),
        (plain().source("airflow"), "etl", &["etl-1", "etl-2"]),
        (plain().source("dbt"), "etl", &["etl-1", "etl-2"]),
        (plain().source("superset").tag("nightly").tag("etl"), "tagged", &["etl-1", "etl-2"]),
        (plain().source("pinned"), "pinned", &["etl-2"]),
        (plain().source("in-order"), "in order", &["etl-1", "etl-2"]),
        (plain().source("live"), "when serving", &["etl-1", "etl-2"]),
        (plain().source("local"), "local", &["etl-1", "etl-2"]),
    ];
    for envoy in 0..stack.envoys.len() {
        for (session, rule, clusters) in &cases {
            let query = session.run(&stack.url(envoy)?, "SELECT count(*) FROM tpch.tiny.nation")?.success()?;
            assert_eq!(query.value(), Some(&25.into()));
            let said = query.first_headers.get("x-warren-rule").and_then(|v| v.to_str().ok());
            assert_eq!(said, Some(*rule), "{session:?}");
            let ran_on = stack.who_knows(&query.id)?;
            ensure!(
                ran_on.len() == 1 && clusters.contains(&ran_on[0].as_str()),
                "{session:?} ran on {ran_on:?}, wanted {clusters:?}"
            );
        }
    }
    Ok(())
}

pub(super) fn a_denied_query_gets_the_rules_message(stack: &Stack) -> Result<()> {
    let denied = || counted(stack, 0, &["warren_denied", "interns"]);
    let before = denied()?;
    let query = Session::user("intern").run(&stack.url(0)?, "SELECT 1")?;
    let error = query.error.context("the query was not denied")?;
    assert_eq!(error.message, "interns read the dashboards");
    assert_eq!(
        (error.error_code, error.error_name.as_str(), error.error_type.as_str()),
        (4, "PERMISSION_DENIED", "USER_ERROR")
    );
    counts_one_more("the denial", before, denied)
}

pub(super) fn an_unknown_group_is_an_error_that_names_the_known_ones(stack: &Stack) -> Result<()> {
    let query = Session::user("alice").source("nowhere").run(&stack.url(0)?, "SELECT 1")?;
    let error = query.error.context("the query was answered")?;
    assert_eq!(error.message, "rule `nowhere`: unknown group `no-such-group`; known: `adhoc`, `etl`");
    Ok(())
}

pub(super) fn a_rule_that_fails_is_skipped_and_counted(stack: &Stack) -> Result<()> {
    for (source, rule) in [("runaway", "runs away"), ("throws", "throws")] {
        let failed = || counted(stack, 1, &["warren_rule_errors", rule]);
        let before = failed()?;
        let query = Session::user("alice").source(source).run(&stack.url(1)?, "SELECT 1")?.success()?;
        assert_eq!(stack.who_knows(&query.id)?, ["adhoc-1"]);
        counts_one_more(rule, before, failed)?;
    }
    Ok(())
}

pub(super) fn a_rule_sets_a_session_property_beside_the_clients_own(stack: &Stack) -> Result<()> {
    let session = Session::user("alice").source("session").header("X-Trino-Session", "query_max_execution_time=3h");
    let query = session.header("X-Trino-Session", "query_max_run_time=1h");
    let query = query.run(&stack.url(0)?, "SHOW SESSION LIKE 'query_max_%_time'")?.success()?;
    let value = |name: &str| query.rows.iter().find(|row| row[0] == name).map(|row| row[1].clone());
    assert_eq!(value("query_max_execution_time"), Some("3h".into()), "the client's own");
    assert_eq!(value("query_max_run_time"), Some("4h".into()), "the rule's wins over the client's");
    Ok(())
}

pub(super) fn a_dead_coordinator_costs_no_client_an_error(stack: &Stack) -> Result<()> {
    stack.trino("etl-1")?.process.kill9()?;
    for number in 0..20 {
        let url = stack.url(number % stack.envoys.len())?;
        let query = Session::user("alice").source("airflow").run(&url, "SELECT 1")?.success()?;
        assert_eq!(query.slug(), "etl-2", "query {number}");
    }
    Ok(())
}

pub(super) fn a_group_falls_back_when_it_serves_nothing(stack: &Stack) -> Result<()> {
    stack.postgres.sql("INSERT INTO warren_group (name, fall_back) VALUES ('empty', '{adhoc}')")?;
    let ask = |source: &str| Session::user("alice").source(source).start(&stack.url(0)?, "SELECT 1");
    eventually(SOON, "`empty` to be known and to fall back", || {
        let query = ask("only")?;
        ensure!(query.slug() == "adhoc-1", "went to {:?}: {:?}", query.slug(), query.error);
        Ok(())
    })?;
    stack.postgres.sql("UPDATE warren_group SET fall_back = '{}' WHERE name = 'empty'")?;
    let headers = [("X-Trino-User", "alice"), ("X-Trino-Source", "only")];
    let reply = eventually(SOON, "`only` to fail rather than to fall back to the default group", || {
        let reply = http::send("POST", &format!("{}/v1/statement", stack.url(0)?), &headers, "SELECT 1")?;
        ensure!(reply.status == 503, "{}: {}", reply.status, reply.body);
        Ok(reply)
    })?;
    let body: serde_json::Value = serde_json::from_str(&reply.body)?;
    assert_eq!(body["error"]["message"], "no cluster of the group is serving; try again, or ask who runs the clusters");
    assert_eq!(body["error"]["errorName"], "NO_NODES_AVAILABLE");
    assert_eq!(ask("in-order")?.slug().get(..3), Some("etl"), "an empty group is passed over for the next one named");
    Ok(())
}
