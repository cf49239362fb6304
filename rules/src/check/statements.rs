//! Statements: blocks, conditions, loops; decisions that nobody takes.

use rhai::{ASTFlags, Expr, Position, Stmt};

use super::checker::{Checker, Flow, join};
use crate::api::Type;

impl<'a> Checker<'a> {
    /// Checks a block. `used`: its value is what the rule, function or expression gives.
    pub(super) fn block(&mut self, statements: &'a [Stmt], used: bool) -> Flow {
        let outer = self.variables.len();
        let mut gives = Some(Type::Unit);
        for (i, statement) in statements.iter().enumerate() {
            let taken = used && i + 1 == statements.len();
            gives = self.statement(statement, taken);
            if !taken && gives.is_some_and(Type::is_decision) {
                let (message, help) = match (gives, last_root(statement)) {
                    (_, Some(name)) => (
                        "this changes nothing: what follows decides",
                        format!("write `{name} = {name}.…` to keep it, or `return` before it"),
                    ),
                    (Some(Type::Addition), None) => (
                        "this addition is dropped: what follows decides",
                        "write both as one: `tag(…).header(…)`".to_owned(),
                    ),
                    _ => ("this decision is dropped: what follows decides", "write `return` before it".to_owned()),
                };
                self.report(statement.position(), message, Some(&help));
                gives = Some(Type::Unit);
            }
        }
        self.variables.truncate(outer);
        gives
    }

    fn statement(&mut self, statement: &'a Stmt, used: bool) -> Flow {
        match statement {
            Stmt::If(flow, position) => {
                self.condition(&flow.expr, *position);
                let body = self.block(flow.body.statements(), used);
                let branch = self.block(flow.branch.statements(), used);
                let at = |block: &[Stmt]| block.last().map_or(*position, Stmt::position);
                let ends = [(body, at(flow.body.statements())), (branch, at(flow.branch.statements()))];
                if used { self.ends(&ends) } else { join(body, branch) }
            }
            Stmt::Switch(switch, _) => {
                let (value, cases) = &**switch;
                self.expression(value);
                let mut ends = vec![(cases.def_case.is_none().then_some(Type::Unit), Position::NONE)];
                for case in &cases.expressions {
                    if !case.lhs.is_unit() {
                        self.condition(&case.lhs, case.lhs.start_position());
                    }
                    ends.push((self.branch(&case.rhs, used), case.rhs.start_position()));
                }
                if used { self.ends(&ends) } else { ends.into_iter().map(|(gives, _)| gives).fold(None, join) }
            }
            Stmt::While(flow, position) => {
                if !flow.expr.is_unit() {
                    self.condition(&flow.expr, *position);
                }
                self.block(flow.body.statements(), false);
                Some(Type::Any)
            }
            Stmt::Do(flow, _, position) => {
                self.condition(&flow.expr, *position);
                self.block(flow.body.statements(), false);
                Some(Type::Any)
            }
            Stmt::For(for_loop, _) => {
                let (variable, counter, flow) = &**for_loop;
                let element = self.element(&flow.expr);
                let outer = self.variables.len();
                if let Some(counter) = counter {
                    self.declare(&counter.name, Type::Number, counter.pos);
                }
                self.declare(&variable.name, element, variable.pos);
                self.block(flow.body.statements(), false);
                self.variables.truncate(outer);
                Some(Type::Any)
            }
            Stmt::Var(variable, ..) => {
                let (name, value, _) = &**variable;
                let kind = self.expression(value);
                if kind == Type::Row
                    && let Some(table) = root(value).and_then(|root| self.table_of(root))
                {
                    self.rows.insert(name.name.clone(), table);
                }
                self.declare(&name.name, kind, name.pos);
                Some(Type::Unit)
            }
            Stmt::Assignment(assignment) => {
                let (_, sides) = &**assignment;
                let kind = self.expression(&sides.rhs);
                self.assign(&sides.lhs, kind);
                Some(Type::Unit)
            }
            Stmt::FnCall(call, position) => Some(self.call(call, *position)),
            Stmt::Block(block) => self.block(block.statements(), used),
            Stmt::TryCatch(flow, _) => {
                let body = self.block(flow.body.statements(), used);
                let outer = self.variables.len();
                if let Expr::Variable(variable, _, position) = &flow.expr {
                    self.declare(&variable.1, Type::Any, *position);
                }
                let branch = self.block(flow.branch.statements(), used);
                self.variables.truncate(outer);
                join(body, branch)
            }
            Stmt::Expr(expression) => self.branch(expression, used),
            Stmt::BreakLoop(value, ..) => {
                if let Some(value) = value {
                    self.expression(value);
                }
                None
            }
            Stmt::Return(value, flags, position) => {
                let kind = value.as_ref().map_or(Type::Unit, |value| self.expression(value));
                if !flags.contains(ASTFlags::BREAK) {
                    self.returned.push((Some(kind), *position));
                }
                None
            }
            Stmt::Noop(_) | Stmt::Share(_) => Some(Type::Unit),
            other => {
                let help = "a rule is made of `if`, `switch`, `for`, `let` and calls";
                self.report(other.position(), "this statement is not offered", Some(help));
                Some(Type::Any)
            }
        }
    }

