//! The statements that are compared.

use std::path::Path;

use anyhow::{Context, Result};
use warren_tests::fetch::Programs;

/// One statement, and where it is from.
pub(crate) struct Statement {
    /// `corpus/queries.sql:12`: the file and the line.
    pub(crate) place: String,
    pub(crate) text: String,
}

/// All of them, in the order of files and lines.
pub(crate) fn all(programs: &Programs) -> Result<Vec<Statement>> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/corpus");
    let mut statements = Vec::new();
    for (name, text) in files(&ours)? {
        blocks(&name, &text, &mut statements);
    }
    for (name, text) in files(&programs.tpcds_queries()?)? {
        // Some files hold two queries. Back quotes are another dialect's.
        for part in text.replace('`', "\"").split(';').filter(|part| !is_comment(part)) {
            statements.push(Statement { place: format!("tpcds/{name}"), text: part.to_owned() });
        }
    }
    Ok(statements)
}

/// Statements have empty lines between them.
fn blocks(name: &str, text: &str, statements: &mut Vec<Statement>) {
    let mut begin = 1;
    let mut block = Vec::new();
    for (line, number) in text.lines().chain([""]).zip(1..) {
        if !line.is_empty() {
            if block.is_empty() {
                begin = number;
            }
            block.push(line);
        } else if !block.is_empty() {
            statements.push(Statement { place: format!("{name}:{begin}"), text: block.join("\n") });
            block.clear();
        }
    }
}

fn is_comment(part: &str) -> bool {
    part.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

fn files(folder: &Path) -> Result<Vec<(String, String)>> {
    let list = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in list {
        let path = entry.with_context(|| format!("{}: cannot be read", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let text = std::fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
            files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
        }
    }
    files.sort();
    Ok(files)
}
