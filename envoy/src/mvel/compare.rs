//! Comparisons, and sums. What is null in Trino Gateway is missing here, and must not be taken for what is empty.

use regex_lite::Regex;

use super::syntax::{Operator, Refusal, Translated};
use super::value::{Binding, Type, Value};

/// `==`, and `equals`: null equals nothing but null.
pub(super) fn equal(line: usize, left: &Value, right: &Value) -> Translated<Value> {
    match (left.kind, right.kind) {
        (Type::Null, Type::Null) => Ok(Value::flag(true)),
        (Type::Null, _) => Ok(is_null(right)),
        (_, Type::Null) => Ok(is_null(left)),
        (Type::Empty, _) => is_empty(line, right),
        (_, Type::Empty) => is_empty(line, left),
        (Type::Flag, Type::Flag) if left.safe && right.is_constant_flag(true) => Ok(left.clone()),
        (Type::Flag, Type::Flag) if right.safe && left.is_constant_flag(true) => Ok(right.clone()),
        (Type::Flag, Type::Flag) if left.safe && right.is_constant_flag(false) => Ok(left.clone().not()),
        (Type::Flag, Type::Flag) if right.safe && left.is_constant_flag(false) => Ok(right.clone().not()),
        (Type::Optional, Type::Optional) => Ok(equal_optionals(left, right)),
        (Type::Unknown, Type::Text | Type::Flag | Type::Number | Type::Unknown)
        | (Type::Text | Type::Flag | Type::Number, Type::Unknown) => Ok(Value::equal(left, right)),
        (Type::Text, Type::Text) => Ok(equal_texts(left, right)),
        (Type::Number, Type::Number) | (Type::Flag, Type::Flag) => Ok(Value::equal(left, right)),
        (left, right) => Err(Refusal::new(
            line,
            format!("compares {} with {}", left.words(), right.words()),
            "compare what is of the same type",
        )),
    }
}

/// A header that is missing is no empty one; that matters only beside what may be empty.
fn equal_texts(left: &Value, right: &Value) -> Value {
    let equal = Value::equal(left, right);
    let empty = |value: &Value| value.constant.as_deref() == Some("");
    match (&left.null, &right.null) {
        (Some(null), None) if empty(right) => null.clone().not().and(&equal),
        (None, Some(null)) if empty(left) => null.clone().not().and(&equal),
        _ => equal,
    }
}

fn equal_optionals(left: &Value, right: &Value) -> Value {
    let equal = Value::equal(left, right);
    match (&left.null, &right.null) {
        // An empty one equals an empty one.
        (Some(left_null), Some(right_null)) if right_null.is_constant_flag(true) => (**left_null).clone(),
        (Some(left_null), Some(right_null)) if left_null.is_constant_flag(true) => (**right_null).clone(),
        (Some(null), None) if !right.solid => null.clone().not().and(&equal),
        (None, Some(null)) if !left.solid => null.clone().not().and(&equal),
        _ => equal,
    }
}

fn is_null(value: &Value) -> Value {
    match &value.null {
        // An `Optional` is never null itself.
        Some(null) if value.kind != Type::Optional => (**null).clone(),
        _ => Value::flag(false),
    }
}

/// `== empty`: null, or nothing in it but blanks.
fn is_empty(line: usize, value: &Value) -> Translated<Value> {
    match value.kind {
        Type::Text => {
            let trimmed = Value::call(Type::Text, &value.receiver(), "trimmed", &[]);
            Ok(Value::equal(&trimmed, &Value::text("")))
        }
        Type::Texts | Type::Map => Ok(Value::call(Type::Flag, &value.receiver(), "is_empty", &[])),
        kind => {
            let what = format!("`empty` beside {} has no counterpart", kind.words());
            Err(Refusal::new(line, what, "compare it with a value"))
        }
    }
}

