//! `warren rules test`.

use super::compiled;
use crate::cli::Outcome;
use crate::cli::status::{paint, table};
use anyhow::{Context, Result};
use clap::Args;
use owo_colors::Style;
use std::path::{Path, PathBuf};
use warren_rules::cases::{self, CASES, CaseResult, Covered, Report};

#[derive(Args)]
pub(crate) struct TestArgs {
    dir: PathBuf,
    /// Write what is decided into `cases.json`, where a case expected something else
    #[arg(long)]
    update: bool,
    /// Group of queries that no rule sends elsewhere
    #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
    default_group: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TestArgs) -> Result<Outcome> {
    let (files, rules) = match compiled(&args.dir) {
        Ok(compiled) => compiled,
        Err(outcome) => return Ok(outcome),
    };
    let cases = match cases::read(&files) {
        Ok(cases) => cases,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(Outcome::Findings);
        }
    };
    let report = cases::run(&rules, cases, &args.default_group);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show(&report)?;
    }
    if args.update && report.failed().next().is_some() {
        update(&args.dir.join(CASES), &report)?;
        return Ok(Outcome::Good);
    }
    Ok(if report.failed().next().is_none() { Outcome::Good } else { Outcome::Findings })
}

fn update(path: &Path, report: &Report) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::fs::write(path, cases::update(&text, report)?).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!(
        "{}: {} case(s) updated; look at what changed before you commit it",
        path.display(),
        report.failed().count()
    );
    Ok(())
}

fn show(report: &Report) -> Result<()> {
    for case in &report.cases {
        line(case)?;
    }
    let failed = report.failed().count();
    let passed = report.cases.len() - failed;
    if report.cases.is_empty() {
        say!("no cases; write some into `{CASES}` beside the rules: {EXAMPLE}");
    } else {
        let failed = if failed == 0 { String::new() } else { paint(&format!(", {failed} failed"), Style::new().red()) };
        say!("\n{passed} passed{failed}");
    }
    coverage(report)
}

const EXAMPLE: &str =
    r#"[{"name": "a job", "query": {"headers": {"X-Trino-Source": "airflow"}}, "expect": {"groups": ["etl"]}}]"#;

fn line(case: &CaseResult) -> Result<()> {
    if case.passed {
        say!("{} {}", paint("✓", Style::new().green()), case.name);
        return Ok(());
    }
    say!("{} {}", paint("✗", Style::new().red()), case.name);
    for difference in &case.differences {
        say!("    {difference}");
    }
    Ok(())
}

/// Which rules and decisions no case comes to.
fn coverage(report: &Report) -> Result<()> {
    let coverage = &report.coverage;
    let (rules, decisions) = coverage.missing();
    say!(
        "cases come to {} of {} rules, {} of {} lines that decide",
        coverage.rules.len() - rules.len(),
        coverage.rules.len(),
        coverage.decisions.len() - decisions.len(),
        coverage.decisions.len()
    );
    if rules.is_empty() && decisions.is_empty() {
        return Ok(());
    }
    let place = |covered: &&Covered| format!("{}:{}", covered.file, covered.line);
    let name = |covered: &&Covered| covered.rule.clone().unwrap_or_default();
    let rows = rules.iter().map(|rule| vec!["rule".to_owned(), name(rule), place(rule)]);
    let rows = rows.chain(decisions.iter().map(|line| vec!["decision".to_owned(), name(line), place(line)]));
    say!("{}", table(&["no case", "rule", "place"], rows));
    Ok(())
}
