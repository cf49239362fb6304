//! What a rule asks and does, as lines of Rhai.

use super::action::Step;
use super::value::{Binding, Value};

/// The longest line of the result, where there is a choice.
pub(super) const WIDTH: usize = 110;

/// What a rule asks and does.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// All of them must be true.
    pub(super) conditions: Vec<Value>,
    pub(super) steps: Vec<Step>,
}

impl Body {
    /// In Rhai.
    pub(super) fn condition(&self) -> String {
        match self.conditions.as_slice() {
            [one] => one.text.clone(),
            more => more.iter().map(|part| part.at(Binding::And)).collect::<Vec<_>>().join(" && "),
        }
    }
}

/// Can steps be an expression that gives a decision or nothing? They write at most once whatever happens.
pub(super) fn is_value(steps: &[Step], first: bool) -> bool {
    match steps {
        [] | [Step::Route(_)] => true,
        [Step::Default] => first,
        [Step::If(cases, last)] => {
            cases.iter().map(|(_, steps)| steps).chain([last]).all(|steps| is_value(steps, first))
        }
        _ => false,
    }
}

pub(super) fn takes_back(steps: &[Step]) -> bool {
    some_step(steps, |step| *step == Step::Default)
}

pub(super) fn routes(steps: &[Step]) -> bool {
    some_step(steps, |step| matches!(step, Step::Route(_)))
}

fn some_step(steps: &[Step], wanted: fn(&Step) -> bool) -> bool {
    steps.iter().any(|step| match step {
        Step::If(cases, last) => {
            cases.iter().map(|(_, steps)| steps).chain([last]).any(|steps| some_step(steps, wanted))
        }
        step => wanted(step),
    })
}

/// Steps as an expression.
pub(super) fn gives(steps: &[Step]) -> Vec<String> {
    match steps {
        [Step::Route(group)] => vec![format!("route({group})")],
        [Step::If(cases, last)] => {
            let cases: Vec<_> = cases.iter().map(|(condition, steps)| (condition.clone(), gives(steps))).collect();
            conditional(&cases, &gives(last))
        }
        _ => Vec::new(),
    }
}

/// Steps as statements.
pub(super) fn does(steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    for step in steps {
        match step {
            Step::Route(group) => lines.push(format!("decision = route({group});")),
            Step::Default => lines.push("decision = ();".to_owned()),
            Step::State(statement) => lines.push(statement.clone()),
            Step::If(cases, last) => {
                let cases: Vec<_> = cases.iter().map(|(condition, steps)| (condition.clone(), does(steps))).collect();
                lines.extend(conditional(&cases, &does(last)));
            }
        }
    }
    lines
}

pub(super) fn conditional(cases: &[(String, Vec<String>)], last: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut lead = String::new();
    for (condition, body) in cases {
        lines.push(format!("{lead}if {condition} {{"));
        lines.extend(indented(body.iter().cloned()));
        lead = "} else ".to_owned();
    }
    if !last.is_empty() {
        lines.push("} else {".to_owned());
        lines.extend(indented(last.iter().cloned()));
    }
    lines.push("}".to_owned());
    lines
}

/// The line of a rule's own condition, broken at `&&` if it is too long.
pub(super) fn broken(line: &str, body: &Body) -> Vec<String> {
    if line.len() < WIDTH || body.conditions.len() < 2 || *line != format!("if {} {{", body.condition()) {
        return vec![line.to_owned()];
    }
    let mut lines = Vec::new();
    for (i, part) in body.conditions.iter().enumerate() {
        let lead = if i == 0 { "if " } else { "    && " };
        lines.push(format!("{lead}{}", part.at(Binding::And)));
    }
    lines.push("{".to_owned());
    lines
}

pub(super) fn indented(lines: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    lines.map(indent)
}

pub(super) fn indent(line: String) -> String {
    if line.is_empty() { line } else { format!("    {line}") }
}
