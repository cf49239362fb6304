//! Types of values in a script, as far as they are known without running it.

use std::rc::Rc;

use rhai::Dynamic;
use serde::Serialize;

use super::decision::{Addition, Denial, Route};
use super::pairs::Pairs;
use super::query::{Group, Q, Sql};
#[cfg(feature = "sources")]
use crate::data::Column;
use crate::data::{Row, Table};

/// Type of a value in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Type {
    /// Not known.
    Any,
    /// `()`: nothing.
    Unit,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Number,
    /// Text.
    String,
    /// Text written out in the script, not computed: a regular expression.
    Literal,
    /// A list.
    List,
    /// A list of strings.
    Strings,
    /// A map with string keys.
    Map,
    /// A map of strings, such as `q.session`; what is missing is `""`.
    Texts,
    /// A function, mostly a closure such as `|t| t == "x"`.
    Function,
    /// A span of numbers such as `0..10`.
    Range,
    /// What `table("file")` gives.
    Table,
    /// What stands in a table under a key.
    Row,
    /// `q`.
    Query,
    /// `q.sql`.
    Sql,
    /// `q.group("name")`.
    Group,
    /// What `route(…)` makes.
    Route,
    /// What `deny(…)` makes.
    Denial,
    /// What `header(…)` or `tag(…)` makes: it adds to what a later rule decides.
    Addition,
    /// Any decision, or nothing.
    Decision,
}

impl Type {
    /// As messages name it: `a string`.
    pub fn words(self) -> &'static str {
        match self {
            Type::Any => "a value",
            Type::Unit => "nothing",
            Type::Bool => "true or false",
            Type::Number => "a number",
            Type::String => "a string",
            Type::Literal => "a string written out",
            Type::List => "a list",
            Type::Strings => "a list of strings",
            Type::Map => "a map",
            Type::Texts => "a map of strings",
            Type::Function => "a function",
            Type::Range => "a range",
            Type::Table => "a table",
            Type::Row => "a row of a table",
            Type::Query => "the query",
            Type::Sql => "the query's SQL",
            Type::Group => "a group",
            Type::Route | Type::Denial | Type::Decision => "a decision",
            Type::Addition => "an addition",
        }
    }

    /// The type of a value.
    pub(crate) fn of(value: &Dynamic) -> Type {
        if value.is_unit() {
            Type::Unit
        } else if value.is_bool() {
            Type::Bool
        } else if value.is_int() {
            Type::Number
        } else if value.is_string() {
            Type::String
        } else if value.is_array() {
            let strings = value.as_array_ref().is_ok_and(|list| list.iter().all(Dynamic::is_string));
            if strings { Type::Strings } else { Type::List }
        } else if value.is_map() {
            Type::Map
        } else if value.is::<Pairs>() {
            Type::Texts
        } else if value.is_fnptr() {
            Type::Function
        } else if value.is::<Route>() {
            Type::Route
        } else if value.is::<Denial>() {
            Type::Denial
        } else if value.is::<Addition>() {
            Type::Addition
        } else if value.is::<Rc<Table>>() {
            Type::Table
        } else if value.is::<Row>() {
            Type::Row
        } else if value.is::<Q>() {
            Type::Query
        } else if value.is::<Sql>() {
            Type::Sql
        } else if value.is::<Group>() {
            Type::Group
        } else if value.is::<std::ops::Range<i64>>() || value.is::<std::ops::RangeInclusive<i64>>() {
            Type::Range
        } else {
            Type::Any
        }
    }
}

/// What is known of types without running a script.
#[cfg(feature = "sources")]
impl Type {
    /// May it be what a rule gives: a decision, or an addition to a later one?
    pub(crate) fn is_decision(self) -> bool {
        matches!(self, Type::Route | Type::Denial | Type::Addition | Type::Decision)
    }

    /// Is nothing closer known, so that anything may be asked of it?
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Type::Any | Type::Decision)
    }

    /// May a value of this type stand where `wanted` is asked? True where either is not known.
    pub(crate) fn fits(self, wanted: Type) -> bool {
        let list = |t| matches!(t, Type::List | Type::Strings);
        let map = |t| matches!(t, Type::Map | Type::Texts);
        self == wanted
            || self == Type::Any
            || wanted == Type::Any
            || (self == Type::Decision && wanted.is_decision())
            || (list(self) && list(wanted))
            || (map(self) && map(wanted))
            || (matches!(self, Type::String | Type::Literal) && matches!(wanted, Type::String | Type::Literal))
    }

    /// The type of a value that is of one type or the other.
    pub(crate) fn or(self, other: Type) -> Type {
        match (self, other) {
            (a, b) if a == b => a,
            (Type::Literal, Type::String) | (Type::String, Type::Literal) => Type::String,
            (Type::List | Type::Strings, Type::List | Type::Strings) => Type::List,
            (a, b) if (a.is_decision() || a == Type::Unit) && (b.is_decision() || b == Type::Unit) => Type::Decision,
            _ => Type::Any,
        }
    }
}

#[cfg(feature = "sources")]
impl From<Column> for Type {
    fn from(column: Column) -> Type {
        match column {
            Column::String => Type::String,
            Column::Number => Type::Number,
            Column::Bool => Type::Bool,
            Column::Strings => Type::Strings,
        }
    }
}
