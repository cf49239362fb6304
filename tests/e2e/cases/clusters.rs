//! Rows change under running queries, with SQL alone.

use anyhow::{Context, Result, ensure};
use warren_tests::client::{Query, Session};
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;

const LONG: &str = "SELECT * FROM tpch.sf1.orders LIMIT 100000";

/// A query that runs on this cluster and has more pages to come.
pub(super) fn running_on(stack: &Stack, slug: &str) -> Result<Query> {
    eventually(SOON, &format!("a query to land on {slug}"), || {
        let mut query = Session::user("alice").source("airflow").start(&stack.url(0)?, LONG)?;
        ensure!(query.slug() == slug, "it landed on {}", query.slug());
        while query.rows.is_empty() && query.step()? {}
        ensure!(query.next_uri.is_some(), "it ended at once");
        Ok(query)
    })
}

/// Waits until 20 queries in a row through both Envoys all go to `slug`.
pub(super) fn wait_all_new_queries_on(stack: &Stack, slug: &str) -> Result<()> {
    eventually(SOON, &format!("all new queries to go to {slug}"), || {
        for number in 0..20 {
            let query =
                Session::user("alice").source("airflow").start(&stack.url(number % stack.envoys.len())?, "SELECT 1")?;
            ensure!(query.slug() == slug, "query {number} went to {}", query.slug());
        }
        Ok(())
    })
}

pub(super) fn finish(mut query: Query, stack: &Stack, slug: &str) -> Result<()> {
    query.finish_at(&stack.url(1)?)?;
    let query = query.success()?;
    assert_eq!((query.rows.len(), query.slug()), (100_000, slug));
    Ok(())
}

pub(super) fn a_row_changed_with_sql_takes_effect_and_its_queries_finish(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        // Both Envoys are under load while the row changes, and no query of it fails.
        let load: Vec<_> = (0..stack.envoys.len())
            .map(|envoy| {
                let stop = &stop;
                scope.spawn(move || -> Result<u32> {
                    let mut answered = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let session = Session::user("load").source("airflow");
                        session.run(&stack.url(envoy)?, "SELECT 1")?.success()?;
                        answered += 1;
                    }
                    Ok(answered)
                })
            })
            .collect();
        stack.postgres.sql("UPDATE gateway_backend SET active = false WHERE name = 'etl-1'")?;
        let waited = wait_all_new_queries_on(stack, "etl-2");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for thread in load {
            let answered = thread.join().map_err(|_| anyhow::anyhow!("the load panicked"))??;
            ensure!(answered > 0, "an Envoy was not under load");
        }
        waited
    })?;
    finish(running, stack, "etl-1")
}

pub(super) fn a_row_deleted_in_mid_query_lets_the_query_finish(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    stack.postgres.sql("DELETE FROM gateway_backend WHERE name = 'etl-1'")?;
    wait_all_new_queries_on(stack, "etl-2")?;
    finish(running, stack, "etl-1")
}

pub(super) fn a_rule_cannot_pin_a_query_to_a_deactivated_cluster(stack: &Stack) -> Result<()> {
    stack.warren.cli(&["clusters", "deactivate", "etl-2"])?;
    eventually(SOON, "the pinned query to be refused", || {
        let query = Session::user("alice").source("pinned").start(&stack.url(0)?, "SELECT 1")?;
        let error = query.error.context("it was taken")?;
        ensure!(error.message == "rule `pinned`: cluster `etl-2` takes no new queries now", "{error}");
        Ok(())
    })
}

pub(super) fn an_address_edited_in_mid_query_lets_the_query_finish(stack: &Stack) -> Result<()> {
    let running = running_on(stack, "etl-1")?;
    let elsewhere = stack.trino("adhoc-1")?.url();
    stack.postgres.sql("UPDATE gateway_backend SET active = false WHERE name = 'etl-2'")?;
    stack.postgres.sql(&format!("UPDATE gateway_backend SET backend_url = '{elsewhere}' WHERE name = 'etl-1'"))?;
    wait_all_new_queries_on(stack, "etl-1-2")?;
    finish(running, stack, "etl-1")
}

