//! Names that do not exist: what was meant?

use rhai::Position;

use super::checker::Checker;
use crate::api::{self, Entry, Type};
use crate::suggest;

/// What Rhai has and rules have not, and why.
const NOT_OFFERED: &[&str] = &[
    "Fn",
    "call",
    "curry",
    "debug",
    "eval",
    "exit",
    "import",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "sleep",
    "timestamp",
    "type_of",
];

/// What the table has for an owner; a literal is a string, a list of strings is a list, and so on.
pub(super) fn belongs(entry: &Entry, owner: Type) -> bool {
    let base = match owner {
        Type::Literal => Type::String,
        Type::Strings => Type::List,
        Type::Texts => Type::Map,
        other => other,
    };
    match entry.owner {
        Some(known) => known == base || known == owner || (owner.is_open() && is_open_to(owner, known)),
        None => false,
    }
}

fn is_open_to(owner: Type, known: Type) -> bool {
    owner == Type::Any || known.is_decision()
}

impl Checker<'_> {
    pub(super) fn unknown_variable(&mut self, name: &str, position: Position) {
        let constants = self.context.constants.iter().map(|(known, ..)| known.to_owned());
        let variables = self.variables.iter().map(|(known, _)| known.to_string());
        let known: Vec<String> = constants.chain(variables).collect();
        let help = if api::table().any(|entry| entry.owner == Some(Type::Query) && entry.name == name) {
            Some(format!("did you mean `q.{name}`?"))
        } else if name == "q" && self.in_constant {
            Some("a constant is the same for all queries; write `fn name(q) { … }`".to_owned())
        } else if name == "q" {
            Some("a function sees its parameters only: write `fn name(q) { … }`, and call `name(q)`".to_owned())
        } else if let Some(entry) = api::table().find(|entry| entry.owner.is_none() && entry.name == name) {
            Some(format!("write `{}`", entry.signature()))
        } else if matches!(name, "None" | "undefined" | "NULL" | "True" | "False") {
            Some("what a client did not send is `\"\"`; there are `true`, `false`, and `()` for nothing".to_owned())
        } else {
            suggest::nearest(name, known.iter().map(String::as_str))
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| Some(format!("write \"{name}\" if it is a string")))
        };
        self.report(position, &format!("unknown variable `{name}`"), help.as_deref());
    }

    pub(super) fn unknown_function(&mut self, name: &str, position: Position) {
        if NOT_OFFERED.contains(&name) {
            let message = format!("`{name}` is not offered");
            self.report(position, &message, Some("rules read the query and give a decision, nothing else"));
            return;
        }
        if let Some(entry) = api::table().find(|entry| entry.owner.is_some() && entry.name == name) {
            let message = format!("`{name}` does not stand alone");
            let owner = match entry.owner {
                Some(Type::Query) => "q",
                Some(Type::Sql) => "q.sql",
                Some(Type::Route) => "route(group)",
                _ => "value",
            };
            self.report(position, &message, Some(&format!("write `{owner}{}`", entry.signature())));
            return;
        }
        if let Some(help) = meant_function(name) {
            self.report(position, &format!("unknown function `{name}`"), Some(help));
            return;
        }
        let ours = self.context.functions.keys().copied();
        let free = api::table().filter(|entry| entry.owner.is_none()).map(|entry| entry.name);
        let near = suggest::nearest(name, ours.chain(free)).map(|near| format!("did you mean `{near}`?"));
        // It may stand in a file that could not be read.
        if near.is_none() && self.context.incomplete {
            return;
        }
        let help = near.unwrap_or_else(|| format!("define it: `fn {name}(…) {{ … }}`"));
        self.report(position, &format!("unknown function `{name}`"), Some(&help));
    }

    pub(super) fn unknown_member(&mut self, owner: Type, name: &str, called: bool, position: Position) {
        let what = if called { "method" } else { "property" };
        if NOT_OFFERED.contains(&name) {
            let message = format!("`.{name}` is not offered");
            self.report(position, &message, Some("rules read the query and give a decision, nothing else"));
            return;
        }
        let same = api::table().find(|entry| belongs(entry, owner) && entry.name == name);
        let message = match owner {
            Type::Any => format!("unknown {what} `{name}`"),
            owner => format!("{} has no {what} `{name}`", owner.words()),
        };
        let help = match same {
            Some(entry) => Some(format!("write `{}`", entry.signature())),
            None => elsewhere(owner, name).or_else(|| {
                let known = || api::table().filter(|entry| belongs(entry, owner)).map(|entry| entry.name);
                // `getUser`
                let getter = name.strip_prefix("get").filter(|rest| rest.starts_with(char::is_uppercase));
                let word = getter.filter(|rest| suggest::nearest(rest, known()).is_some()).unwrap_or(name);
                if owner == Type::Any {
                    suggest::nearest(word, known()).map(|near| format!("did you mean `{near}`?"))
                } else {
                    suggest::help(word, known())
                }
            }),
        };
        self.report(position, &message, help.as_deref());
    }
}

