//! Cases of a rule set, kept beside it in `cases.json`: a query, and what must become of it.
//!
//! ```json
//! [{"name": "jobs", "query": {"headers": {"X-Trino-Source": "airflow"}}, "expect": {"groups": ["etl"], "rule": "jobs"}}]
//! ```
//!
//! `query` is a `query.json`; `expect` holds the parts of the decision that matter, as `warren rules decide` prints them.

mod coverage;
mod update;

use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{RuleError, RuleErrors};
use crate::query_json::QueryJson;
use crate::ruleset::{self, RuleFile, RuleSet};
use crate::suggest;
use crate::trace::Outcome;

pub use coverage::{Coverage, Covered};
pub use update::update;

/// The file of a rule set that holds its cases.
pub const CASES: &str = ruleset::CASES;

/// The cases and the rules: mistakes tell in which file they are.
const FILES: usize = 2;

/// One case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The query.
    #[serde(default)]
    pub query: QueryJson,
    /// What of the decision must be so. Without it the case fails, and [`update`] writes it.
    #[serde(default)]
    pub expect: Option<Map<String, Value>>,
}

/// How one case ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Was all as expected?
    pub passed: bool,
    /// What was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What was decided, as `warren rules decide` prints it.
    pub decision: Value,
}

/// A part of a decision that is not as expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Which one.
    pub field: String,
    /// What the case says; nothing if it has no `expect`.
    pub expected: Option<Value>,
    /// What was decided.
    pub found: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            Some(expected) => write!(f, "{}: {expected} expected, {} decided", self.field, self.found),
            None => write!(f, "{}: {} decided, nothing expected (`--update` writes it)", self.field, self.found),
        }
    }
}

/// How all cases ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// In order of the file.
    pub cases: Vec<CaseResult>,
    /// What of the rules they came to.
    pub coverage: Coverage,
}

impl Report {
    /// Those that are not as expected.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| !case.passed)
    }
}

/// The cases among the files of a rule set; none if there is no such file.
///
/// # Errors
///
/// What in the file is wrong, and where.
pub fn read(files: &[RuleFile]) -> Result<Vec<Case>, RuleErrors> {
    let Some(file) = files.iter().find(|file| file.name == CASES) else { return Ok(Vec::new()) };
    let cases: Vec<Case> = serde_json::from_str(&file.source).map_err(|error| {
        let mut mistake = RuleError::new(CASES, error.to_string())
            .help("write `[{\"name\": \"…\", \"query\": {…}, \"expect\": {…}}]`");
        mistake.line = Some(error.line());
        mistake.column = Some(error.column());
        RuleErrors::sorted(vec![mistake], FILES)
    })?;
    let fields = crate::Decision::default().to_json("");
    let known: Vec<&str> = fields.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    let unknown = cases.iter().flat_map(|case| {
        let fields = case.expect.iter().flat_map(Map::keys).filter(|field| !known.contains(&field.as_str()));
        fields.map(|field| (case.name.as_str(), field.as_str()))
    });
    let mistakes: Vec<RuleError> = unknown
        .map(|(case, field)| {
            RuleError::new(CASES, format!("case `{case}`: a decision has no `{field}`"))
                .maybe_help(suggest::help(field, known.iter().copied()))
        })
        .collect();
    if mistakes.is_empty() { Ok(cases) } else { Err(RuleErrors::sorted(mistakes, FILES)) }
}

/// Asks the rules about each case. `default_group` is where a query goes that no rule sends elsewhere.
pub fn run(rules: &RuleSet, cases: Vec<Case>, default_group: &str) -> Report {
    let mut coverage = Coverage::new(rules);
    let cases = cases
        .into_iter()
        .map(|case| {
            let decision = rules.decide(Rc::new(case.query.into_query()));
            for entry in decision.trace.entries() {
                if matches!(entry.outcome, Outcome::Matched | Outcome::Added) {
                    coverage.rule(&entry.rule);
                }
            }
            coverage.decision(decision.file.as_deref(), decision.line);
            let decision = decision.to_json(default_group);
            let differences = differences(case.expect, &decision);
            CaseResult { name: case.name, passed: differences.is_empty(), differences, decision }
        })
        .collect();
    Report { cases, coverage }
}

fn differences(expect: Option<Map<String, Value>>, decision: &Value) -> Vec<Difference> {
    let found = |field: &str| decision.get(field).cloned().unwrap_or_default();
    match expect {
        Some(expect) => expect
            .into_iter()
            .filter(|(field, expected)| found(field) != *expected)
            .map(|(field, expected)| Difference { found: found(&field), field, expected: Some(expected) })
            .collect(),
        None => ["action", "groups", "rule"]
            .map(|field| Difference { field: field.to_owned(), expected: None, found: found(field) })
            .into(),
    }
}

#[cfg(test)]
mod tests;
