//! The state of a check: where it is, which variables there are, what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rhai::{Dynamic, Expr, ImmutableString, Position, Stmt};

use super::{Context, Uses};
use crate::api::Type;
use crate::compile::UnknownValue;
use crate::data::Table;
use crate::error::RuleError;
use crate::limits;
use crate::ruleset::Mention;
use crate::script::{Function, RuleSource, Script};

/// A value's type; nothing where a `return` or `throw` comes before there is one.
pub(super) type Flow = Option<Type>;

pub(super) fn join(a: Flow, b: Flow) -> Flow {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.or(b)),
        (a, b) => a.or(b),
    }
}

pub(super) struct Checker<'a> {
    pub(super) context: Context<'a>,
    pub(super) script: &'a Script,
    pub(super) rule: Option<&'a str>,
    /// It is the value of a constant that is checked.
    pub(super) in_constant: bool,
    /// Variables, innermost last.
    pub(super) variables: Vec<(ImmutableString, Type)>,
    /// Tables of the rows that variables hold, by name of the variable.
    pub(super) rows: BTreeMap<ImmutableString, Rc<Table>>,
    /// What the function at work returns by `return`, and where.
    pub(super) returned: Vec<(Flow, Position)>,
    pub(super) errors: Vec<RuleError>,
    pub(super) uses: Uses,
    /// What functions give for arguments of these types; `Any` while it is being found out.
    calls: BTreeMap<(&'a str, Vec<Type>), Type>,
    called: BTreeSet<&'a str>,
    /// Functions around what is checked.
    pub(super) depth: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(context: Context<'a>, script: &'a Script) -> Self {
        Checker {
            context,
            script,
            rule: None,
            in_constant: false,
            variables: Vec::new(),
            rows: BTreeMap::new(),
            returned: Vec::new(),
            errors: Vec::new(),
            uses: Uses::default(),
            calls: BTreeMap::new(),
            called: BTreeSet::new(),
            depth: 0,
        }
    }

    pub(super) fn finish(self) -> (Uses, Vec<RuleError>) {
        (self.uses, self.errors)
    }

    pub(super) fn rule(&mut self, rule: &'a RuleSource) {
        self.rule = Some(&rule.name);
        self.declare(&rule.parameter, Type::Query, rule.position);
        let gives = self.body(&rule.body);
        if gives == Type::Unit {
            self.report(rule.position, "this rule never decides", Some("end it with `route(…)` or `deny(…)`"));
        } else if !gives.is_decision() && gives != Type::Any {
            let message = format!("this rule gives {}", gives.words());
            self.report(
                rule.position,
                &message,
                Some("a rule gives a decision such as `route(\"adhoc\")`, or nothing"),
            );
        }
        if matches!(gives, Type::Route | Type::Denial) {
            let always = self.mention(&rule.name, rule.position);
            self.uses.always.push(always);
        }
        self.variables.clear();
        self.rows.clear();
        self.rule = None;
    }

    /// What the body of a rule or function gives, by its last statement or by `return`.
    fn body(&mut self, statements: &'a [Stmt]) -> Type {
        let outer = std::mem::take(&mut self.returned);
        let last = self.block(statements, true);
        let at = statements.last().map_or(Position::NONE, Stmt::position);
        let mut ends = std::mem::replace(&mut self.returned, outer);
        ends.push((last, at));
        self.ends(&ends).unwrap_or(Type::Unit)
    }

    pub(super) fn otherwise(&mut self, decision: &'a Expr, position: Position) {
        let gives = self.expression(decision);
        if gives == Type::Addition || (!gives.is_decision() && gives != Type::Any) {
            let message = format!("`otherwise` takes a decision, not {}", gives.words());
            self.report(position, &message, Some("write `otherwise(route(\"adhoc\"))`"));
        }
    }

    /// Checks the functions that nothing called; a parameter named `q` is taken to be the query.
    pub(super) fn functions(&mut self) {
        let script = self.script;
        for (name, function) in &script.functions {
            for parameter in &function.parameters {
                if !name.starts_with("anon$") {
                    self.refuse_hiding(parameter, function.position);
                }
            }
            if !name.starts_with("anon$") && !self.called.contains(name.as_str()) {
                let types = function
                    .parameters
                    .iter()
                    .map(|parameter| if parameter == "q" { Type::Query } else { Type::Any })
                    .collect();
                self.function(name, script, function, types);
            }
        }
    }

    /// What a function gives for arguments of these types. Its body is checked for each such list once, in its own file.
    pub(super) fn function(
        &mut self,
        name: &'a str,
        script: &'a Script,
        function: &'a Function,
        types: Vec<Type>,
    ) -> Type {
        let key = (name, types);
        if let Some(known) = self.calls.get(&key) {
            return *known;
        }
        if self.depth >= limits::CALL_LEVELS {
            return Type::Any;
        }
        self.depth += 1;
        self.called.insert(name);
        let parameters = function.parameters.iter().cloned().zip(key.1.iter().copied()).collect();
        self.calls.insert(key.clone(), Type::Any);
        let variables = std::mem::replace(&mut self.variables, parameters);
        let rule = self.rule.take();
        let script = std::mem::replace(&mut self.script, script);
        let rows = std::mem::take(&mut self.rows);
        let gives = self.body(&function.body);
        self.variables = variables;
        self.rule = rule;
        self.script = script;
        self.rows = rows;
        self.calls.insert(key, gives);
        self.depth -= 1;
        gives
    }

    /// What a closure gives; it sees the variables around it.
    pub(super) fn closure(&mut self, name: &str, taken: usize, argument: Type) -> Type {
        let script = self.script;
        let Some(function) = script.functions.get(name) else { return Type::Any };
        let outer = self.variables.len();
        for parameter in function.parameters.iter().skip(taken) {
            self.declare(parameter, argument, function.position);
        }
        let gives = self.body(&function.body);
        self.variables.truncate(outer);
        gives
    }

    pub(super) fn declare(&mut self, name: &ImmutableString, kind: Type, position: Position) {
        self.refuse_hiding(name, position);
        self.variables.push((name.clone(), kind));
    }

    fn refuse_hiding(&mut self, name: &str, position: Position) {
        if self.context.constants.contains(name) {
            self.report(position, &format!("`{name}` hides the constant of that name"), Some("choose another name"));
        }
    }

    /// A constant's value; nothing if there is none, if it is hidden, or if it could not be computed.
    pub(super) fn constant(&self, name: &str) -> Option<&'a Dynamic> {
        let hidden = self.variables.iter().any(|(known, _)| known == name);
        let value = if hidden { None } else { self.context.constants.get(name) };
        value.filter(|value| !value.is::<UnknownValue>())
    }

    /// That something of this name stands here.
    pub(super) fn mention(&self, name: &str, at: Position) -> Mention {
        Mention {
            name: name.to_owned(),
            file: self.script.name.clone(),
            line: at.line(),
            column: at.position(),
            rule: self.rule.map(str::to_owned),
        }
    }

    pub(super) fn report(&mut self, position: Position, message: &str, help: Option<&str>) {
        let error = RuleError::new(&*self.script.name, message)
            .at(position)
            .in_rule(self.rule)
            .maybe_help(help.map(str::to_owned));
        self.errors.push(error);
    }
}