/// Where to find what is looked for at the wrong place, or by its name in another language.
fn elsewhere(owner: Type, name: &str) -> Option<String> {
    let has = |owner: Type| api::table().find(|entry| belongs(entry, owner) && entry.name == name);
    if let Some(write) = meant(owner, name) {
        return Some(write.to_owned());
    }
    match owner {
        Type::Query => has(Type::Sql).map(|entry| format!("write `.sql{}`", entry.signature())),
        Type::Sql => has(Type::String).map(|entry| format!("ask the statement: `.text{}`", entry.signature())),
        Type::Unit => Some("this value is `()`, nothing".to_owned()),
        _ => None,
    }
}

/// What people mean who come from other languages.
fn meant(owner: Type, name: &str) -> Option<&'static str> {
    Some(match (owner, name) {
        (Type::Query, "headers" | "getHeader") => "write `.header(\"X-Name\")`",
        (Type::Query, "tag" | "tags") => "write `.client_tags`, or `.has_tag(\"…\")`",
        (Type::Query, "time" | "now" | "date") => "write `.clock(\"Europe/Berlin\")`, `.hour(…)` or `.weekday(…)`",
        (Type::Query, "query" | "statement" | "body") => "write `.sql.text`",
        (Type::Route, "session" | "set_session") => "write `.header(\"X-Trino-Session\", \"key=value\")`",
        (Type::Route, "group" | "then") => "write `.or(\"group\")`",
        (Type::Map | Type::Texts, "get" | "has") => "write `map[\"key\"]`, or `\"key\" in map`",
        (_, "equals" | "eq") => "compare with `==`",
        (_, "equalsIgnoreCase") => "write `.to_lower() == \"…\"`",
        (_, "like" | "regexp_like" | "match") => "write `.matches(\"…\")`",
        (_, "includes") => "write `.contains(…)`",
        (_, "length" | "size" | "count") => "write `.len()`",
        (_, "fallback" | "otherwise" | "or_else") => "write `.or(\"group\")`",
        (_, "trim" | "strip") => "write `.trimmed()`",
        (_, "any" | "anyMatch") => "write `.some(|x| …)`",
        _ => return None,
    })
}

fn meant_function(name: &str) -> Option<&'static str> {
    Some(match name {
        "reject" | "refuse" | "block" | "abort" => "write `deny(\"message\")`",
        "redirect" | "forward" | "send" | "route_to" | "allow" => "write `route(\"group\")`",
        "pass" | "skip" | "next" => "write `return;`: a rule that says nothing passes on",
        "range" => "write `0..n`",
        "now" | "today" | "current_time" => "write `q.clock(\"Europe/Berlin\")`, `q.hour(…)` or `q.weekday(…)`",
        "random" | "rand" | "hash" => "write `q.bucket(q.user, 100)`: the same for a user every time",
        "str" => "write `value.to_string()`",
        "int" => "write `parse_int(text)`",
        _ => return None,
    })
}
