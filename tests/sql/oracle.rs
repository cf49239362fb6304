//! Trino's own parser, asked by a small program in Java.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use warren_tests::fetch::Programs;
use warren_tests::progress::Progress;

use super::{CATALOG, SCHEMA};

const SOURCE: &str = include_str!("Oracle.java");

/// What Trino's parser says of a statement.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answer {
    pub(crate) error: Option<String>,
    pub(crate) query_type: String,
    pub(crate) resource_group_query_type: String,
    pub(crate) tables: BTreeSet<String>,
    pub(crate) catalogs: BTreeSet<String>,
    pub(crate) schemas: BTreeSet<String>,
    pub(crate) catalog_schemas: BTreeSet<String>,
    pub(crate) functions: BTreeSet<String>,
}

/// An answer for each statement, in order.
pub(crate) fn ask<'a>(programs: &Programs, statements: impl Iterator<Item = &'a str>) -> Result<Vec<Answer>> {
    let jars = class_path(&programs.trino_jars()?)?;
    let sum: String = Sha256::digest(SOURCE).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let classes = programs.once(&format!("sql-oracle-{sum}"), &Progress::on_stderr(), |folder| {
        std::fs::write(folder.join("Oracle.java"), SOURCE).context("the oracle's source cannot be written")?;
        let mut compiler = Command::new(programs.java()?);
        compiler.arg("-jar").arg(programs.java_compiler()?).args(["-25", "-proc:none", "-d", ".", "-classpath", &jars]);
        let output = compiler.arg("Oracle.java").current_dir(folder).stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tests/sql/Oracle.java does not compile:\n{said}");
        Ok(())
    })?;
    let mut java = Command::new(programs.java()?);
    java.args(["-XX:TieredStopAtLevel=1", "-classpath"]).arg(format!("{}:{jars}", classes.display()));
    java.args(["Oracle", CATALOG, SCHEMA]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = java.spawn().context("the fetched Java cannot be started")?;
    let input = child.stdin.take().context("a Java without standard input")?;
    let questions: Vec<String> = statements.map(serde_json::to_string).collect::<Result<_, _>>()?;
    // It answers while it is asked.
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let mut input = BufWriter::new(input);
        questions.iter().try_for_each(|question| writeln!(input, "{question}"))?;
        input.flush()
    });
    let output = child.wait_with_output().context("the oracle's output cannot be read")?;
    let written = writer.join().ok().context("the thread that asks the oracle panicked")?;
    ensure!(output.status.success(), "the oracle ended with {}", output.status);
    written.context("the oracle does not read")?;
    let answers = String::from_utf8(output.stdout).context("the oracle's output is not UTF-8")?;
    answers.lines().map(|line| serde_json::from_str(line).with_context(|| format!("the oracle said {line}"))).collect()
}

fn class_path(folder: &Path) -> Result<String> {
    let list = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut jars = list.map(|entry| Ok(entry?.path().display().to_string())).collect::<Result<Vec<String>>>()?;
    jars.sort();
    Ok(jars.join(":"))
}