/// The operator `contains`: false where the left side is null.
pub(super) fn contains(line: usize, left: &Value, right: &Value) -> Translated<Value> {
    match (left.kind, right.kind) {
        (Type::Null, _) => Ok(Value::flag(false)),
        (Type::Text, Type::Text) => {
            // What a missing header is to MVEL here.
            let right = match &right.null {
                Some(null) => right.or_else((**null).clone(), &Value::text("null")),
                None => right.clone(),
            };
            let mut asked = Value::call(Type::Flag, &left.receiver(), "contains", &[&right]);
            // Every text contains the empty one, but a missing header contains nothing.
            if let (false, Some(null)) = (right.solid, &left.null) {
                asked = null.clone().not().and(&asked);
            }
            Ok(asked)
        }
        (Type::Texts | Type::Parts, Type::Text) => member(line, left, right),
        (Type::Map, Type::Text) => Ok(Value::is_in(right, &left.receiver())),
        (Type::Tables, _) => Err(tables_hold_no_texts(line)),
        (left, right) => Err(Refusal::new(
            line,
            format!("{} contains {}: has no counterpart", left.words(), right.words()),
            "ask a text or a list for a text",
        )),
    }
}

/// Is the text in the list?
pub(super) fn member(line: usize, list: &Value, text: &Value) -> Translated<Value> {
    if list.kind == Type::Parts && !text.solid {
        return Err(Refusal::new(
            line,
            "Java's `split` drops empty parts at the end, Rhai's keeps them",
            "ask for a part that is never empty",
        ));
    }
    Ok(Value::is_in(text, &list.receiver()))
}

/// `~=`: the whole text matches. To MVEL null is the text `null` here.
pub(super) fn matches(line: usize, text: &Value, regex: &Value) -> Translated<Value> {
    let (Type::Text, Some(pattern)) = (text.kind, &regex.constant) else {
        let what = "only a text can be matched, and only with a regular expression that is written out";
        return Err(Refusal::new(line, what, "write the regular expression out"));
    };
    let whole = format!("^(?:{pattern})$");
    let regex = Regex::new(&whole).map_err(|error| {
        let what = format!("`{pattern}` is no regular expression that rules can ask: {error}");
        Refusal::new(line, what, "write it without what Java has and Rust has not")
    })?;
    let matches = Value::call(Type::Flag, &text.receiver(), "matches", &[&Value::text(&whole)]);
    Ok(match &text.null {
        Some(null) if regex.is_match("null") => (**null).clone().or(&matches),
        Some(null) if regex.is_match("") => null.clone().not().and(&matches),
        _ => matches,
    })
}

pub(super) fn add(line: usize, left: &Value, right: &Value) -> Translated<Value> {
    let kind = match (left.kind, right.kind) {
        (Type::Number, Type::Number) => Type::Number,
        (Type::Text, Type::Text | Type::Number) | (Type::Number, Type::Text) => Type::Text,
        (left, right) => {
            let what = format!("{} + {} has no counterpart", left.words(), right.words());
            return Err(Refusal::new(line, what, "add texts or numbers"));
        }
    };
    let text = format!("{} + {}", left.at(Binding::Sum), right.at(Binding::Unary));
    let mut value = Value::new(kind, Binding::Sum, text);
    value.solid = left.solid || right.solid;
    Ok(value)
}

pub(super) fn numbers(line: usize, operator: Operator, left: &Value, right: &Value) -> Translated<Value> {
    if left.kind != Type::Number || right.kind != Type::Number {
        return Err(Refusal::new(
            line,
            format!("compares or computes {} with {}", left.kind.words(), right.kind.words()),
            "use numbers on both sides",
        ));
    }
    Ok(match operator {
        Operator::Less => Value::comparison(left, "<", right, ">="),
        Operator::LessOrEqual => Value::comparison(left, "<=", right, ">"),
        Operator::Greater => Value::comparison(left, ">", right, "<="),
        Operator::GreaterOrEqual => Value::comparison(left, ">=", right, "<"),
        _ => {
            let text = format!("{} - {}", left.at(Binding::Sum), right.at(Binding::Unary));
            Value::new(Type::Number, Binding::Sum, text)
        }
    })
}

pub(super) fn tables_hold_no_texts(line: usize) -> Refusal {
    Refusal::new(
        line,
        "`getTables()` holds no texts, so this is never true in Trino Gateway",
        "if it is meant to be, write `\"catalog.schema.table\" in q.sql.tables`",
    )
}
