//! Trino Gateway's rules in Rhai.
//!
//! ```text
//! rules.yaml ─ file ─► pieces of MVEL ─ tokens, parse ─► syntax ─ expression, methods, action ─► steps ─ write ─► .rhai
//! ```
//!
//! Trino Gateway asks every rule, in order of priority, and the last that is true wins
//! (`io.trino.gateway.ha.router.FileBasedRoutingGroupSelector`). Here the first one wins, so rules stand in reverse. What
//! has no counterpart is a comment in the result, and is told with its line.

mod action;
mod code;
mod compare;
mod cursor;
mod expression;
mod file;
mod java;
mod methods;
mod parse;
mod syntax;
mod tokens;
mod value;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;

use code::Body;
use expression::Translator;
use file::GatewayRule;
use syntax::{Refusal, Translated};
use write::Rule;

/// A file of Trino Gateway's rules, translated.
#[derive(Debug)]
pub(crate) struct Import {
    /// A file of Warren's rules, which compiles.
    pub(crate) rhai: String,
    /// Rules of the file.
    pub(crate) rules: usize,
    /// Rules that are comments in the result, and why.
    pub(crate) refused: Vec<Finding>,
    /// What differs, and what has no effect.
    pub(crate) notes: Vec<Finding>,
}

/// Something about a rule, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Line of Trino Gateway's file, from 1.
    pub(crate) line: usize,
    /// Name of the rule; empty where there is none.
    pub(crate) rule: String,
    /// What is the matter, and what to do.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rule.is_empty() {
            write!(f, "line {}: {}", self.line, self.message)
        } else {
            write!(f, "line {}: rule `{}`: {}", self.line, self.rule, self.message)
        }
    }
}

/// Translates a file. `name` is what the result calls it.
///
/// # Errors
/// When it is not YAML.
pub(crate) fn import(name: &str, text: &str) -> Result<Import, Finding> {
    let mut rules = file::read(text).map_err(|(line, message)| Finding {
        line,
        rule: String::new(),
        message: format!("not YAML: {message}"),
    })?;
    // Stable, as Trino Gateway's is: rules of one priority stay in the order of the file.
    rules.sort_by_key(|rule| rule.priority);
    let mut translator = Translator::default();
    let mut notes = Vec::new();
    let mut translated = Vec::new();
    for rule in rules {
        let known = translator.notes.clone();
        let result = translate(&mut translator, &rule);
        notes.extend(translator.notes.difference(&known).map(|note| finding(&rule, rule.line, note.text())));
        translated.push(Rule::new(rule, translator.meets_state, result));
    }
    Ok(write::file(name, translated, notes))
}

/// The rule's condition and what it does; where it is refused, the line is that of the file.
fn translate(translator: &mut Translator, rule: &GatewayRule) -> Translated<Body> {
    translator.meets_state = false;
    if let Some(refusal) = &rule.refusal {
        return Err(refusal.clone());
    }
    let placed = |piece: &file::Piece, refusal: Refusal| Refusal { line: piece.line(refusal.line), ..refusal };
    let condition = &rule.condition;
    translator.in_action = false;
    let parts = parse::condition(&condition.text)
        .and_then(|parsed| translator.conditions(&parsed))
        .map_err(|refusal| placed(condition, refusal))?;
    if parts.iter().any(|part| part.is_constant_flag(false)) {
        translator.meets_state = false;
        return Ok(Body { conditions: parts, steps: Vec::new() });
    }
    translator.in_action = true;
    let always = parts.is_empty();
    let mut steps = Vec::new();
    for action in &rule.actions {
        let translated = parse::action(&action.text).and_then(|parsed| translator.steps(&parsed, always));
        steps.extend(translated.map_err(|refusal| placed(action, refusal))?);
    }
    Ok(Body { conditions: parts, steps })
}

fn finding(rule: &GatewayRule, line: usize, message: impl Into<String>) -> Finding {
    Finding { line, rule: rule.name.clone(), message: message.into() }
}
