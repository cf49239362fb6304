//! What only shows when all files are there: names that are taken twice, rules after the last word.

use std::collections::BTreeMap;

use rhai::Position;

use crate::error::RuleError;
use crate::script::{Script, line};

/// Checks names over all files, in order.
pub(crate) fn across_files(scripts: &[Script], errors: &mut Vec<RuleError>) {
    let mut rules = First::new("rule", scripts.len());
    let mut constants = First::new("constant", scripts.len());
    let mut functions = First::new("function", scripts.len());
    let mut otherwise: Option<(&str, Position)> = None;
    for script in scripts {
        for constant in &script.constants {
            constants.add(script, &constant.name, constant.position, None, errors);
        }
        for (name, function) in script.named_functions() {
            functions.add(script, name, function.position, None, errors);
        }
        for rule in &script.rules {
            rules.add(script, &rule.name, rule.position, Some(&rule.name), errors);
            if let Some((file, _)) = otherwise {
                errors.push(
                    RuleError::new(&*script.name, format!("this rule is never reached: `otherwise` stands in {file}"))
                        .at(rule.position)
                        .in_rule(Some(&rule.name))
                        .help("move `otherwise` to the last file"),
                );
            }
        }
        if let Some((_, position)) = &script.otherwise {
            match otherwise {
                None => otherwise = Some((&script.name, *position)),
                Some((file, first)) => errors.push(
                    RuleError::new(
                        &*script.name,
                        format!("a second `otherwise`; the first is in {file}, line {}", line(first)),
                    )
                    .at(*position)
                    .help("keep one"),
                ),
            }
        }
    }
}

/// Where each name stands first.
struct First<'a> {
    what: &'static str,
    several_files: bool,
    seen: BTreeMap<&'a str, (&'a str, Position)>,
}

impl<'a> First<'a> {
    fn new(what: &'static str, files: usize) -> Self {
        First { what, several_files: files > 1, seen: BTreeMap::new() }
    }

    fn add(
        &mut self,
        script: &'a Script,
        name: &'a str,
        position: Position,
        rule: Option<&str>,
        errors: &mut Vec<RuleError>,
    ) {
        let Some((file, first)) = self.seen.get(name) else {
            self.seen.insert(name, (&script.name, position));
            return;
        };
        let place = if self.several_files {
            format!("{file}, line {}", line(*first))
        } else {
            format!("line {}", line(*first))
        };
        errors.push(
            RuleError::new(&*script.name, format!("{} `{name}` already stands in {place}", self.what))
                .at(position)
                .in_rule(rule)
                .help("choose another name"),
        );
    }
}
