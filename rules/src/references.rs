//! Do the groups, clusters and routing services that rules name exist? Asked by who knows them.

use crate::error::{RuleError, RuleErrors};
use crate::ruleset::RuleSet;
use crate::suggest;

/// What there is for rules to name; none where it is not known, so that any name will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Names of groups.
    pub groups: Option<Vec<String>>,
    /// Names of clusters.
    pub clusters: Option<Vec<String>>,
    /// Names of routing services.
    pub services: Option<Vec<String>>,
}

/// Groups, clusters and routing services that rules name and that do not exist, each with the place and a suggestion.
///
/// Only names that are written out in the rules can be told.
pub fn check_references(rules: &RuleSet, known: &Known) -> Vec<RuleError> {
    let uses = [
        ("group", rules.groups(), &known.groups),
        ("cluster", rules.clusters(), &known.clusters),
        ("routing service", rules.services(), &known.services),
    ];
    let errors = uses
        .into_iter()
        .filter_map(|(what, uses, known)| Some((what, uses, known.as_ref()?)))
        .flat_map(|(what, uses, known)| {
            uses.into_iter().filter(|found| !known.contains(&found.name)).map(move |found| {
                let help = suggest::help(&found.name, known.iter().map(String::as_str));
                found.error(format!("unknown {what} `{}`", found.name)).maybe_help(help)
            })
        })
        .collect();
    RuleErrors::sorted(errors, rules.file_count()).0
}
