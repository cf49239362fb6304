//! Operators: what they give, and values that can never be compared.

use rhai::{Expr, FnCallExpr, Position};

use super::checker::Checker;
use crate::api::Type;

impl<'a> Checker<'a> {
    /// Checks an operator; `in` is a call of `contains` to Rhai, with its sides swapped.
    pub(super) fn operator(&mut self, call: &'a FnCallExpr, position: Position) -> Type {
        let kinds: Vec<Type> = call.args.iter().map(|argument| self.expression(argument)).collect();
        match (call.name.as_str(), kinds.as_slice()) {
            ("==" | "!=", [a, b]) => {
                if !a.fits(*b) {
                    let message = format!("compares {} with {}: they are never equal", a.words(), b.words());
                    self.report(position, &message, None);
                }
                Type::Bool
            }
            (name @ ("<" | "<=" | ">" | ">="), [a, b]) => {
                let ordered = |t: &Type| t.fits(Type::Number) || t.fits(Type::String);
                if !a.fits(*b) || !ordered(a) || !ordered(b) {
                    let message = format!("`{name}` cannot compare {} with {}", a.words(), b.words());
                    self.report(position, &message, None);
                }
                Type::Bool
            }
            ("!", [_]) => {
                for argument in &call.args {
                    self.must_be_bool(argument, &kinds, position);
                }
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
                    self.report(position, &message, None);
                }
                Type::Number
            }
            _ => Type::Any,
        }
    }

    fn must_be_bool(&mut self, argument: &'a Expr, kinds: &[Type], position: Position) {
        if let Some(kind) = kinds.first().filter(|kind| !kind.fits(Type::Bool)) {
            let at = if argument.start_position().is_none() { position } else { argument.start_position() };
            self.report(at, &format!("a condition is true or false, not {}", kind.words()), None);
        }
    }

    /// `value in container`.
    pub(super) fn contained(&mut self, container: &'a Expr, value: &'a Expr, position: Position) -> Type {
        let container = self.expression(container);
        let value = self.expression(value);
        let element = match container {
            Type::Any | Type::List | Type::Decision => Type::Any,
            Type::Strings | Type::String | Type::Literal | Type::Map | Type::Table => Type::String,
            Type::Range => Type::Number,
            other => {
                self.report(
                    position,
                    &format!("`in` needs a list, a map, a table or a string, not {}", other.words()),
                    None,
                );
                Type::Any
            }
        };
        if !value.fits(element) {
            let message = format!("{} is never in {}", value.words(), container.words());
            self.report(position, &message, None);
        }
        Type::Bool
    }
}
