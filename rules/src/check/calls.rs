//! Calls: functions, methods, properties, and what they are given.

use rhai::{Expr, FnCallExpr, Position};

use super::checker::Checker;
use super::names::belongs;
use crate::api::{self, Entry, Type};
use crate::{script, suggest};

/// Properties of a group that need its health and load.
const LOAD: &[&str] = &["clusters", "healthy", "running", "queued"];
/// Properties and methods of the query that need the time.
pub(super) const TIME: &[&str] = &["hour", "weekday", "clock"];

impl<'a> Checker<'a> {
    /// `function(arguments)`, or an operator.
    pub(super) fn call(&mut self, call: &'a FnCallExpr, position: Position) -> Type {
        if call.is_operator_call() {
            return self.operator(call, position);
        }
        let name = call.name.as_str();
        if let ("contains", [container, value]) = (name, call.args.as_slice()) {
            return self.contained(container, value, position);
        }
        if let Some((name, (script, function))) = self.context.functions.get_key_value(name) {
            let types: Vec<Type> = call.args.iter().map(|argument| self.expression(argument)).collect();
            if types.len() != function.parameters.len() {
                let message = format!("`{name}` takes {}, not {}", count(function.parameters.len()), types.len());
                let help = format!("write `{name}({})`", function.parameters.join(", "));
                self.report(position, &message, Some(&help));
                return Type::Any;
            }
            return self.function(name, script, function, types);
        }
        let entries: Vec<&'static Entry> =
            api::table().filter(|entry| entry.owner.is_none() && entry.name == name).collect();
        if matches!(name, "rule" | "otherwise") {
            let help = "move it out of this rule; a rule asks with `if`";
            self.report(position, &format!("`{name}` stands at the top level only"), Some(help));
            return Type::Any;
        }
        if entries.is_empty() {
            for argument in &call.args {
                self.expression(argument);
            }
            self.unknown_function(name, position);
            return Type::Any;
        }
        if matches!(name, "route" | "deny" | "external") {
            let decision = self.mention(name, position);
            self.uses.decisions.push(decision);
        }
        self.arguments(&entries, call, Type::Any, position)
    }

    /// `owner.name`.
    pub(super) fn property(&mut self, owner: Type, name: &str, position: Position) -> Type {
        if owner == Type::Any || matches!(owner, Type::Query) {
            if name == "sql" {
                self.uses.needs.body = true;
                let statement = self.mention(name, position);
                self.uses.statements.push(statement);
            }
            if matches!(name, "user" | "original_user") {
                let user = self.mention(name, position);
                self.uses.users.push(user);
            }
            self.uses.needs.address |= name == "remote_address";
            self.uses.needs.claims |= name == "claims";
            self.uses.needs.time |= TIME.contains(&name);
        }
        if owner == Type::Any || owner == Type::Group {
            self.uses.needs.load |= LOAD.contains(&name);
        }
        if owner == Type::Texts {
            return Type::String;
        }
        if matches!(owner, Type::Map | Type::Any) {
            return Type::Any;
        }
        let found =
            api::table().find(|entry| belongs(entry, owner) && entry.name == name && entry.parameters.is_none());
        match found {
            Some(entry) => entry.returns,
            None => {
                self.unknown_member(owner, name, false, position);
                Type::Any
            }
        }
    }

    /// `owner.name(arguments)`.
    pub(super) fn method(
        &mut self,
        owner: Type,
        call: &'a FnCallExpr,
        position: Position,
        root: Option<&'a str>,
    ) -> Type {
        let name = call.name.as_str();
        let entries: Vec<&'static Entry> = api::table()
            .filter(|entry| belongs(entry, owner) && entry.name == name && entry.parameters.is_some())
            .collect();
        if entries.is_empty() {
            for argument in &call.args {
                self.expression(argument);
            }
            if self.context.functions.contains_key(name) {
                let message = format!("`{name}` is a function");
                self.report(position, &message, Some(&format!("write `{name}(value)`")));
            } else {
                self.unknown_member(owner, name, true, position);
            }
            return Type::Any;
        }
        self.uses.needs.time |= TIME.contains(&name);
        if name == "push"
            && let Some(what) = root.and_then(|root| self.unchangeable(root))
        {
            let message = format!("`push` would change {what}");
            self.report(position, &message, Some("copy it with `let` first"));
        }
        if let Some(root) = root {
            self.closures_beside(root, call);
        }
        self.arguments(&entries, call, owner, position)
    }

