//! `docs/security.md`: the tests that it names.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::cases::CASES;

/// Each name in the last column of the table of threats is a case, or a target of the fuzzer.
pub(crate) fn each_test_that_it_names_is_there() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/security.md"))?;
    let (_, table) = page.split_once("## Threats").context("it has no threats")?;
    let (table, _) = table.split_once("\n## ").context("nothing comes after the threats")?;
    let mut missing = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let column = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
        let names: Vec<&str> = column.split('`').skip(1).step_by(2).collect();
        let known = |name: &str| {
            let target = root.join(format!("fuzz/fuzz_targets/{name}.rs"));
            CASES.iter().any(|(case, _)| *case == name) || (!name.contains([':', '.', '/']) && target.exists())
        };
        if names.is_empty() {
            missing.push(format!("no test: {row}"));
        }
        missing.extend(names.into_iter().filter(|name| !known(name)).map(|name| format!("`{name}`: {row}")));
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(())
}
