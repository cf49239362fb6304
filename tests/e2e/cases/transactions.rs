//! Transactions live on one coordinator.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::stack::Stack;

const HEADER: &str = "X-Trino-Transaction-Id";

pub(super) fn a_transaction_stays_where_it_began(stack: &Stack) -> Result<()> {
    for round in 0..4 {
        let session = || Session::user("alice").source("airflow");
        let mut begin = session().header(HEADER, "NONE").start(&stack.url(0)?, "START TRANSACTION")?;
        let home = begin.slug().to_owned();
        let mut id = None;
        let mut more = true;
        while more {
            more = begin.step()?;
            let started = begin.last_headers.get("x-trino-started-transaction-id");
            id = started.and_then(|v| v.to_str().ok()).map(str::to_owned).or(id);
        }
        begin.success()?;
        let id = id.context("no transaction id came")?;
        ensure!(id.ends_with(&format!("@{home}")), "round {round}: `{id}` does not name {home}");
        for (number, sql) in ["SELECT 1", "SELECT 2", "SELECT 3", "COMMIT"].into_iter().enumerate() {
            let url = stack.url(number % stack.envoys.len())?;
            let query = session().header(HEADER, &id).run(&url, sql)?.success()?;
            assert_eq!(query.slug(), home, "round {round}: {sql}");
        }
    }
    Ok(())
}

pub(super) fn a_forged_transaction_is_refused(stack: &Stack) -> Result<()> {
    let uuid = "0e6b2c1e-8c4c-4c1e-9f3a-0123456789ab";
    let not_here = "this transaction was not begun here; begin a new one with START TRANSACTION";
    let gone = "the cluster on which this transaction began is gone; begin a new one with START TRANSACTION";
    for (id, message) in [
        (uuid.to_owned(), not_here),
        ("NONE@etl-1".to_owned(), not_here),
        (format!("{uuid}@ETL-1"), not_here),
        (format!("{uuid}@etl-1@etl-2"), not_here),
        (format!("{uuid}@nowhere"), gone),
    ] {
        let query = Session::user("alice").header(HEADER, &id).run(&stack.url(0)?, "SELECT 1")?;
        let error = query.error.with_context(|| format!("`{id}` was accepted"))?;
        assert_eq!((error.message.as_str(), error.error_name.as_str()), (message, "UNKNOWN_TRANSACTION"), "{id}");
    }
    Ok(())
}
