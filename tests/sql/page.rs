//! `docs/decisions/0014-sql-facts.md` says how far the two agree.

use anyhow::{Context, Result, ensure};

use super::difference::Agreement;

const PAGE: &str = "docs/decisions/0014-sql-facts.md";
const BEGIN: &str = "<!-- made by tests/sql -->\n";
const END: &str = "<!-- end -->\n";

/// The numbers are those of today, and each difference has a row with its reason.
pub(crate) fn holds(agreement: &Agreement) -> Result<()> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = std::fs::read_to_string(&path).with_context(|| format!("{PAGE}: cannot be read"))?;
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{PAGE}: no line `{}`", BEGIN.trim()))?;
    let (said, after) = rest.split_once(END).with_context(|| format!("{PAGE}: no line `{}`", END.trim()))?;
    let table = table(agreement);
    if said != table {
        ensure!(
            std::env::var_os("UPDATE").is_some(),
            "{PAGE} is not of today; write it anew with UPDATE=1. It says\n{said}and it is\n{table}"
        );
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}"))?;
    }
    let unexplained: Vec<&str> = agreement
        .differences
        .iter()
        .map(|difference| difference.statement.as_str())
        .filter(|statement| !after.contains(&format!("`{statement}`")))
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
