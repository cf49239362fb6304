//! Expressions of MVEL in Rhai.
//!
//! A header that is missing is null in Trino Gateway and empty here. Where MVEL takes null for false, so does the translation;
//! where Trino Gateway fails the query because a method was called on null, the rule is false.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{add, contains, equal, matches, numbers};
use super::syntax::{Expression, Kind, Operator, Refusal, Translated};
use super::value::{Binding, Type, Value};

/// Where a translation differs from Trino Gateway in something that a rule may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Note {
    User,
    Body,
    Errors,
    Address,
}

/// Translates expressions of one file, rule after rule in the order in which Trino Gateway asks them.
#[derive(Debug, Default)]
pub(super) struct Translator {
    /// What rules so far have put into `state`: its type, and whether it is always there.
    pub(super) entries: BTreeMap<String, (Type, bool)>,
    /// `state` was read or written since this was last set to false.
    pub(super) meets_state: bool,
    /// `result` can be used: in actions.
    pub(super) in_action: bool,
    pub(super) notes: BTreeSet<Note>,
}

impl Note {
    pub(super) fn text(self) -> &'static str {
        match self {
            Note::User => {
                "`trinoRequestUser` is `q.user`: it knows no user of a bearer token or a cookie; have Envoy check tokens, and \
                 use `q.principal` or `q.claims`"
            }
            Note::Body => {
                "`getBody()` is `q.sql.text`: of an EXECUTE it is what the client sent, not the prepared statement"
            }
            Note::Errors => {
                "what Trino's parser refuses is told by `q.sql.error`: it understands more than a parser, so it is empty more often"
            }
            Note::Address => {
                "`getRemoteAddr()` is `q.remote_address`: the client's, not that of a load balancer before Envoy"
            }
        }
    }
}

impl Translator {
    /// A condition, or what else is true or false.
    pub(super) fn condition(&mut self, expression: &Expression) -> Translated<Value> {
        let value = self.value(expression)?;
        match value.kind {
            Type::Flag if value.safe => Ok(value),
            Type::Flag | Type::Unknown => Ok(Value::equal(&value, &Value::flag(true))),
            kind => Err(Refusal::new(
                expression.line,
                format!("a condition is true or false, not {}", kind.words()),
                "compare it with something: Trino Gateway fails every query here",
            )),
        }
    }

    /// The same taken apart at its outermost `&&`; empty if it is always true.
    pub(super) fn conditions(&mut self, expression: &Expression) -> Translated<Vec<Value>> {
        if let Kind::Binary(Operator::And, left, right) = &expression.kind {
            let mut parts = self.conditions(left)?;
            parts.extend(self.conditions(right)?);
            return Ok(parts);
        }
        let value = self.condition(expression)?;
        Ok(if value.is_constant_flag(true) { Vec::new() } else { vec![value] })
    }