    /// While a chain that begins with a variable is computed, Rhai lets nobody else read the variable: not even a closure
    /// within the chain. It says so only when it comes to it, as a "data race".
    fn closures_beside(&mut self, root: &str, call: &FnCallExpr) {
        for argument in &call.args {
            if let Expr::Stmt(closure) = argument
                && script::shares(closure.statements(), |name| name == root)
            {
                let message = format!("this closure reads `{root}`, and stands in a chain that begins with `{root}`");
                let help = format!("write `let list = {root}…;` first, and `list.{}(…)`", call.name);
                self.report(argument.start_position(), &message, Some(&help));
            }
        }
    }

    /// Checks arguments against the forms that a function has, and says what it gives.
    fn arguments(&mut self, entries: &[&'static Entry], call: &'a FnCallExpr, owner: Type, position: Position) -> Type {
        let name = call.name.as_str();
        let element = if owner == Type::Strings { Type::String } else { Type::Any };
        let mut closure_gives = Type::Any;
        let mut types = Vec::new();
        for argument in &call.args {
            types.push(match script::closure_of(argument) {
                Some((closure, taken)) => {
                    closure_gives = self.closure(&closure, taken, element);
                    Type::Function
                }
                None => self.expression(argument),
            });
        }
        let parameters = |entry: &Entry| entry.parameters.unwrap_or_default();
        let Some(first) = entries.iter().find(|entry| parameters(entry).len() == types.len()) else {
            let property = api::table().find(|entry| {
                types.is_empty() && entry.name == name && entry.parameters.is_none() && belongs(entry, owner)
            });
            let forms: Vec<String> = property.iter().chain(entries).map(|entry| entry.signature()).collect();
            let wanted = entries.first().map_or(0, |entry| parameters(entry).len());
            let message = format!("`{name}` takes {}, not {}", count(wanted), types.len());
            let help = format!("write {}", suggest::list(forms.iter().map(String::as_str)));
            self.report(position, &message, Some(&help));
            return Type::Any;
        };
        let fits = |entry: &Entry| {
            parameters(entry).len() == types.len()
                && parameters(entry).iter().zip(&types).all(|((_, wanted), kind)| kind.fits(*wanted))
        };
        let Some(entry) = entries.iter().find(|entry| fits(entry)) else {
            let wrong = parameters(first).iter().zip(&types).find(|((_, wanted), kind)| !kind.fits(*wanted));
            if let Some(((parameter, wanted), kind)) = wrong {
                let message = format!("`{name}`: {parameter} is {}, not {}", wanted.words(), kind.words());
                let help = match (wanted, kind) {
                    _ if types.len() > 1 => format!("write `{}`", first.signature()),
                    (Type::String | Type::Literal, Type::Number) => {
                        "write `value.to_string()`, or quotes around it".to_owned()
                    }
                    (Type::String, Type::List | Type::Strings) if name == "route" => {
                        "write `route(\"a\").or([\"b\", \"c\"])`".to_owned()
                    }
                    (_, Type::Row) => "name a column of it: `row.column`".to_owned(),
                    (Type::Number, Type::String | Type::Literal) => {
                        "write it without quotes, or `parse_int(text)`".to_owned()
                    }
                    _ => format!("write `{}`", first.signature()),
                };
                self.report(position, &message, Some(&help));
            }
            return first.returns;
        };
        self.written_out(call, position);
        match name {
            "filter" => owner,
            "map" if closure_gives == Type::String => Type::Strings,
            "values" if owner == Type::Texts => Type::Strings,
            _ if entries.iter().all(|other| other.returns == entry.returns) => entry.returns,
            _ if owner.is_open() => Type::Any,
            _ => entry.returns,
        }
    }
}

fn count(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
