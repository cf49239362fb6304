//! Whatever is down, queries go on: new ones and running ones.

use anyhow::{Context, Result, ensure};
use warren_tests::client::{Query, Session};
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::SOON;

const LONG: &str = "SELECT * FROM tpch.sf1.orders LIMIT 100000";

fn begin(stack: &Stack) -> Result<Query> {
    let mut query = Session::user("alice").source("airflow").start(&stack.url(0)?, LONG)?;
    while query.rows.is_empty() && query.step()? {}
    Ok(query)
}

/// New queries through each Envoy, and the running one to its end.
fn all_go_on(stack: &Stack, mut running: Query, when: &str) -> Result<()> {
    for envoy in 0..stack.envoys.len() {
        for source in ["airflow", "bi"] {
            let asked =
                Session::user("alice").source(source).run(&stack.url(envoy)?, "SELECT 1").and_then(Query::success);
            asked.with_context(|| format!("{when}: a new query through Envoy {envoy}"))?;
        }
    }
    running.finish_at(&stack.url(1)?).with_context(|| format!("{when}: a running query"))?;
    assert_eq!(running.success()?.rows.len(), 100_000, "{when}");
    Ok(())
}

pub(super) fn queries_go_on_whatever_is_down(stack: &Stack) -> Result<()> {
    let running = begin(stack)?;
    stack.warren.process.stop()?;
    all_go_on(stack, running, "warren stopped")?;

    stack.warren.start_again()?;
    let running = begin(stack)?;
    stack.postgres.process.stop()?;
    all_go_on(stack, running, "PostgreSQL stopped")?;

    let running = begin(stack)?;
    stack.warren.process.stop()?;
    all_go_on(stack, running, "both stopped")?;

    let running = begin(stack)?;
    stack.warren.start_again()?;
    all_go_on(stack, running, "warren started without PostgreSQL")?;
    eventually(SOON, "the status to say that PostgreSQL is away", || {
        let status = stack.status()?;
        let problem = status["problems"]["database"].as_str().with_context(|| format!("{status}"))?;
        ensure!(problem.starts_with("PostgreSQL: "), "{problem}");
        Ok(())
    })?;

    let running = begin(stack)?;
    stack.envoy(1)?.process.stop()?;
    stack.envoy(1)?.start_again()?;
    stack.envoy(1)?.wait_live()?;
    all_go_on(stack, running, "an Envoy started after that")
}
