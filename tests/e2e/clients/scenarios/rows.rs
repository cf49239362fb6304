//! Large results.

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::clients::{Client, Seen, Step};
use warren_tests::eventually::eventually;

use crate::world::{Door, World};

/// Rows that the harness can make too, of text beyond ASCII: some megabytes, which Trino cuts into pages.
pub(super) const MANY_ROWS: &str = "SELECT sequential_number, 'é' || CAST(sequential_number * 7919 % 104729 AS varchar) \
     || rpad('', 40, '-') FROM TABLE(sequence(1, 100000))";

/// The result is the one that the statement asks for, each row once.
pub(super) fn has_many_rows(seen: &Seen) -> Result<()> {
    let row = |number: u64| format!("{number}\té{}{}", number * 7919 % 104_729, "-".repeat(40));
    let checksum: u64 = (1..=100_000).map(|number| u64::from(crc32fast::hash(row(number).as_bytes()))).sum();
    ensure!((seen.rows, seen.checksum) == (100_000, checksum), "other rows came: {seen:?}");
    Ok(())
}

pub(super) fn a_cancelled_query_is_cancelled(world: &World, client: Client) -> Result<String> {
    let endless = "SELECT sequential_number, 'x' FROM TABLE(sequence(1, 1000000000000))".to_owned();
    let told = world.ask(client, Door::Balancer, &[Step::Cancel(endless)])?;
    ensure!(told.seen.rows >= 1000, "only {} rows came: {}", told.seen.rows, told.error());
    eventually(Duration::from_secs(10), "the coordinator to have cancelled the query", || {
        let queries = world.queries(&told.source)?;
        let states: Vec<_> = queries
            .iter()
            .map(|(_, query)| (query.state.as_str(), query.error_code.as_ref().map(|code| code.name.as_str())))
            .collect();
        ensure!(states == [("FAILED", Some("USER_CANCELED"))], "{states:?}");
        Ok(())
    })?;
    let passed = world.passed(&told)?;
    let delete = passed.iter().find(|passed| passed.method == "DELETE");
    let delete = delete.ok_or_else(|| anyhow::anyhow!("no DELETE passed: {passed:?}"))?;
    ensure!(delete.status == 204, "{delete:?}");
    let way = if delete.path.starts_with("/c/") { "`nextUri`" } else { "`/v1/query/…`" };
    Ok(format!("USER_CANCELED, by DELETE of {way}"))
}
