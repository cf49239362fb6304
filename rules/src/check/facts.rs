//! Comparisons of what a query says with what it never says: `q.catalog == "Hive"`, since catalogs are in lower case.

use rhai::{Expr, FnCallExpr, Position};

use super::calls::TIME;
use super::checker::Checker;
use crate::api::Type;
use crate::{sql, suggest};

/// Facts in lower case, and how many names each has, joined by dots.
const LOWER_CASE: &[(&str, usize)] = &[
    ("catalog", 1),
    ("schema", 1),
    ("sql.default_catalog", 1),
    ("sql.default_schema", 1),
    ("sql.catalogs", 1),
    ("sql.schemas", 1),
    ("sql.catalog_schemas", 2),
    ("sql.tables", 3),
    ("sql.written_tables", 3),
    ("sql.functions", 1),
    ("sql.table_functions", 1),
];

impl<'a> Checker<'a> {
    /// Looks at `fact == text`, `fact in list` and `text in fact`.
    pub(super) fn compared(&mut self, a: &'a Expr, b: &'a Expr) {
        for (fact, other) in [(a, b), (b, a)] {
            let Some(fact) = self.fact(fact) else { continue };
            for (text, at) in self.strings(other) {
                if let Some((message, help)) = never(&fact, &text) {
                    self.report(at, &message, Some(&help));
                }
            }
            if let ("weekday", Expr::IntegerConstant(day, at)) = (fact.as_str(), other)
                && !(1..=7).contains(day)
            {
                self.report(*at, &format!("{day} is no day of the week"), Some("write 1 (Monday) to 7 (Sunday)"));
            }
        }
    }

    /// `a != "x" || a != "y"` is true of everything, `a == "x" && a == "y"` of nothing.
    pub(super) fn joined(&mut self, sides: &'a [Expr], operator: &str, position: Position) {
        let (comparison, message, help) = match operator {
            "||" => ("!=", "one of these is always true", "write `&&`, or `!(x in [\"a\", \"b\"])`"),
            _ => ("==", "these are never true together", "write `||`, or `x in [\"a\", \"b\"]`"),
        };
        let mut seen: Vec<(String, String)> = Vec::new();
        for side in sides {
            let Expr::FnCall(call, _) = side else { continue };
            let Some((fact, text)) = self.comparison(call, comparison) else { continue };
            if seen.iter().any(|(known, other)| *known == fact && *other != text) {
                self.report(position, message, Some(help));
                return;
            }
            seen.push((fact, text));
        }
    }

    /// The fact and the text that are compared by this operator.
    fn comparison(&self, call: &'a FnCallExpr, operator: &str) -> Option<(String, String)> {
        let [a, b] = call.args.as_slice() else { return None };
        let fact = self.fact(a).filter(|fact| call.name == operator && !TIME.contains(&fact.as_str()))?;
        let (text, _) = self.strings(b).pop()?;
        Some((fact, text))
    }

    /// The fact that an expression is: `sql.tables` of `q.sql.tables`. Nothing if it does not begin with the query.
    fn fact(&self, expression: &Expr) -> Option<String> {
        let Expr::Dot(chain, ..) = expression else { return None };
        let Expr::Variable(variable, ..) = &chain.lhs else { return None };
        let (_, kind) = self.variables.iter().rev().find(|(known, _)| *known == variable.1)?;
        (*kind == Type::Query).then(|| path(&chain.rhs))?
    }
}

/// The names of a chain, joined by dots.
fn path(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Property(property, _) => Some(property.2.to_string()),
        // What others say depends on what they are given.
        Expr::MethodCall(call, _) if TIME.contains(&call.name.as_str()) => Some(call.name.to_string()),
        Expr::Dot(chain, ..) => Some(format!("{}.{}", path(&chain.lhs)?, path(&chain.rhs)?)),
        _ => None,
    }
}

/// Why a fact is never this text, and what to write.
fn never(fact: &str, text: &str) -> Option<(String, String)> {
    match fact {
        "clock" => (!is_time_of_day(text)).then(|| {
            let help = "write hours and minutes with two digits each: `08:00`";
            (format!("`{text}` is no time of day as `clock` tells it"), help.to_owned())
        }),
        "sql.query_type" => one_of(fact, text, sql::query_types()),
        "sql.resource_group_query_type" => one_of(fact, text, sql::resource_group_query_types()),
        "sql.confidence" => one_of(fact, text, ["exact", "partial", "unknown"].into_iter()),
        _ => {
            let (_, names) = LOWER_CASE.iter().find(|(known, _)| *known == fact)?;
            if text.chars().any(char::is_uppercase) {
                let message = format!("`{fact}` is in lower case, `{text}` is not");
                return Some((message, format!("write `{}`", text.to_lowercase())));
            }
            (!text.is_empty() && text.split('.').count() < *names).then(|| {
                let whole = ["catalog", "schema", "table"].get(..*names).unwrap_or_default().join(".");
                (format!("`{fact}` has whole names, `{text}` is none"), format!("write `{whole}`"))
            })
        }
    }
}

fn one_of(fact: &str, text: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<(String, String)> {
    if text.is_empty() || known.clone().any(|name| name == text) {
        return None;
    }
    Some((format!("`{fact}` is never `{text}`"), suggest::help(text, known)?))
}

fn is_time_of_day(text: &str) -> bool {
    let two_digits = |part: &str, below: u32| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse().is_ok_and(|n: u32| n < below)
    };
    text.split_once(':').is_some_and(|(hour, minute)| two_digits(hour, 25) && two_digits(minute, 60))
}