    pub(super) fn value(&mut self, expression: &Expression) -> Translated<Value> {
        let line = expression.line;
        match &expression.kind {
            Kind::Text(text) => Ok(Value::text(text)),
            Kind::Number(number) => Ok(Value::primary(Type::Number, number.to_string())),
            Kind::Flag(flag) => Ok(Value::flag(*flag)),
            Kind::Null => Ok(Value::primary(Type::Null, "()")),
            Kind::Empty => Ok(Value::primary(Type::Empty, "\"\"")),
            Kind::Name(name) => self.name(line, name),
            Kind::List(elements) => self.list(elements),
            Kind::New(class, arguments) => new_object(line, class, arguments),
            Kind::Property(owner, name) => {
                if let Some(class) = class_of(owner) {
                    return class_constant(line, &class, name);
                }
                let owner = self.value(owner)?;
                self.property(line, &owner, name)
            }
            Kind::Call(owner, method, arguments) => {
                if let Some(class) = class_of(owner) {
                    return self.class_method(line, &class, method, arguments);
                }
                let owner = self.value(owner)?;
                let arguments = self.values(arguments)?;
                self.method(line, &owner, method, &arguments)
            }
            Kind::Index(owner, index) => {
                let (owner, index) = (self.value(owner)?, self.value(index)?);
                match owner.kind {
                    Type::State | Type::Map | Type::Result => self.method(line, &owner, "get", &[index]),
                    kind => Err(Refusal::new(
                        line,
                        format!("`[…]` of {} has no counterpart", kind.words()),
                        "ask with `contains`",
                    )),
                }
            }
            Kind::Not(inner) => Ok(self.condition(inner)?.not()),
            Kind::Binary(operator, left, right) => self.binary(line, *operator, left, right),
            Kind::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let condition = self.condition(condition)?;
                let (yes, no) = (self.value(yes)?, self.value(no)?);
                if yes.kind != no.kind || yes.null.is_some() || no.null.is_some() {
                    return Err(Refusal::new(
                        line,
                        "the two sides of `? :` are not always of the same type",
                        "write two rules",
                    ));
                }
                let text = format!("if {} {{ {} }} else {{ {} }}", condition.text, yes.text, no.text);
                let mut value = Value::new(yes.kind, Binding::Choice, text);
                value.solid = yes.solid && no.solid;
                Ok(value)
            }
        }
    }

    pub(super) fn values(&mut self, expressions: &[Expression]) -> Translated<Vec<Value>> {
        expressions.iter().map(|expression| self.value(expression)).collect()
    }

    fn name(&mut self, line: usize, name: &str) -> Translated<Value> {
        let kind = match name {
            "request" => Type::Request,
            "trinoRequestUser" => Type::User,
            "trinoQueryProperties" => Type::Statement,
            "state" => {
                self.meets_state = true;
                Type::State
            }
            "result" if self.in_action => Type::Result,
            "result" => {
                return Err(Refusal::new(
                    line,
                    "`result` is not there in a condition",
                    "Trino Gateway fails every query here: use `state`",
                ));
            }
            _ => {
                return Err(Refusal::new(
                    line,
                    format!("`{name}` is not known"),
                    "rules know `request`, `trinoRequestUser`, `trinoQueryProperties`, `state` and `result`",
                ));
            }
        };
        Ok(Value::primary(kind, name))
    }

    fn list(&mut self, elements: &[Expression]) -> Translated<Value> {
        let values = self.values(elements)?;
        if let Some((element, value)) = elements.iter().zip(&values).find(|(_, value)| value.kind != Type::Text) {
            let what = format!("a list of {} has no counterpart", value.kind.words());
            return Err(Refusal::new(element.line, what, "lists hold texts"));
        }
        let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
        Ok(Value::primary(Type::Texts, format!("[{}]", texts.join(", "))))
    }

    fn binary(&mut self, line: usize, operator: Operator, left: &Expression, right: &Expression) -> Translated<Value> {
        match operator {
            Operator::And => {
                let left = self.condition(left)?;
                Ok(left.and(&self.condition(right)?))
            }
            Operator::Or => {
                let left = self.condition(left)?;
                Ok(left.or(&self.condition(right)?))
            }
            _ => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                match operator {
                    Operator::Equal => equal(line, &left, &right),
                    Operator::NotEqual => Ok(equal(line, &left, &right)?.not()),
                    Operator::Contains => contains(line, &left, &right),
                    Operator::Matches => matches(line, &left, &right),
                    Operator::Add => add(line, &left, &right),
                    _ => numbers(line, operator, &left, &right),
                }
            }
        }
    }

    fn class_method(&mut self, line: usize, class: &str, method: &str, arguments: &[Expression]) -> Translated<Value> {
        match (class, method, arguments) {
            ("Arrays", "asList", [parts]) => {
                let value = self.value(parts)?;
                if value.kind == Type::Parts { Ok(value) } else { self.list(arguments) }
            }
            ("Arrays", "asList", _) | ("List" | "Set", "of", _) => self.list(arguments),
            ("Optional", "of" | "ofNullable", [value]) => {
                let mut value = self.value(value)?;
                if value.kind != Type::Text {
                    let what = format!("an `Optional` of {} has no counterpart", value.kind.words());
                    return Err(Refusal::new(line, what, "write the value itself"));
                }
                value.kind = Type::Optional;
                Ok(value)
            }
            ("Optional", "empty", []) => Ok(Value::primary(Type::Optional, "\"\"").null_if(Value::flag(true))),
            ("Math", "random", _) => Err(Refusal::new(
                line,
                "`Math.random` has no counterpart",
                "a share of the users is `q.bucket(q.user, 100) < 5`",
            )),
            ("LocalTime" | "LocalDateTime" | "ZonedDateTime" | "LocalDate" | "Instant", ..) => Err(Refusal::new(
                line,
                format!("`{class}` has no counterpart"),
                "the time is `q.hour(\"Europe/Berlin\")`, `q.weekday(…)`, `q.clock(…)`",
            )),
            _ => Err(Refusal::new(line, format!("`{class}.{method}` has no counterpart"), "write the rule in Rhai")),
        }
    }
}

/// `java.util.Optional`, `Optional`: the class's own name. Names of variables begin with a small letter.
fn class_of(expression: &Expression) -> Option<String> {
    match &expression.kind {
        Kind::Name(name) => name.starts_with(char::is_uppercase).then(|| name.clone()),
        Kind::Property(owner, name) if name.starts_with(char::is_uppercase) => is_package(owner).then(|| name.clone()),
        _ => None,
    }
}

fn is_package(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Name(name) => matches!(name.as_str(), "java" | "io"),
        Kind::Property(owner, _) => is_package(owner),
        _ => false,
    }
}

fn class_constant(line: usize, class: &str, name: &str) -> Translated<Value> {
    match (class, name) {
        ("FileBasedRoutingGroupSelector", "RESULTS_ROUTING_GROUP_KEY") => Ok(Value::text("routingGroup")),
        _ => Err(Refusal::new(line, format!("`{class}.{name}` has no counterpart"), "write its value")),
    }
}

fn new_object(line: usize, class: &str, arguments: &[Expression]) -> Translated<Value> {
    let kind = match class {
        "HashSet" | "LinkedHashSet" | "TreeSet" | "ArrayList" | "LinkedList" => Type::Texts,
        "HashMap" | "LinkedHashMap" | "TreeMap" => Type::Map,
        _ => return Err(Refusal::new(line, format!("`new {class}` has no counterpart"), "write the rule in Rhai")),
    };
    if !arguments.is_empty() {
        return Err(Refusal::new(line, format!("`new {class}(…)` has no counterpart"), "leave the arguments out"));
    }
    Ok(Value::primary(kind, if kind == Type::Map { "#{}" } else { "[]" }))
}
