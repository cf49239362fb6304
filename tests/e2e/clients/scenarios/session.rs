//! What a client keeps from one statement to the next.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use warren_tests::clients::{Client, Step};

use crate::world::{Door, World};

pub(super) fn a_long_prepared_statement_is_executed(world: &World, client: Client) -> Result<String> {
    // Text that shortens well: Trino sends it back compressed only when that gains something.
    let statement = format!("SELECT '{}' || ?", "long ".repeat(800));
    let told = world.ask(client, Door::Balancer, &[Step::Execute(statement)])?.success()?;
    let want = format!("{}warren", "long ".repeat(800));
    assert_eq!(told.seen.values, [want], "the statement's result");
    let execute = told.queries.iter().find(|(_, query)| query.query.starts_with("EXECUTE"));
    let (_, execute) = execute.with_context(|| format!("no EXECUTE among {:?}", told.queries))?;
    if execute.query.starts_with("EXECUTE IMMEDIATE") {
        return Ok("in the body: `EXECUTE IMMEDIATE`".to_owned());
    }
    let passed = world.passed(&told)?;
    let header = passed.iter().filter(|passed| passed.method == "POST").find_map(|passed| passed.prepared.as_deref());
    let header = header.context("no X-Trino-Prepared-Statement passed")?;
    let compressed = header.contains("%24zstd%3A") || header.contains("$zstd:");
    Ok(if compressed { "in a header, as `$zstd:`" } else { "in a header, as it is" }.to_owned())
}

/// Two clusters: had it been left to chance, the nine statements would be each where its transaction began once in 512.
pub(super) fn a_transaction_stays_on_one_cluster(world: &World, client: Client) -> Result<String> {
    let mut steps = Vec::new();
    for number in 0..3 {
        steps.push(Step::Begin);
        steps.extend((0..3).map(|part| Step::Query(format!("SELECT 'transaction {number}', {part}"))));
        steps.push(Step::Commit);
    }
    let told = world.ask(client, Door::Plain, &steps)?;
    if client == Client::Node {
        ensure!(told.error() == "Client does not support transactions", "{:?}", told.seen);
        return Ok("Trino: “Client does not support transactions”".to_owned());
    }
    let told = told.success()?;
    assert_eq!(told.seen.rows, 9);
    let on = |begin: &str| -> Vec<&str> {
        let queries = told.queries.iter().filter(|(_, query)| query.query.starts_with(begin));
        queries.map(|(cluster, _)| cluster.as_str()).collect()
    };
    let (mut begun, mut ended) = (on("START TRANSACTION"), on("COMMIT"));
    let mut homes = Vec::new();
    for number in 0..3 {
        let clusters = on(&format!("SELECT 'transaction {number}'"));
        let one: BTreeSet<&str> = clusters.iter().copied().collect();
        ensure!(clusters.len() == 3 && one.len() == 1, "transaction {number} ran on {clusters:?}");
        homes.extend(one);
    }
    homes.sort_unstable();
    begun.sort_unstable();
    ended.sort_unstable();
    ensure!(begun == homes && ended == homes, "begun on {begun:?}, ran on {homes:?}, ended on {ended:?}");
    Ok("each on one cluster".to_owned())
}

pub(super) fn a_session_property_is_kept(world: &World, client: Client) -> Result<String> {
    let steps = [
        Step::Do("SET SESSION query_max_run_time = '4h'".to_owned()),
        Step::Query("SHOW SESSION LIKE 'query_max_run_time'".to_owned()),
    ];
    let told = world.ask(client, Door::Plain, &steps)?.success()?;
    let value = told.seen.values.first().and_then(|row| row.split('\t').nth(1)).unwrap_or_default();
    assert_eq!(value, "4h", "{:?}", told.seen);
    Ok("kept".to_owned())
}

pub(super) fn a_schema_is_kept(world: &World, client: Client) -> Result<String> {
    let steps = [Step::Do("USE system.runtime".to_owned()), Step::Query("SELECT count(*) FROM nodes".to_owned())];
    let told = world.ask(client, Door::Plain, &steps)?.success()?;
    assert_eq!(told.seen.values, ["1"]);
    Ok("kept".to_owned())
}
