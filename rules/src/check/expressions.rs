//! Expressions: variables, chains of properties and methods, literals.

use rhai::{ASTFlags, Expr, Position};

use super::checker::Checker;
use crate::api::Type;
use crate::script;

impl<'a> Checker<'a> {
    /// Checks an expression and says what is known of its type.
    pub(super) fn expression(&mut self, expression: &'a Expr) -> Type {
        if let Some((name, taken)) = script::closure_of(expression) {
            self.closure(&name, taken, Type::Any);
            return Type::Function;
        }
        match expression {
            Expr::BoolConstant(..) => Type::Bool,
            Expr::IntegerConstant(..) => Type::Number,
            Expr::StringConstant(text, position) => {
                if text.contains("${") || text.contains("{q.") {
                    let help = "put the text between backticks: `…${q.user}…`";
                    self.report(*position, "a text between quotes is taken as it is written", Some(help));
                }
                Type::String
            }
            Expr::Unit(..) => Type::Unit,
            Expr::CharConstant(letter, position) => {
                let help = format!("strings take double quotes: \"{letter}\"");
                self.report(*position, &format!("'{letter}' is not a string"), Some(&help));
                Type::Any
            }
            Expr::InterpolatedString(parts, _) => {
                for part in &**parts {
                    self.expression(part);
                }
                Type::String
            }
            Expr::Array(elements, _) => {
                let kinds: Vec<Type> = elements.iter().map(|element| self.expression(element)).collect();
                let strings = !kinds.is_empty() && kinds.iter().all(|kind| *kind == Type::String);
                if strings { Type::Strings } else { Type::List }
            }
            Expr::Map(entries, _) => {
                for (_, value) in &entries.0 {
                    self.expression(value);
                }
                Type::Map
            }
            Expr::Variable(variable, _, position) => self.variable(&variable.1, *position),
            Expr::FnCall(call, position) => self.call(call, *position),
            Expr::Stmt(block) => self.block(block.statements(), true).unwrap_or(Type::Any),
            Expr::And(sides, position) | Expr::Or(sides, position) => {
                let operator = if matches!(expression, Expr::Or(..)) { "||" } else { "&&" };
                self.joined(sides, operator, *position);
                for side in sides.iter() {
                    self.condition(side, *position);
                }
                Type::Bool
            }
            Expr::Coalesce(sides, _) => {
                for side in sides.iter() {
                    self.expression(side);
                }
                Type::Any
            }
            Expr::Dot(..) | Expr::Index(..) => self.chain(expression),
            Expr::ThisPtr(position) => {
                self.report(*position, "`this` is not offered", Some("pass the value as a parameter"));
                Type::Any
            }
            _ => Type::Any,
        }
    }

    fn variable(&mut self, name: &str, position: Position) -> Type {
        if let Some((_, kind)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return *kind;
        }
        if let Some(value) = self.context.constants.get(name) {
            return Type::of(value);
        }
        if self.context.functions.contains_key(name) {
            return Type::Function;
        }
        if !self.context.incomplete {
            self.unknown_variable(name, position);
        }
        Type::Any
    }

    /// `a.b.c(d)[e]`: Rhai nests such chains to the right, and to the left where there are parentheses.
    fn chain(&mut self, expression: &'a Expr) -> Type {
        let (Expr::Dot(chain, flags, _) | Expr::Index(chain, flags, _)) = expression else {
            return self.expression(expression);
        };
        let root = super::statements::root(expression);
        let mut kind = self.expression(&chain.lhs);
        let mut indexing = matches!(expression, Expr::Index(..));
        let mut flags = *flags;
        let mut rest = &chain.rhs;
        loop {
            match rest {
                Expr::Dot(next, next_flags, _) | Expr::Index(next, next_flags, _)
                    if !flags.contains(ASTFlags::BREAK) =>
                {
                    kind = self.link(kind, indexing, &next.lhs, root);
                    indexing = matches!(rest, Expr::Index(..));
                    flags = *next_flags;
                    rest = &next.rhs;
                }
                last => return self.link(kind, indexing, last, root),
            }
        }
    }

    /// One step of a chain: from a value of a type to its property, method's result or element.
    fn link(&mut self, owner: Type, indexing: bool, step: &'a Expr, root: Option<&'a str>) -> Type {
        if indexing {
            return self.element_at(owner, step);
        }
        match step {
            Expr::Property(property, position) if owner == Type::Row => self.column(root, &property.2, *position),
            Expr::Property(property, position) => self.property(owner, &property.2, *position),
            Expr::MethodCall(call, position) => self.method(owner, call, *position, root),
            other => self.expression(other),
        }
    }

    fn element_at(&mut self, owner: Type, index: &'a Expr) -> Type {
        let kind = self.expression(index);
        let wanted = match owner {
            Type::Map | Type::Texts | Type::Table | Type::Row => Type::String,
            Type::List | Type::Strings | Type::String => Type::Number,
            Type::Any | Type::Decision => Type::Any,
            other => {
                let message = format!("{} has no elements", other.words());
                self.report(index.start_position(), &message, Some("write `.name` to read a property"));
                return Type::Any;
            }
        };
        if !kind.fits(wanted) && kind != Type::Range {
            let message =
                format!("an element of {} is found by {}, not {}", owner.words(), wanted.words(), kind.words());
            let help = match owner {
                Type::List | Type::Strings => "ask whether something is in it: `\"x\" in list`",
                _ => "write `map[\"key\"]`, or `map.key`",
            };
            self.report(index.start_position(), &message, Some(help));
        }
        match owner {
            Type::Strings if kind == Type::Number => Type::String,
            Type::Texts => Type::String,
            Type::Table => Type::Row,
            _ => Type::Any,
        }
    }
}
