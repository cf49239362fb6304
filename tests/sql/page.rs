//! `docs/decisions/0014-sql-facts.md` says how far the two agree.

use anyhow::{Result, ensure};
use warren_tests::marked::Marked;

use super::difference::Agreement;

const PAGE: &str = "docs/decisions/0014-sql-facts.md";
const MARKS: [&str; 2] = ["<!-- made by tests/sql -->\n", "<!-- end -->\n"];

/// The numbers are those of today, and each difference has a row with its reason.
pub(crate) fn holds(agreement: &Agreement) -> Result<()> {
    let page = Marked::read(PAGE, MARKS)?;
    let table = table(agreement);
    if page.text != table {
        ensure!(
            std::env::var_os("UPDATE").is_some(),
            "{PAGE} is not of today; write it anew with UPDATE=1. It says\n{}and it is\n{table}",
            page.text
        );
        page.write(&table)?;
    }
    let unexplained: Vec<&str> = agreement
        .differences
        .iter()
        .map(|difference| difference.statement.as_str())
        .filter(|statement| !page.after.contains(&format!("`{statement}`")))
        .collect();
    ensure!(unexplained.is_empty(), "{PAGE} has no row for\n{}", unexplained.join("\n"));
    Ok(())
}

fn table(agreement: &Agreement) -> String {
    let mut table = format!(
        "Of {} statements, {} are `exact`.\n\n| fact | the same in | share |\n| --- | --- | --- |\n",
        agreement.statements, agreement.exact
    );
    for (fact, agree, percent) in agreement.rows() {
        table.push_str(&format!("| `{fact}` | {agree} | {percent} |\n"));
    }
    table
}
