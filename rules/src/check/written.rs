//! What is written out in a script, and so can be looked up before a query comes: groups, headers, tables, time zones,
//! regular expressions.

use std::rc::Rc;

use rhai::{Dynamic, Expr, FnCallExpr, Position};

use super::calls::TIME;
use super::checker::Checker;
use crate::api::Type;
use crate::api::decision::{cache_seconds, no_rate, not_who};
use crate::data::{TABLES, Table};
use crate::limit::{Limit, LimitBy, Rate};
use crate::{headers, suggest};

impl<'a> Checker<'a> {
    /// Looks at what is written out in the arguments of a call.
    pub(super) fn written_out(&mut self, call: &'a FnCallExpr, position: Position) {
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
                        let help = "rules may set `X-Trino-Session`, `X-Trino-Client-Tags` and headers of your own";
                        self.report(at, &format!("header `{}` {why}", header.escape_default()), Some(help));
                    }
                }
                for (value, at) in self.strings(value) {
                    if let Some(why) = headers::refuse_value(&value) {
                        self.report(at, &format!("this header {why}"), Some("write it in one line"));
                    }
                }
            }
            ("deny" | "tag", [_]) => {
                for (_, at) in self.strings(first).into_iter().filter(|(text, _)| text.is_empty()) {
                    let help = if name == "deny" { "say what the user can do instead" } else { "name a word" };
                    self.report(at, &format!("`{name}` was given an empty string"), Some(help));
                }
            }
            ("cache", [_]) => {
                for (time, at) in self.strings(first) {
                    if let Err(why) = cache_seconds(&time) {
                        self.report(at, &why, Some("write `30s`, `5m`, `2h` or `1d`"));
                    }
                }
            }
            ("limit", [by, rate]) => self.limit(by, rate, position),
            ("external", [_]) => self.service(first, position),
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
                        let message = format!("`{pattern}` is not a regular expression: {why}");
                        self.report(at, &message, Some(mend_regex(&why)));
                    }
                }
            }
            _ => {}
        }
    }

    /// Each word is written out once, so that Envoy can be told of the limit before a query comes.
    fn limit(&mut self, by: &'a Expr, rate: &'a Expr, position: Position) {
        let (bys, rates) = (self.strings(by), self.strings(rate));
        let ([(by, by_at)], [(rate, rate_at)]) = (bys.as_slice(), rates.as_slice()) else {
            let help = "write `.limit(\"user\", \"10/s\")`";
            self.report(position, "what `limit` is given is written out, not computed", Some(help));
            return;
        };
        let who = LimitBy::parse(by);
        if who.is_none() {
            let help = suggest::help(by, LimitBy::words()).unwrap_or_else(|| "write `\"user\"`".to_owned());
            self.report(*by_at, &not_who(by), Some(&help));
        }
        let often = Rate::parse(rate);
        if often.is_none() {
            let help = "write how many queries, from 1 to 1000000, and a unit of `s`, `m`, `h`, `d`";
            self.report(*rate_at, &no_rate(rate), Some(help));
        }
        if let (Some(by), Some(rate)) = (who, often) {
            self.uses.needs.address |= by == LimitBy::Address;
            let line = position.line().unwrap_or_default();
            self.uses.limits.push(Limit { by, rate, file: self.script.name.clone(), line });
        }
    }

    fn service(&mut self, name: &'a Expr, position: Position) {
        if self.rule.is_none() && self.depth == 0 {
            self.report(position, "`external` asks about a query, and here is none", Some("move it into a rule"));
        }
        let names = self.strings(name);
        if names.is_empty() {
            let help = "put its name between quotes, or into a `const`";
            self.report(position, "the name of a routing service is written out, not computed", Some(help));
        }
        self.uses.needs.body = true;
        self.uses.needs.address = true;
        for (name, at) in names {
            let found = self.mention(&name, at);
            self.uses.services.push(found);
        }
    }

    fn table(&mut self, name: &'a Expr, position: Position) {
        if !self.in_constant {
            let help = "write `const TABLE = table(…);` above the rules";
            self.report(position, "`table` stands in a constant only", Some(help));
        }
        let names = self.strings(name);
        if names.is_empty() {
            let help = "put its name between quotes, or into a `const`";
            self.report(position, "the file of `table` is written out, not computed", Some(help));
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
        let Some(table) = root.and_then(|root| self.table_of(root)) else { return Type::Any };
        match table.columns.get(name) {
            Some(column) => Type::from(*column),
            None => {
                let help = suggest::help(name, table.columns.keys().map(String::as_str));
                let help = help.as_deref().or(Some("it has keys only: name the column in its first line"));
                self.report(position, &format!("the table has no column `{name}`"), help);
                Type::Any
            }
        }
    }

    /// The table that a constant holds, or that a variable's row is of.
    pub(super) fn table_of(&self, name: &str) -> Option<Rc<Table>> {
        if let Some(table) = self.rows.get(name) {
            return Some(Rc::clone(table));
        }
        self.constant(name)?.clone().try_cast()
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
    pub(super) fn strings(&self, expression: &'a Expr) -> Vec<(String, Position)> {
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

/// How to write a regular expression that was refused for this reason.
fn mend_regex(why: &str) -> &'static str {
    if why.contains("look-around") {
        "ask twice: `x.matches(…) && !x.matches(…)`"
    } else if why.contains("repetition") {
        "write `.*` for any text; in SQL it is `%`"
    } else {
        "write `\\\\` before a character that only stands for itself"
    }
}

/// The property or method that a chain ends with.
pub(super) fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Dot(chain, ..) => last_name(&chain.rhs),
        Expr::Property(property, _) => Some(&property.2),
        Expr::MethodCall(call, _) => Some(&call.name),
        _ => None,
    }
}
