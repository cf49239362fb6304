//! Do the groups and clusters that rules name exist? Asked by who knows them.

use crate::error::{RuleError, RuleErrors};
use crate::ruleset::{GroupUse, RuleSet};
use crate::suggest;

/// Groups and clusters that rules name and that do not exist, each with the place and a suggestion.
///
/// Only names that are written out in the rules can be told.
pub fn check_references(rules: &RuleSet, groups: &[String], clusters: &[String]) -> Vec<RuleError> {
    let uses = [("group", rules.groups(), groups), ("cluster", rules.clusters(), clusters)];
    let errors = uses
        .into_iter()
        .flat_map(|(what, uses, known)| {
            uses.into_iter().filter(|found| !known.contains(&found.name)).map(move |found| unknown(what, found, known))
        })
        .collect();
    RuleErrors::sorted(errors, rules.file_count()).0
}

fn unknown(what: &str, found: GroupUse, known: &[String]) -> RuleError {
    let mut error = RuleError::new(found.file, format!("unknown {what} `{}`", found.name))
        .maybe_help(suggest::help(&found.name, known.iter().map(String::as_str)));
    error.rule = found.rule;
    error.line = found.line;
    error.column = found.column;
    error
}
