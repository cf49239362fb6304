//! Trino's own parser, asked by a small program in Java.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
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

/// The oracle, compiled.
pub(crate) struct Oracle {
    java: PathBuf,
    class_path: String,
}

impl Oracle {
    /// Compiled once for each source, by a compiler that needs only the Java that was fetched.
    pub(crate) fn new(programs: &Programs) -> Result<Oracle> {
        let jars = class_path(&programs.trino_jars()?)?;
        let java = programs.java()?;
        let sum: String = Sha256::digest(SOURCE).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let classes = programs.once(&format!("sql-oracle-{sum}"), &Progress::on_stderr(), |folder| {
            std::fs::write(folder.join("Oracle.java"), SOURCE).context("the oracle's source cannot be written")?;
            let mut compiler = Command::new(&java);
            compiler.arg("-jar").arg(programs.java_compiler()?);
            compiler.args(["-25", "-proc:none", "-d", ".", "-classpath", &jars, "Oracle.java"]);
            let output = compiler.current_dir(folder).stdin(Stdio::null()).output();
            let output = output.context("the fetched Java cannot be started: remove it from the cache")?;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "tests/sql/Oracle.java does not compile:\n{said}");
            Ok(())
        })?;
        Ok(Oracle { java, class_path: format!("{}:{jars}", classes.display()) })
    }

    /// All kinds of statements that Trino's syntax tree has.
    pub(crate) fn kinds(&self) -> Result<BTreeSet<String>> {
        let answers = self.run(&["kinds"], Vec::new())?;
        serde_json::from_str(&answers).with_context(|| format!("the oracle said {answers}"))
    }

    /// An answer for each statement, in order.
    pub(crate) fn ask<'a>(&self, statements: impl Iterator<Item = &'a str>) -> Result<Vec<Answer>> {
        let questions: Vec<String> = statements.map(serde_json::to_string).collect::<Result<_, _>>()?;
        let answers = self.run(&[CATALOG, SCHEMA], questions)?;
        let answer = |line| serde_json::from_str(line).with_context(|| format!("the oracle said {line}"));
        answers.lines().map(answer).collect()
    }

    fn run(&self, arguments: &[&str], questions: Vec<String>) -> Result<String> {
        let mut java = Command::new(&self.java);
        java.args(["-XX:TieredStopAtLevel=1", "-classpath", &self.class_path, "Oracle"]).args(arguments);
        let mut child = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("Java cannot be started")?;
        let input = child.stdin.take().context("a Java without standard input")?;
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
        String::from_utf8(output.stdout).context("the oracle's output is not UTF-8")
    }
}

fn class_path(folder: &Path) -> Result<String> {
    let list = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut jars = list.map(|entry| Ok(entry?.path().display().to_string())).collect::<Result<Vec<String>>>()?;
    jars.sort();
    Ok(jars.join(":"))
}