    /// What several ways through a rule or a block give, each with its place. Where one gives a decision, all do.
    pub(super) fn ends(&mut self, ends: &[(Flow, Position)]) -> Flow {
        let decides = ends.iter().any(|(gives, _)| gives.is_some_and(Type::is_decision));
        let mut all = None;
        for (gives, at) in ends {
            match gives {
                Some(kind) if decides && !kind.is_decision() && !matches!(kind, Type::Any | Type::Unit) => {
                    let message = format!("this gives {}, where another way gives a decision", kind.words());
                    self.report(*at, &message, Some("give a decision such as `route(\"adhoc\")`, or nothing"));
                }
                gives => all = join(all, *gives),
            }
        }
        all
    }

    /// An expression that may be a block, such as the branch of a `switch`.
    fn branch(&mut self, expression: &'a Expr, used: bool) -> Flow {
        match expression {
            Expr::Stmt(block) if crate::script::closure_of(expression).is_none() => {
                self.block(block.statements(), used)
            }
            other => Some(self.expression(other)),
        }
    }

    pub(super) fn condition(&mut self, expression: &'a Expr, position: Position) {
        let kind = self.expression(expression);
        if kind.fits(Type::Bool) {
            return;
        }
        let position = if expression.start_position().is_none() { position } else { expression.start_position() };
        self.not_a_condition(kind, position);
    }

    pub(super) fn not_a_condition(&mut self, kind: Type, position: Position) {
        let message = format!("a condition is true or false, not {}", kind.words());
        let help = match kind {
            Type::String | Type::Literal => "compare it: `… == \"…\"` or `… != \"\"`",
            Type::Number => "compare it: `… > 0`",
            Type::List | Type::Strings => "ask for something: `\"x\" in …`, or `!….is_empty()`",
            Type::Map | Type::Texts | Type::Table => "ask for a key: `\"x\" in …`",
            Type::Group => "ask for its state: `.serving`",
            Type::Row | Type::Query | Type::Sql => "ask for one of its properties",
            kind if kind.is_decision() => "a second choice is written `route(\"a\").or(\"b\")`",
            _ => "compare it with something",
        };
        self.report(position, &message, Some(help));
    }

    /// Type of the elements that a `for` runs over.
    fn element(&mut self, list: &'a Expr) -> Type {
        match self.expression(list) {
            Type::Strings => Type::String,
            Type::Range => Type::Number,
            kind @ (Type::Bool
            | Type::Number
            | Type::Map
            | Type::Texts
            | Type::Query
            | Type::Sql
            | Type::Group
            | Type::Unit) => {
                let message = format!("`for` runs over a list, not {}", kind.words());
                let help = match kind {
                    Type::Map | Type::Texts => "take its `keys()` or `values()`",
                    Type::Number => "write a range: `0..n`",
                    _ => "write a list: `[\"a\", \"b\"]`",
                };
                self.report(list.start_position(), &message, Some(help));
                Type::Any
            }
            _ => Type::Any,
        }
    }

    fn assign(&mut self, target: &'a Expr, kind: Type) {
        if let Expr::Variable(variable, _, position) = target {
            let name = variable.1.as_str();
            if self.context.constants.contains(name) {
                let help = format!("take another name: `let other = {name}…;`");
                self.report(*position, &format!("`{name}` is a constant and cannot be changed"), Some(&help));
            } else if let Some((_, known)) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
                *known = known.or(kind);
            } else {
                self.expression(target);
            }
            return;
        }
        self.expression(target);
        if let Some(name) = root(target)
            && let Some(what) = self.unchangeable(name)
        {
            let message = format!("`{name}` is {what} and cannot be changed");
            let help = "copy what you need with `let`; what Trino is told is changed by `route(…).header(…)`";
            self.report(target.start_position(), &message, Some(help));
        }
    }

    /// Why what a name stands for cannot be changed; nothing if it can.
    pub(super) fn unchangeable(&self, name: &str) -> Option<&'static str> {
        match self.variables.iter().rev().find(|(known, _)| known == name) {
            Some((_, Type::Query | Type::Sql | Type::Group)) => Some("what the query says of itself"),
            Some(_) => None,
            None => self.context.constants.contains(name).then_some("a constant"),
        }
    }
}

/// The variable that a chain such as `a.b[c]` starts from.
pub(super) fn root(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Variable(variable, ..) => Some(&variable.1),
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => root(&chain.lhs),
        _ => None,
    }
}

/// The variable that the last expression of a statement starts from: `to` of `if … { to.or("adhoc") }`.
fn last_root(statement: &Stmt) -> Option<&str> {
    match statement {
        Stmt::Expr(expression) => root(expression),
        Stmt::If(flow, _) => flow.body.statements().last().and_then(last_root),
        Stmt::Block(block) => block.statements().last().and_then(last_root),
        _ => None,
    }
}
