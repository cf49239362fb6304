//! Which rules were asked, and what each said: kept small, since it is made for every query and read for few.

use std::rc::Rc;

use serde::Serialize;

/// How one rule ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It had nothing to say.
    Passed,
    /// It added headers or tags to what a later one decides.
    Added,
    /// It decided.
    Matched,
    /// It was skipped, for this reason.
    Failed(String),
}

/// One rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// Name of the rule; `otherwise` for the last word.
    pub rule: String,
    /// Line of the rule in its file.
    pub line: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// Name of a rule, and its line.
pub(crate) type Named = (String, usize);

/// Every rule that was asked about one query, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// All rules of the set, shared by all traces.
    rules: Rc<[Named]>,
    asked: usize,
    /// The last one asked decided.
    matched: bool,
    /// Those that added something, by their place.
    added: Vec<usize>,
    /// Those that failed, by their place.
    failed: Vec<(usize, String)>,
    /// Line of the `otherwise` that had the last word.
    otherwise: Option<usize>,
}

impl Trace {
    pub(crate) fn new(rules: Rc<[Named]>) -> Trace {
        Trace { rules, ..Trace::default() }
    }

    /// The next rule was asked.
    pub(crate) fn push(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => {}
            Outcome::Added => self.added.push(self.asked),
            Outcome::Matched => self.matched = true,
            Outcome::Failed(why) => self.failed.push((self.asked, why)),
        }
        self.asked += 1;
    }

    /// No rule decided, so `otherwise` did.
    pub(crate) fn push_otherwise(&mut self, line: usize) {
        self.otherwise = Some(line);
    }

    /// The rules that failed and were skipped, each with the reason.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.failed.iter().filter_map(|(place, why)| Some((self.rules.get(*place)?.0.as_str(), why.as_str())))
    }

    /// Every rule that was asked, in order.
    pub fn entries(&self) -> impl Iterator<Item = TraceEntry> {
        let outcome = |place: usize| match self.failed.iter().find(|(failed, _)| *failed == place) {
            Some((_, why)) => Outcome::Failed(why.clone()),
            None if self.matched && place + 1 == self.asked => Outcome::Matched,
            None if self.added.contains(&place) => Outcome::Added,
            None => Outcome::Passed,
        };
        let asked = self.rules.iter().take(self.asked).enumerate();
        let rules = asked.map(move |(place, (rule, line))| TraceEntry {
            rule: rule.clone(),
            line: *line,
            outcome: outcome(place),
        });
        rules.chain(self.otherwise.map(|line| TraceEntry {
            rule: "otherwise".to_owned(),
            line,
            outcome: Outcome::Matched,
        }))
    }

    /// Bytes that this trace holds for itself.
    pub(crate) fn bytes(&self) -> usize {
        let failed: usize = self.failed.iter().map(|(_, why)| size_of::<(usize, String)>() + why.len()).sum();
        failed + self.added.len() * size_of::<usize>()
    }
}
