//! What a rule set makes use of: known when it is compiled, without running a rule.

#[cfg(feature = "sources")]
use serde::Serialize;

#[cfg(feature = "sources")]
use super::Rule;
use super::RuleSet;
use crate::data::Data;
#[cfg(feature = "sources")]
use crate::error::RuleError;
#[cfg(feature = "sources")]
use crate::limit::Limit;

/// Something that rules name, and where.
#[cfg(feature = "sources")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// What it is called: a group, a cluster, a rule, a function, a property.
    pub name: String,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The rule; none outside rules.
    pub rule: Option<String>,
}

#[cfg(feature = "sources")]
impl Mention {
    /// Something to say of it.
    pub(crate) fn error(&self, message: impl Into<String>) -> RuleError {
        let mut error = RuleError::new(&*self.file, message);
        error.rule.clone_from(&self.rule);
        error.line = self.line;
        error.column = self.column;
        error
    }
}

impl RuleSet {
    /// Does a rule read `q.sql`, so that the body is needed? Known without running a rule.
    pub fn reads_body(&self) -> bool {
        self.needs.body
    }

    /// Does a rule read more of a group than whether it is serving?
    pub fn reads_load(&self) -> bool {
        self.needs.load
    }

    /// Does a rule read the time of day?
    pub fn reads_time(&self) -> bool {
        self.needs.time
    }

    /// Does a rule read the client's address?
    pub fn reads_address(&self) -> bool {
        self.needs.address
    }

    /// Does a rule read what the client's token says?
    pub fn reads_claims(&self) -> bool {
        self.needs.claims
    }

    /// What its scripts need besides themselves: for [`RuleSet::load`].
    pub fn data(&self) -> Data {
        Data { needs: self.needs, ..self.runtime.data() }
    }

    /// Names of the rules, in order.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }
}

/// What authors are told of, with its places.
#[cfg(feature = "sources")]
impl RuleSet {
    /// Groups that are written out in `route()`, `.or()` and `q.group()`; those that are computed are not known.
    pub fn groups(&self) -> Vec<Mention> {
        self.uses.groups.clone()
    }

    /// Clusters that are written out in `.cluster()`.
    pub fn clusters(&self) -> Vec<Mention> {
        self.uses.clusters.clone()
    }

    /// Limits, each once, in the order of their places.
    pub fn limits(&self) -> Vec<Limit> {
        let mut limits = self.uses.limits.clone();
        limits.sort_by(|a, b| (&a.file, a.line, a.by, a.rate).cmp(&(&b.file, b.line, b.by, b.rate)));
        limits.dedup();
        limits
    }

    /// Routing services that are asked.
    pub fn services(&self) -> Vec<Mention> {
        self.uses.services.clone()
    }

    /// Where the statement is read.
    pub(crate) fn statements(&self) -> &[Mention] {
        &self.uses.statements
    }

    /// Where the user's name is read.
    pub(crate) fn users(&self) -> &[Mention] {
        &self.uses.users
    }

    /// Rules that decide about every query.
    pub(crate) fn always(&self) -> &[Mention] {
        &self.uses.always
    }

    /// Every `route(…)` and `deny(…)` that is written in the files.
    pub fn decisions(&self) -> &[Mention] {
        &self.uses.decisions
    }

    /// The rules and where each stands, in order.
    pub fn rules(&self) -> Vec<Mention> {
        let place = |rule: &Rule| Mention {
            name: rule.name.clone(),
            file: self.files.get(rule.file).cloned().unwrap_or_default(),
            line: Some(rule.line),
            column: None,
            rule: Some(rule.name.clone()),
        };
        self.rules.iter().map(place).collect()
    }
}
