//! Operators: what they give, and values that can never be compared.

use rhai::{Expr, FnCallExpr, Position};

use super::checker::Checker;
use super::written::last_name;
use crate::api::Type;

impl<'a> Checker<'a> {
    /// Checks an operator; `in` is a call of `contains` to Rhai, with its sides swapped.
    pub(super) fn operator(&mut self, call: &'a FnCallExpr, position: Position) -> Type {
        let kinds: Vec<Type> = call.args.iter().map(|argument| self.expression(argument)).collect();
        match (call.name.as_str(), kinds.as_slice()) {
            ("==" | "!=", [a, b]) => {
                if a.fits(*b) {
                    self.sides(call);
                } else {
                    let message = format!("compares {} with {}: they are never equal", a.words(), b.words());
                    let weekday = call.args.iter().any(|side| last_name(side) == Some("weekday"));
                    let help = if weekday { "days are numbers: 1 (Monday) to 7" } else { comparable(*a, *b) };
                    self.report(position, &message, Some(help));
                }
                Type::Bool
            }
            (name @ ("<" | "<=" | ">" | ">="), [a, b]) => {
                let ordered = |t: &Type| t.fits(Type::Number) || t.fits(Type::String);
                if !a.fits(*b) || !ordered(a) || !ordered(b) {
                    let message = format!("`{name}` cannot compare {} with {}", a.words(), b.words());
                    let twice = [a, b].contains(&&Type::Bool);
                    let help = if twice { "write `a < b && b < c`" } else { comparable(*a, *b) };
                    self.report(position, &message, Some(help));
                } else {
                    self.sides(call);
                }
                Type::Bool
            }
            ("!", [_]) => {
                for argument in &call.args {
                    self.must_be_bool(argument, &kinds, position);
                }
                Type::Bool
            }
            (name @ ("&" | "|"), [_, _]) => {
                let help = if name == "&" { "write `&&`" } else { "write `||`" };
                self.report(position, &format!("`{name}` joins bits of numbers, not conditions"), Some(help));
                Type::Bool
            }
            (".." | "..=", _) => Type::Range,
            ("+", [a, b]) => match (a, b) {
                (Type::String, _) | (_, Type::String) => Type::String,
                (Type::Strings, Type::Strings) => Type::Strings,
                (Type::Number, Type::Number) => Type::Number,
                (Type::List | Type::Strings, _) => Type::List,
                _ => Type::Any,
            },
            ("-" | "*" | "/" | "%" | "**", kinds) => {
                if let Some(wrong) = kinds.iter().find(|kind| !kind.fits(Type::Number)) {
                    let message = format!("`{}` needs numbers, not {}", call.name, wrong.words());
                    let help = if *wrong == Type::String {
                        "a number in a text is read by `parse_int(…)`"
                    } else {
                        "compute with numbers, such as `list.len()`"
                    };
                    self.report(position, &message, Some(help));
                }
                Type::Number
            }
            _ => Type::Any,
        }
    }

    fn must_be_bool(&mut self, argument: &'a Expr, kinds: &[Type], position: Position) {
        if let Some(kind) = kinds.first().filter(|kind| !kind.fits(Type::Bool)) {
            let at = if argument.start_position().is_none() { position } else { argument.start_position() };
            self.not_a_condition(*kind, at);
        }
    }

    fn sides(&mut self, call: &'a FnCallExpr) {
        if let [a, b] = call.args.as_slice() {
            self.compared(a, b);
        }
    }

    /// `value in container`.
    pub(super) fn contained(&mut self, container: &'a Expr, value: &'a Expr, position: Position) -> Type {
        self.compared(container, value);
        if let Expr::StringConstant(text, at) = container
            && text.contains(',')
        {
            let help = "write a list: `[\"a\", \"b\"]`";
            self.report(*at, "this is one text, in which any part of it is found", Some(help));
        }
        let container = self.expression(container);
        let value = self.expression(value);
        let element = match container {
            Type::Any | Type::List | Type::Decision => Type::Any,
            Type::Strings | Type::String | Type::Literal | Type::Map | Type::Texts | Type::Table => Type::String,
            Type::Range => Type::Number,
            other => {
                self.report(
                    position,
                    &format!("`in` needs a list, a map, a table or a string, not {}", other.words()),
                    Some("compare with `==`, or write a list: `[\"a\", \"b\"]`"),
                );
                Type::Any
            }
        };
        if !value.fits(element) {
            let message = format!("{} is never in {}", value.words(), container.words());
            let help = if matches!(value, Type::Strings | Type::List) {
                "ask for each: `.some(|x| x in …)`"
            } else {
                comparable(value, element)
            };
            self.report(position, &message, Some(help));
        }
        Type::Bool
    }
}

/// How values of two types can be compared after all.
fn comparable(a: Type, b: Type) -> &'static str {
    let both = |x: fn(Type) -> bool, y: fn(Type) -> bool| (x(a) && y(b)) || (y(a) && x(b));
    let list = |kind| matches!(kind, Type::List | Type::Strings);
    let string = |kind| matches!(kind, Type::String | Type::Literal);
    if both(list, string) {
        "ask whether it is in the list: `\"x\" in list`"
    } else if both(string, |kind| kind == Type::Number) {
        "numbers have no quotes; a number in a text is read by `parse_int(…)`"
    } else if both(string, |kind| kind == Type::Bool) {
        "what is true or false needs no comparison"
    } else if both(string, |kind| matches!(kind, Type::Query | Type::Sql | Type::Group | Type::Row)) {
        "compare one of its properties"
    } else {
        "compare values of the same kind"
    }
}
