//! Calls: functions, methods, properties; what is written out in their arguments.

use std::rc::Rc;

use rhai::{Dynamic, Expr, FnCallExpr, Position};

use super::checker::Checker;
use super::names::belongs;
use crate::api::data::no_column;
use crate::api::{self, Entry, Type};
use crate::data::{TABLES, Table};
use crate::{headers, script, suggest};

/// Properties of a group that need its health and load.
const LOAD: &[&str] = &["clusters", "healthy", "running", "queued"];
/// Properties and methods of the query that need the time.
const TIME: &[&str] = &["hour", "weekday", "clock"];

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
        if matches!(name, "route" | "deny") {
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
            self.uses.needs.time |= TIME.contains(&name);
        }
        if owner == Type::Any || owner == Type::Group {
            self.uses.needs.load |= LOAD.contains(&name);
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
            let forms: Vec<String> = entries.iter().map(|entry| entry.signature()).collect();
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
            _ if entries.iter().all(|other| other.returns == entry.returns) => entry.returns,
            _ if owner.is_open() => Type::Any,
            _ => entry.returns,
        }
    }

    /// What only needs to be looked at once, because it is written out in the script.
    fn written_out(&mut self, call: &'a FnCallExpr, position: Position) {
        let name = call.name.as_str();
        let Some(first) = call.args.first() else { return };
        match (name, call.args.as_slice()) {
            ("route" | "or" | "group", [_]) => {
                for (group, at) in self.strings(first) {
                    self.name_used(name, group, at, false);
                }
            }
            ("cluster", [_]) => {
                for (cluster, at) in self.strings(first) {
                    self.name_used(name, cluster, at, true);
                }
            }
            ("header", [header, value]) => {
                for (header, at) in self.strings(header) {
                    let refused = headers::refuse_name(&header);
                    if let Some(why) = refused {
                        self.report(at, &format!("header `{}` {why}", header.escape_default()), None);
                    }
                }
                for (value, at) in self.strings(value) {
                    if let Some(why) = headers::refuse_value(&value) {
                        self.report(at, &format!("this header {why}"), None);
                    }
                }
            }
            ("table", [_]) => self.table(first, position),
            (name, [zone]) if TIME.contains(&name) => {
                let zones = self.strings(zone);
                if zones.is_empty() {
                    let message = format!("the time zone of `{name}` is written out, not computed");
                    self.report(position, &message, Some("put it between quotes, or into a `const`"));
                }
                for (zone, at) in zones {
                    if let Err(help) = self.context.runtime.add_time_zone(&zone) {
                        self.report(at, &format!("there is no time zone `{zone}`"), Some(&help));
                    }
                }
            }
            ("matches", [.., pattern]) => {
                let patterns = self.strings(pattern);
                if patterns.is_empty() {
                    let at = if pattern.start_position().is_none() { position } else { pattern.start_position() };
                    self.report(
                        at,
                        "the regular expression of `matches` is written out, not computed",
                        Some("put it between quotes, or into a `const`"),
                    );
                }
                for (pattern, at) in patterns {
                    if let Err(why) = self.context.runtime.add_regex(&pattern) {
                        let help = "write `\\\\` before a character that only stands for itself";
                        self.report(at, &format!("`{pattern}` is not a regular expression: {why}"), Some(help));
                    }
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, name: &'a Expr, position: Position) {
        if !self.in_constant {
            let help = "write `const TABLE = table(…);` above the rules";
            self.report(position, "`table` stands in a constant only", Some(help));
        }
        let names = self.strings(name);
        if names.is_empty() {
            self.report(position, "the file of `table` is written out, not computed", None);
        }
        let known = self.context.runtime.data().tables;
        for (name, at) in names {
            if !known.contains_key(&name) && !self.context.runtime.is_unread(&name) {
                let help = suggest::help(&name, known.keys().map(String::as_str));
                let help = help.unwrap_or_else(|| format!("put it beside the rules, as `{TABLES}{name}`"));
                self.report(at, &format!("there is no table `{name}`"), Some(&help));
            }
        }
    }

    /// `row.column`, of the table that the chain begins with.
    pub(super) fn column(&mut self, root: Option<&str>, name: &str, position: Position) -> Type {
        let table = root.and_then(|root| self.constant(root)).and_then(|value| value.clone().try_cast::<Rc<Table>>());
        let Some(table) = table else { return Type::Any };
        match table.columns.get(name) {
            Some(column) => Type::from(*column),
            None => {
                let message = no_column(name, table.columns.keys().map(String::as_str));
                self.report(position, &message, None);
                Type::Any
            }
        }
    }

    fn name_used(&mut self, function: &str, name: String, at: Position, cluster: bool) {
        if name.is_empty() {
            let what = if cluster { "cluster" } else { "group" };
            self.report(at, &format!("`{function}` was given an empty string"), Some(&format!("name a {what}")));
            return;
        }
        let found = self.mention(&name, at);
        let list = if cluster { &mut self.uses.clusters } else { &mut self.uses.groups };
        if !list.contains(&found) {
            list.push(found);
        }
    }

    /// The strings that an expression is known to be, with their places: literals, constants, lists of them.
    fn strings(&self, expression: &'a Expr) -> Vec<(String, Position)> {
        match expression {
            Expr::StringConstant(text, at) => vec![(text.to_string(), *at)],
            Expr::Array(elements, _) => elements.iter().flat_map(|element| self.strings(element)).collect(),
            Expr::Variable(variable, _, at) => {
                self.constant(&variable.1).map(strings_of).unwrap_or_default().into_iter().map(|s| (s, *at)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn strings_of(value: &Dynamic) -> Vec<String> {
    if let Ok(list) = value.as_array_ref() {
        return list.iter().flat_map(strings_of).collect();
    }
    value.clone().into_string().into_iter().collect()
}

fn count(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
