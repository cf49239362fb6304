//! How rows come into the history, and go.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::stack::Stack;

use super::super::SOON;
use super::{entry, found, now};

pub(in super::super) fn postgresql_away_costs_the_history_no_query(stack: &Stack) -> Result<()> {
    let before = stack.status()?["history"].clone();
    stack.postgres.process.stop()?;
    let mut ids = Vec::new();
    for number in 0..20 {
        let query = Session::user("patient").run(&stack.url(number % 2)?, "SELECT 1")?.success()?;
        ids.push(query.id);
    }
    eventually(SOON, "twenty queries to wait", || {
        let waiting = stack.status()?["history"]["waiting"].as_u64();
        ensure!(waiting.is_some_and(|waiting| waiting >= 20), "{waiting:?} wait");
        Ok(())
    })?;
    stack.postgres.start_again()?;
    for id in &ids {
        entry(stack, id)?;
    }
    let after = eventually(SOON, "nothing to wait any more", || {
        let history = stack.status()?["history"].clone();
        ensure!(history["waiting"] == 0, "{history}");
        Ok(history)
    })?;
    for count in ["dropped_full", "dropped_refused"] {
        assert_eq!(after[count], before[count], "{count}");
    }
    assert_eq!(after["received"], after["written"], "{after}");
    Ok(())
}

pub(in super::super) fn what_waits_is_written_when_warren_stops(stack: &Stack) -> Result<()> {
    let received = || -> Result<u64> { stack.status()?["history"]["received"].as_u64().context("no count") };
    // An Envoy tells within a second: when two queries, one after the other, are written, all that came before them was told.
    for _ in 0..2 {
        let early = Session::user("early").run(&stack.url(0)?, "SELECT 1")?.success()?;
        entry(stack, &early.id)?;
    }
    let before = received()?;
    let query = Session::user("late").run(&stack.url(0)?, "SELECT 1")?.success()?;
    eventually(SOON, "the query to be told of", || {
        let now = received()?;
        ensure!(now > before, "{now} queries were told of");
        Ok(())
    })?;
    stack.warren.process.stop()?;
    let rows = stack.postgres.query(&format!("SELECT user_name FROM query_history WHERE query_id = '{}'", query.id))?;
    assert_eq!(rows, [[Some("late".to_owned())]]);
    Ok(())
}

pub(in super::super) fn what_is_old_is_forgotten(stack: &Stack) -> Result<()> {
    let day = 24 * 60 * 60 * 1000;
    let now = now()?;
    let tables = [("query_history", "created"), ("warren_query_without_id", "created"), ("warren_query_end", "ended")];
    let (old, young) = (now - 7 * day - 60_000, now - 6 * day);
    for (table, column) in tables {
        let (more, value) =
            if table == "warren_query_end" { ("state", "'FINISHED'") } else { ("warren_outcome", "'accepted'") };
        stack.postgres.sql(&format!(
            "INSERT INTO {table} (query_id, {column}, {more}) VALUES ('old', {old}, {value}), ('young', {young}, {value})"
        ))?;
    }
    stack.postgres.sql(&format!("INSERT INTO query_history (query_id, created) VALUES ('gateways', {old})"))?;
    // It looks at its start, and each minute.
    stack.warren.process.stop()?;
    stack.warren.start_again()?;
    for (table, _) in tables {
        eventually(SOON, &format!("the old row of {table} to be gone"), || {
            let sql = format!(
                "DELETE FROM {table} WHERE query_id IN ('old', 'young') AND \
                               NOT EXISTS (SELECT 1 FROM {table} WHERE query_id = 'old') RETURNING query_id"
            );
            let young = stack.postgres.query(&sql)?;
            ensure!(young == [[Some("young".to_owned())]], "{young:?}");
            Ok(())
        })?;
    }
    let gateways = stack.postgres.query("DELETE FROM query_history WHERE query_id = 'gateways' RETURNING query_id")?;
    assert_eq!(gateways, [[Some("gateways".to_owned())]], "what Trino Gateway wrote is its own affair");
    Ok(())
}

pub(in super::super) fn trinos_events_say_how_a_query_ended(stack: &Stack) -> Result<()> {
    let query = Session::user("alice").run(&stack.url(0)?, "SELECT nonsense")?;
    let event = json!({
        "metadata": {"queryId": query.id, "queryState": "FAILED", "tables": [], "plan": "x".repeat(9 << 20)},
        "statistics": {"cpuTime": 0.25, "wallTime": 1.5, "queuedTime": 0.0, "peakUserMemoryBytes": 7, "outputRows": 0},
        "failureInfo": {"errorCode": {"code": 47, "name": "COLUMN_NOT_FOUND", "type": "USER_ERROR"},
                        "failureMessage": "line 1:8: Column 'nonsense' cannot be resolved"},
        "endTime": "2026-11-25T23:15:01.5Z",
    });
    let url = format!("{}/api/v1/events/query-completed", stack.warren.api_url());
    // Trino may tell it twice, and before the access log does.
    for _ in 0..2 {
        let reply = http::send("POST", &url, &[("Content-Type", "application/json")], &event.to_string())?;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (204, ""));
    }
    let end = json!({
        "ended": 1_795_648_501_500_i64, "state": "FAILED", "error": "COLUMN_NOT_FOUND", "error_type": "USER_ERROR",
        "error_message": "line 1:8: Column 'nonsense' cannot be resolved",
        "output_rows": 0, "peak_memory": 7, "queued_ms": 0, "cpu_ms": 250, "wall_ms": 1500,
    });
    assert_eq!(entry(stack, &query.id)?["end"], end);
    let failed = found(stack, &["--state", "failed", "--user", "alice"])?;
    assert_eq!(failed.first().map(|failed| &failed["query_id"]), Some(&json!(query.id)));
    Ok(())
}
