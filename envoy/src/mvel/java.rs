//! Methods of Java's own classes: texts, lists, maps, `Optional`.

use super::compare::{contains, matches, member, tables_hold_no_texts};
use super::syntax::{Refusal, Translated};
use super::value::{Binding, Type, Value};

pub(super) fn of_text(line: usize, text: &Value, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
    let call = |kind: Type, name: &str, arguments: &[&Value]| Value::call(kind, text, name, arguments);
    let lower = |value: &Value| match &value.constant {
        Some(constant) => Value::text(&constant.to_lowercase()),
        None => Value::call(Type::Text, value, "to_lower", &[]),
    };
    Ok(Some(match (method, arguments) {
        ("isEmpty", []) => Value::equal(text, &Value::text("")),
        ("isBlank", []) => Value::equal(&call(Type::Text, "trimmed", &[]), &Value::text("")),
        ("length", []) => call(Type::Number, "len", &[]),
        ("toLowerCase", []) => call(Type::Text, "to_lower", &[]),
        ("toUpperCase", []) => call(Type::Text, "to_upper", &[]),
        ("trim" | "strip", []) => call(Type::Text, "trimmed", &[]),
        ("intern", []) => text.clone(),
        ("equalsIgnoreCase", [other]) if other.kind == Type::Text => Value::equal(&lower(text), &lower(other)),
        ("contains", [part]) => contains(line, text, part)?,
        ("matches", [regex]) => matches(line, &Value { null: None, ..text.clone() }, regex)?,
        ("startsWith", [part]) if part.kind == Type::Text => call(Type::Flag, "starts_with", &[part]),
        ("endsWith", [part]) if part.kind == Type::Text => call(Type::Flag, "ends_with", &[part]),
        ("indexOf", [part]) if part.kind == Type::Text => call(Type::Number, "index_of", &[part]),
        ("substring", [start]) if start.kind == Type::Number => call(Type::Text, "sub_string", &[start]),
        ("substring", [start, end]) if start.kind == Type::Number && end.kind == Type::Number => {
            let length = match (start.text.parse::<i64>(), end.text.parse::<i64>()) {
                (Ok(start), Ok(end)) => end.saturating_sub(start).to_string(),
                _ => format!("{} - {}", end.at(Binding::Sum), start.at(Binding::Unary)),
            };
            call(Type::Text, "sub_string", &[start, &Value::primary(Type::Number, length)])
        }
        ("concat", [other]) if other.kind == Type::Text => {
            let sum = format!("{} + {}", text.at(Binding::Sum), other.at(Binding::Unary));
            Value { solid: text.solid || other.solid, ..Value::new(Type::Text, Binding::Sum, sum) }
        }
        // Java takes a regular expression: these mean themselves in one.
        ("split", [separator]) => match &separator.constant {
            Some(plain)
                if !plain.is_empty() && plain.chars().all(|c| c.is_alphanumeric() || " ,;:/=_-".contains(c)) =>
            {
                call(Type::Parts, "split", &[separator])
            }
            _ => return Err(Refusal::new(line, "`split` by a regular expression has no counterpart", "use `matches`")),
        },
        _ => return Ok(None),
    }))
}

pub(super) fn of_optional(optional: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    let empty = optional.null.clone().map_or_else(|| Value::flag(false), |null| *null);
    let mut held = Value { kind: Type::Text, ..optional.clone() };
    Some(match (method, arguments) {
        ("isPresent", []) => empty.not(),
        ("isEmpty", []) => empty,
        ("get" | "orElseThrow", []) => held,
        ("orElse", [other]) if other.kind == Type::Null => held,
        ("orElse", [other]) if other.kind == Type::Text => {
            held.null = None;
            if other.constant.as_deref() == Some("") || empty.is_constant_flag(false) {
                return Some(held);
            }
            Value { kind: Type::Text, ..held }.or_else(empty, other)
        }
        _ => return None,
    })
}

pub(super) fn of_list(line: usize, list: &Value, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
    Ok(Some(match (method, arguments) {
        ("contains", [text]) if text.kind == Type::Text => member(line, list, text)?,
        ("isEmpty", []) if list.kind == Type::Texts => Value::call(Type::Flag, &list.receiver(), "is_empty", &[]),
        // What a rule added twice to a set is in the translation's list twice.
        ("size", []) if list.kind == Type::Texts && list.text.starts_with("q.sql.") => {
            Value::call(Type::Number, list, "len", &[])
        }
        _ => return Ok(None),
    }))
}

pub(super) fn of_tables(line: usize, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
    let tables = Value::primary(Type::Texts, "q.sql.tables");
    match method {
        "isEmpty" | "size" => of_list(line, &tables, method, arguments),
        "contains" => Err(tables_hold_no_texts(line)),
        _ => Ok(None),
    }
}

pub(super) fn of_map(map: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    let owner = map.receiver();
    Some(match (method, arguments) {
        ("isEmpty", []) => Value::call(Type::Flag, &owner, "is_empty", &[]),
        ("containsKey", [key]) if key.kind == Type::Text => Value::is_in(key, &owner),
        ("get", [key]) if key.kind == Type::Text => {
            let value = Value::primary(Type::Unknown, format!("{}[{}]", owner.at(Binding::Primary), key.text));
            let missing = Value::equal(&value, &Value::primary(Type::Null, "()"));
            value.null_if(missing)
        }
        _ => return None,
    })
}
