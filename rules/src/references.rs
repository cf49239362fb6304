//! Do the groups and clusters that rules name exist? Asked by who knows them.

use crate::error::{RuleError, RuleErrors};
use crate::ruleset::RuleSet;
use crate::suggest;

/// Groups and clusters that rules name and that do not exist, each with the place and a suggestion.
///
/// Only names that are written out in the rules can be told.
pub fn check_references(rules: &RuleSet, groups: &[String], clusters: &[String]) -> Vec<RuleError> {
    let uses = [("group", rules.groups(), groups), ("cluster", rules.clusters(), clusters)];
    let errors = uses
        .into_iter()
        .flat_map(|(what, uses, known)| {
            uses.into_iter().filter(|found| !known.contains(&found.name)).map(move |found| {
                let help = suggest::help(&found.name, known.iter().map(String::as_str));
                found.error(format!("unknown {what} `{}`", found.name)).maybe_help(help)
            })
        })
        .collect();
    RuleErrors::sorted(errors, rules.file_count()).0
}