pub(super) fn a_row_that_makes_no_sense_changes_nothing_and_is_named(stack: &Stack) -> Result<()> {
    stack.postgres.sql("INSERT INTO gateway_backend VALUES ('odd', 'etl', 'trino.example', null, true)")?;
    let problem = eventually(SOON, "the status to name the row", || {
        let status = stack.status()?;
        status["problems"]["state"].as_str().map(str::to_owned).with_context(|| format!("{status}"))
    })?;
    assert_eq!(
        problem,
        "cluster `odd`: address `trino.example` is not of the form http://HOST:PORT or https://HOST:PORT: relative URL without a base; \
         what was served before goes on being served"
    );
    Session::user("alice").run(&stack.url(0)?, "SELECT 1")?.success()?;
    stack.postgres.sql("DELETE FROM gateway_backend WHERE name = 'odd'")?;
    eventually(SOON, "the problem to go away", || {
        let status = stack.status()?;
        ensure!(status["problems"]["state"].is_null(), "{}", status["problems"]);
        Ok(())
    })
}

/// Tables as Trino Gateway's own migrations V1 to V4 leave them, with its record of them and two of its rows.
const TRINO_GATEWAY: &str = "
    CREATE TABLE flyway_schema_history (installed_rank INT PRIMARY KEY, version VARCHAR(50), success BOOLEAN NOT NULL);
    CREATE TABLE gateway_backend (name VARCHAR(256) PRIMARY KEY, routing_group VARCHAR(256), backend_url VARCHAR(256),
                                  external_url VARCHAR(256), active BOOLEAN);
    CREATE TABLE query_history (query_id VARCHAR(256) PRIMARY KEY, query_text VARCHAR(256), created BIGINT, backend_url VARCHAR(256),
                                user_name VARCHAR(256), source VARCHAR(256), routing_group VARCHAR(255), external_url VARCHAR(255));
    CREATE INDEX query_history_created_idx ON query_history (created);
    INSERT INTO query_history (query_id, created) VALUES ('20250101_000000_00001_abcde', 1735689600000);
    INSERT INTO gateway_backend VALUES ('theirs', 'adhoc', '$URL/', '', true), ('off', null, 'http://127.0.0.1:1', null, null)";

pub(super) fn a_database_made_by_trino_gateway_is_taken_as_it_is(stack: &Stack) -> Result<()> {
    stack.postgres.sql("CREATE DATABASE trino_gateway")?;
    let url = format!("{}/trino_gateway", stack.postgres.url().trim_end_matches("/warren"));
    let mut client = postgres::Client::connect(&url, postgres::NoTls)?;
    client.batch_execute(&TRINO_GATEWAY.replace("$URL", &stack.trino("adhoc-1")?.url()))?;
    let options = WarrenOptions {
        name: "warren-migrated".to_owned(),
        database_url: url,
        listen: free_port()?,
        default_group: "adhoc".to_owned(),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    eventually(SOON, "the gateway's cluster to be healthy", || {
        let clusters: serde_json::Value = serde_json::from_str(&warren.cli(&["clusters", "list", "--json"])?)?;
        let theirs = clusters
            .as_array()
            .and_then(|all| all.iter().find(|c| c["name"] == "theirs"))
            .cloned()
            .context("not there")?;
        ensure!(theirs["healthy"] == true && theirs["active"] == true && theirs["group"] == "adhoc", "{theirs}");
        let off = clusters
            .as_array()
            .and_then(|all| all.iter().find(|c| c["name"] == "off"))
            .cloned()
            .context("not there")?;
        ensure!(off["active"] == false && off["group"] == "adhoc", "{off}");
        Ok(())
    })?;
    assert_eq!(http::get(&format!("{}/readyz", warren.api_url()), &[])?.body, "ok");
    let rows = client.query_one("SELECT count(*) FROM query_history", &[])?.get::<_, i64>(0);
    assert_eq!(rows, 1, "its history is left as it was");
    Ok(())
}
