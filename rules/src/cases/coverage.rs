//! Which rules and which decisions the cases came to.

use serde::Serialize;

use crate::ruleset::{Mention, RuleSet};

/// A rule or a decision, and in how many cases it was what decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// The rule; none for what stands in `otherwise`, a constant or a function.
    pub rule: Option<String>,
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
    /// Cases.
    pub cases: usize,
}

/// What of a rule set its cases came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Each rule: it decided, or added something.
    pub rules: Vec<Covered>,
    /// Each line with a `route(…)` or `deny(…)`: it was the decision.
    pub decisions: Vec<Covered>,
}

impl Coverage {
    pub(super) fn new(rules: &RuleSet) -> Coverage {
        let mut decisions: Vec<Covered> = rules.decisions().iter().map(covered).collect();
        decisions.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        decisions.dedup_by(|a, b| (&a.file, a.line) == (&b.file, b.line));
        Coverage { rules: rules.rules().iter().map(covered).collect(), decisions }
    }

    pub(super) fn rule(&mut self, name: &str) {
        for rule in self.rules.iter_mut().filter(|rule| rule.rule.as_deref() == Some(name)) {
            rule.cases += 1;
        }
    }

    pub(super) fn decision(&mut self, file: Option<&str>, line: Option<usize>) {
        let here = |decision: &&mut Covered| file == Some(&decision.file) && line == Some(decision.line);
        for decision in self.decisions.iter_mut().filter(here) {
            decision.cases += 1;
        }
    }

    /// Rules and lines that no case came to.
    pub fn missing(&self) -> (Vec<&Covered>, Vec<&Covered>) {
        let none = |covered: &&Covered| covered.cases == 0;
        (self.rules.iter().filter(none).collect(), self.decisions.iter().filter(none).collect())
    }
}

fn covered(place: &Mention) -> Covered {
    Covered { rule: place.rule.clone(), file: place.file.clone(), line: place.line.unwrap_or_default(), cases: 0 }
}
