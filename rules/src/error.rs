//! Mistakes of a rule set: where, what, and what to do.

use std::fmt;

use serde::Serialize;

/// One mistake in a rule set.
///
/// Shown as ``rule `etl`: line 12, column 5: unknown function `route_too`; did you mean `route`?``, with the file's
/// name first when the set has more than one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleError {
    /// Name of the file, as given to [`RuleSet::compile`](crate::RuleSet::compile).
    pub file: String,
    /// The rule the mistake is in; none outside rules.
    pub rule: Option<String>,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong: lower case, no full stop, user's words in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    #[serde(skip)]
    pub(crate) show_file: bool,
}

impl RuleError {
    /// A mistake without a place; add what is known with the other functions.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        RuleError {
            file: file.into(),
            rule: None,
            line: None,
            column: None,
            message: message.into(),
            help: None,
            show_file: false,
        }
    }

    pub(crate) fn at(mut self, position: rhai::Position) -> Self {
        self.line = position.line();
        self.column = position.position();
        self
    }

    pub(crate) fn in_rule(mut self, rule: Option<&str>) -> Self {
        self.rule = rule.map(str::to_owned);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.show_file {
            write!(f, "{}: ", self.file)?;
        }
        if let Some(rule) = &self.rule {
            write!(f, "rule `{rule}`: ")?;
        }
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleError {}

/// All mistakes of one rule set, in order of file, line and column. Shown one a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RuleErrors(pub Vec<RuleError>);

impl RuleErrors {
    /// Puts the mistakes in order, drops those said twice, and shows file names where there is more than one file.
    pub(crate) fn sorted(mut errors: Vec<RuleError>, files: usize) -> Self {
        for error in &mut errors {
            error.show_file = files > 1;
        }
        errors.sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
        errors.dedup();
        RuleErrors(errors)
    }
}

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleErrors {}
