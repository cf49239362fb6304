//! The cases, in the order in which they run. A name is a fact.

use anyhow::{Result, ensure};
use warren_tests::client::Session;
use warren_tests::stack::Stack;

/// A case: it returns an error, or panics in an assertion, when the fact does not hold.
pub(crate) type Case = fn(&Stack) -> Result<()>;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a_query_ends_where_it_began", a_query_ends_where_it_began),
    (
        "a_reset_brings_back_what_died",
        a_reset_brings_back_what_died,
    ),
];

/// Half of the pages are read from each Envoy, and one coordinator has seen the query.
fn a_query_ends_where_it_began(stack: &Stack) -> Result<()> {
    let session = Session::user("alice").source("e2e");
    let mut query = session.start(&stack.url(0)?, "SELECT name FROM tpch.tiny.customer")?;
    while query.step_at(&stack.url(query.all_next_uris.len() % 2)?)? {}
    let query = query.success()?;
    ensure!(
        query.rows.len() == 1500,
        "{} rows, wanted 1500",
        query.rows.len()
    );
    assert_eq!(stack.who_knows(&query.id)?, ["adhoc-1"]);
    Ok(())
}

/// What every case after one that breaks something relies on.
fn a_reset_brings_back_what_died(stack: &Stack) -> Result<()> {
    let etl = stack.trino("etl-1")?;
    etl.process.pause()?;
    stack.trino("adhoc-1")?.process.kill9()?;
    stack.envoy(0)?.process.kill9()?;
    stack.warren.process.kill9()?;
    stack.postgres.process.stop()?;
    ensure!(
        Session::user("alice")
            .run(&stack.url(0)?, "SELECT 1")
            .is_err(),
        "a dead Envoy answered"
    );
    stack.reset()?;
    for process in stack.processes() {
        ensure!(process.alive(), "{} does not run", process.name());
    }
    etl.wait_ready()?;
    a_query_ends_where_it_began(stack)
}
