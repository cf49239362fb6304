//! Actions of a rule: what they write, in order.

use super::expression::Translator;
use super::methods::entry;
use super::syntax::{Expression, Kind, Refusal, Statement, Translated};
use super::value::{Type, Value};

/// One thing that an action does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// The group is this, which is never empty: an expression in Rhai.
    Route(String),
    /// The group is the default one, whatever was written before.
    Default,
    /// `state` is changed: a statement in Rhai.
    State(String),
    /// Conditions in Rhai with what is done then, and what is done else.
    If(Vec<(String, Vec<Step>)>, Vec<Step>),
}

const KEY: &str = "routingGroup";

impl Translator {
    /// What statements do. `always`: they are reached for every query.
    pub(super) fn steps(&mut self, statements: &[Statement], always: bool) -> Translated<Vec<Step>> {
        let mut steps = Vec::new();
        for statement in statements {
            match statement {
                Statement::Expression(expression) => steps.extend(self.call(expression, always)?),
                Statement::Assignment(target, value) => steps.extend(self.assign(target, value, always)?),
                Statement::If(cases, last) => {
                    let mut translated = Vec::new();
                    for (condition, statements) in cases {
                        let condition = self.condition(condition)?;
                        translated.push((condition.text, self.steps(statements, false)?));
                    }
                    let last = last.as_deref().map_or(Ok(Vec::new()), |last| self.steps(last, false))?;
                    steps.push(Step::If(translated, last));
                }
            }
        }
        Ok(steps)
    }

    /// `result.put("routingGroup", …)`, `state.put(…)`, `state.get("set").add(…)`.
    fn call(&mut self, expression: &Expression, always: bool) -> Translated<Vec<Step>> {
        let line = expression.line;
        let Kind::Call(owner, method, arguments) = &expression.kind else {
            return Err(does_nothing(line));
        };
        let owner = self.value(owner)?;
        match (owner.kind, method.as_str(), arguments.as_slice()) {
            (Type::Result, "put", [key, value]) => self.write(line, key, value),
            (Type::Result, "remove", [key]) if self.key(key)? == KEY => Ok(vec![Step::Default]),
            (Type::Result, "clear", []) => Ok(vec![Step::Default]),
            (Type::State, "put", [key, value]) => self.keep(line, key, value, always),
            (Type::Texts, "add", [value]) if owner.text.starts_with("state[") => {
                let value = self.value(value)?;
                if value.kind != Type::Text {
                    return Err(Refusal::new(line, "only texts can be added to a list", "add a text"));
                }
                Ok(vec![Step::State(format!("{}.push({});", owner.text, value.text))])
            }
            (Type::Map, "put", [key, value]) if owner.text.starts_with("state[") => {
                let (key, value) = (self.value(key)?, self.value(value)?);
                if key.kind != Type::Text || !is_plain(&value) {
                    return Err(Refusal::new(line, "such an entry of a map has no counterpart", "put a text there"));
                }
                Ok(vec![Step::State(format!("{}[{}] = {};", owner.text, key.text, value.text))])
            }
            (Type::Result, "get" | "containsKey" | "putIfAbsent", _) => Err(Refusal::new(
                line,
                format!("`result.{method}` has no counterpart"),
                "a rule does not see what others write: ask what they ask",
            )),
            (Type::Request | Type::User | Type::Statement, ..) => Err(does_nothing(line)),
            (kind, ..) => {
                let what = format!("`{method}` of {} has no counterpart", kind.words());
                Err(Refusal::new(line, what, "write the rule in Rhai"))
            }
        }
    }

    /// `result.routingGroup = …`, `state["x"] = …`.
    fn assign(&mut self, target: &Expression, value: &Expression, always: bool) -> Translated<Vec<Step>> {
        let line = target.line;
        let (owner, key) = match &target.kind {
            Kind::Property(owner, name) => (owner, Expression { line, kind: Kind::Text(name.clone()) }),
            Kind::Index(owner, key) => (owner, (**key).clone()),
            _ => {
                return Err(Refusal::new(
                    line,
                    "a variable cannot be set: Trino Gateway fails every query here",
                    "write the value where it is used, or `state.put(…)`",
                ));
            }
        };
        match self.value(owner)?.kind {
            Type::Result => self.write(line, &key, value),
            Type::State => self.keep(line, &key, value, always),
            kind => Err(Refusal::new(line, format!("{} cannot be changed", kind.words()), "take it out")),
        }
    }

    fn write(&mut self, line: usize, key: &Expression, value: &Expression) -> Translated<Vec<Step>> {
        if self.key(key)? != KEY {
            return Err(Refusal::new(
                line,
                "Trino Gateway reads nothing but `routingGroup` of `result`",
                "take it out",
            ));
        }
        let group = self.value(value)?;
        match group.kind {
            Type::Text if group.solid => Ok(vec![Step::Route(group.text)]),
            Type::Null => Ok(vec![Step::Default]),
            Type::Text if group.constant.is_some() => Ok(vec![Step::Default]),
            Type::Text => {
                let there = Value::equal(&group, &Value::text("")).not();
                Ok(vec![Step::If(vec![(there.text, vec![Step::Route(group.receiver().text)])], vec![Step::Default])])
            }
            kind => Err(Refusal::new(line, format!("a group is a text, not {}", kind.words()), "write a text")),
        }
    }

    fn keep(&mut self, line: usize, key: &Expression, value: &Expression, always: bool) -> Translated<Vec<Step>> {
        let key = self.key(key)?;
        let value = self.value(value)?;
        if !is_plain(&value) && !matches!(value.kind, Type::Texts | Type::Map | Type::Null) {
            let what = format!("{} in `state` has no counterpart", value.kind.words());
            return Err(Refusal::new(line, what, "put a text, a number, a flag or a set there"));
        }
        // Null is what is not there.
        if value.kind == Type::Null || value.null.is_some() {
            let kind = match self.entries.get(&key) {
                Some((known, _)) if value.kind == Type::Null || *known == value.kind => *known,
                None if value.kind != Type::Null => value.kind,
                _ => Type::Unknown,
            };
            self.entries.insert(key.clone(), (kind, false));
            let text = match &value.null {
                Some(null) => format!("if {} {{ {} }} else {{ () }}", null.clone().not().text, value.text),
                None => value.text,
            };
            return Ok(vec![Step::State(format!("{} = {text};", entry(&key)))]);
        }
        let kind = match self.entries.get(&key) {
            Some((known, _)) if *known != value.kind => Type::Unknown,
            _ => value.kind,
        };
        let always = always || self.entries.get(&key).is_some_and(|(_, always)| *always);
        self.entries.insert(key.clone(), (kind, always && kind != Type::Unknown));
        Ok(vec![Step::State(format!("{} = {};", entry(&key), value.text))])
    }

    fn key(&mut self, key: &Expression) -> Translated<String> {
        let value = self.value(key)?;
        value
            .constant
            .ok_or_else(|| Refusal::new(key.line, "a key that is computed has no counterpart", "write it out"))
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value.kind, Type::Text | Type::Number | Type::Flag | Type::Unknown)
}

fn does_nothing(line: usize) -> Refusal {
    Refusal::new(line, "this statement does nothing", "take it out, or write `result.put(\"routingGroup\", …)`")
}
