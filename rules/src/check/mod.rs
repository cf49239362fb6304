//! What can be told of a rule set without running it: unknown names, wrong types, dropped decisions, what is made use of.
//!
//! Everything in a script is looked at, whether it would be reached or not. A type that is not known is never reported.

mod across;
mod calls;
mod checker;
mod expressions;
mod facts;
mod names;
mod operators;
mod statements;
mod written;

use std::collections::BTreeMap;

use rhai::{Expr, Scope};

use crate::data::Needs;
use crate::error::RuleError;
use crate::limit::Limit;
use crate::ruleset::Mention;
use crate::runtime::Runtime;
use crate::script::{Function, Script};
use checker::Checker;

pub(crate) use across::across_files;

/// What the rules make use of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) needs: Needs,
    pub(crate) groups: Vec<Mention>,
    pub(crate) clusters: Vec<Mention>,
    /// Routing services that are asked.
    pub(crate) services: Vec<Mention>,
    /// How often queries may come.
    pub(crate) limits: Vec<Limit>,
    /// Where the statement is read.
    pub(crate) statements: Vec<Mention>,
    /// Where the user's name is read.
    pub(crate) users: Vec<Mention>,
    /// Where decisions are written: `route` and `deny`.
    pub(crate) decisions: Vec<Mention>,
    /// Rules that decide about every query.
    pub(crate) always: Vec<Mention>,
}

/// Named functions of all files, by name, with the file of each.
pub(crate) type Functions<'a> = BTreeMap<&'a str, (&'a Script, &'a Function)>;

/// What all checks share.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Constants of all files.
    pub(crate) constants: &'a Scope<'static>,
    /// Named functions of all files, and where each stands.
    pub(crate) functions: &'a Functions<'a>,
    pub(crate) runtime: &'a Runtime,
    /// A file could not be read, so constants may be missing.
    pub(crate) incomplete: bool,
}

/// Checks the value of a constant.
pub(crate) fn constant<'a>(context: Context<'a>, script: &'a Script, expression: &'a Expr) -> (Uses, Vec<RuleError>) {
    let mut checker = Checker::new(context, script);
    checker.in_constant = true;
    checker.expression(expression);
    checker.finish()
}

/// Checks rules, functions and the last word of one file.
pub(crate) fn script<'a>(context: Context<'a>, script: &'a Script) -> (Uses, Vec<RuleError>) {
    let mut checker = Checker::new(context, script);
    for rule in &script.rules {
        checker.rule(rule);
    }
    checker.functions();
    if let Some((decision, position)) = &script.otherwise {
        checker.otherwise(decision, *position);
    }
    checker.finish()
}

impl Uses {
    pub(crate) fn add(&mut self, other: Uses) {
        self.needs.body |= other.needs.body;
        self.needs.load |= other.needs.load;
        self.needs.time |= other.needs.time;
        self.needs.address |= other.needs.address;
        self.needs.claims |= other.needs.claims;
        self.limits.extend(other.limits);
        for (ours, theirs) in [
            (&mut self.groups, other.groups),
            (&mut self.clusters, other.clusters),
            (&mut self.services, other.services),
            (&mut self.statements, other.statements),
            (&mut self.users, other.users),
            (&mut self.decisions, other.decisions),
            (&mut self.always, other.always),
        ] {
            for found in theirs {
                if !ours.contains(&found) {
                    ours.push(found);
                }
            }
        }
    }
}
