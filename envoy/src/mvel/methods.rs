//! Methods of what rules of Trino Gateway see. MVEL lets a method be written without parentheses, and `getName()` as `name`.

use super::compare::equal;
use super::expression::{Note, Translator};
use super::java::{of_list, of_map, of_optional, of_tables, of_text};
use super::syntax::{Refusal, Translated};
use super::value::{Type, Value, quoted};

/// What has no counterpart, and what to do instead. Else: write the rule in Rhai.
const INSTEAD: &[(&str, &str)] = &[
    ("getAttribute", "the statement is `q.sql.text`"),
    ("getQueryString", "rules are asked for new queries alone; those have no query string"),
    ("getParameter", "rules are asked for new queries alone; those have no parameters"),
    ("getRemoteUser", "who Envoy authenticated is `q.principal`"),
    ("getUserPrincipal", "who Envoy authenticated is `q.principal`"),
    ("getUserInfo", "what a checked token says is in `q.claims`"),
    ("getCookies", "what a checked token says is in `q.claims`"),
    ("getServerName", "the host that the client asked is `q.host`"),
    ("getHeaders", "rules see the first value of a header: `q.header(\"…\")`"),
    ("getHeaderNames", "ask for one header: `q.has_header(\"…\")`"),
    ("hashCode", "a share of the users is `q.bucket(q.user, 100) < 5`: another share than by `hashCode`"),
    ("stream", "MVEL cannot pass functions either: write `list.some(|x| …)` in Rhai"),
    ("remove", "leave out what is not to be there"),
];

impl Translator {
    /// `owner.name`.
    pub(super) fn property(&mut self, line: usize, owner: &Value, name: &str) -> Translated<Value> {
        if owner.kind == Type::State || owner.kind == Type::Map {
            return self.method(line, owner, "get", &[Value::text(name)]);
        }
        let bean = |prefix: &str| {
            let mut letters = name.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
            prefix.chars().chain(first).chain(letters).collect::<String>()
        };
        let mut first = None;
        for method in [name.to_owned(), bean("get"), bean("is")] {
            match self.method(line, owner, &method, &[]) {
                Err(refusal) => first = first.or(Some(refusal)),
                found => return found,
            }
        }
        Err(first.unwrap_or_else(|| unknown(line, owner, name)))
    }

    /// `owner.method(arguments)`.
    pub(super) fn method(
        &mut self,
        line: usize,
        owner: &Value,
        method: &str,
        arguments: &[Value],
    ) -> Translated<Value> {
        match (method, arguments) {
            ("equals", [other]) if !matches!(owner.kind, Type::State | Type::Result) => {
                return equal(line, owner, other);
            }
            ("toString", []) if owner.kind == Type::Text => return Ok(owner.clone()),
            _ => {}
        }
        let found = match owner.kind {
            Type::Request => self.of_request(method, arguments),
            Type::User => self.of_user(line, method, arguments)?,
            Type::Statement => self.of_statement(line, method, arguments)?,
            Type::Text => of_text(line, &owner.receiver(), method, arguments)?,
            Type::Optional => of_optional(owner, method, arguments),
            Type::Texts | Type::Parts => of_list(line, owner, method, arguments)?,
            Type::Tables => of_tables(line, method, arguments)?,
            Type::Map => of_map(owner, method, arguments),
            Type::State => self.of_state(line, method, arguments)?,
            _ => None,
        };
        found.ok_or_else(|| unknown(line, owner, method))
    }

    fn of_request(&mut self, method: &str, arguments: &[Value]) -> Option<Value> {
        let property = |name: &str| Some(Value::primary(Type::Text, name));
        match (method, arguments) {
            ("getHeader", [name]) if name.kind == Type::Text => Some(header(name)),
            ("getContentType", []) => Some(header(&Value::text("Content-Type"))),
            ("getMethod", []) => property("q.method"),
            ("getRequestURI", []) => property("q.url_path"),
            ("getRemoteAddr" | "getRemoteHost", []) => {
                self.notes.insert(Note::Address);
                property("q.remote_address")
            }
            _ => None,
        }
    }

    fn of_user(&mut self, line: usize, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
        let user = Value::primary(Type::Text, "q.user");
        let found = match (method, arguments) {
            ("userExistsAndEquals", [name]) if name.solid => equal(line, &user, name)?,
            ("userExistsAndEquals", [name]) if name.kind == Type::Text => {
                Value::equal(&user, &Value::text("")).not().and(&equal(line, &user, name)?)
            }
            ("getUser", []) => {
                let nobody = Value::equal(&user, &Value::text(""));
                Value { kind: Type::Optional, ..user }.null_if(nobody)
            }
            _ => return Ok(None),
        };
        self.notes.insert(Note::User);
        Ok(Some(found))
    }

    fn of_statement(&mut self, line: usize, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
        let text = |name: &str| Value::primary(Type::Text, format!("q.sql.{name}"));
        let list = |name: &str| Value::primary(Type::Texts, format!("q.sql.{name}"));
        let optional = |value: Value| {
            let empty = value.null.clone().map_or_else(|| Value::equal(&value, &Value::text("")), |null| *null);
            Value { kind: Type::Optional, ..value }.null_if(empty)
        };
        Ok(Some(match (method, arguments) {
            ("tablesContains", [name]) => {
                let Some(constant) = &name.constant else {
                    let what = "`tablesContains` of a name that is not written out has no counterpart";
                    return Err(Refusal::new(line, what, "write `name in q.sql.tables`, with the name in lower case"));
                };
                Value::is_in(&Value::text(&table_name(line, constant)?), &list("tables"))
            }
            ("getTables", []) => Value::primary(Type::Tables, "q.sql.tables"),
            ("getCatalogs", []) => list("catalogs"),
            ("getSchemas", []) => list("schemas"),
            ("getCatalogSchemas", []) => list("catalog_schemas"),
            ("getQueryType", []) => text("query_type"),
            ("getResourceGroupQueryType", []) => text("resource_group_query_type"),
            // As the client sent them: `q.catalog` and `q.schema` are in lower case.
            ("getDefaultCatalog", []) => optional(header(&Value::text("X-Trino-Catalog"))),
            ("getDefaultSchema", []) => optional(header(&Value::text("X-Trino-Schema"))),
            ("getQueryId", []) => optional(text("kill_query")),
            ("isNewQuerySubmission", []) => Value::equal(&Value::primary(Type::Text, "q.method"), &Value::text("POST")),
            ("getBody", []) => {
                self.notes.insert(Note::Body);
                text("text")
            }
            ("getErrorMessage", []) => {
                self.notes.insert(Note::Errors);
                optional(text("error"))
            }
            ("isQueryParsingSuccessful", []) => {
                self.notes.insert(Note::Errors);
                Value::equal(&text("error"), &Value::text(""))
            }
            _ => return Ok(None),
        }))
    }

    fn of_state(&mut self, line: usize, method: &str, arguments: &[Value]) -> Translated<Option<Value>> {
        let key = match (method, arguments) {
            ("isEmpty", []) => {
                return Ok(Some(Value::call(Type::Flag, &Value::primary(Type::Map, "state"), "is_empty", &[])));
            }
            ("get" | "containsKey", [key]) => key.constant.as_deref(),
            _ => return Ok(None),
        };
        let Some(key) = key else {
            return Err(Refusal::new(
                line,
                "a key of `state` that is computed has no counterpart",
                "write the key out",
            ));
        };
        let (kind, always) = self.entries.get(key).copied().unwrap_or((Type::Unknown, false));
        let mut value = Value::primary(kind, entry(key));
        value.safe = always;
        let missing = Value::equal(&value, &Value::primary(Type::Null, "()"));
        let there = missing.clone().not();
        let value = if always { value } else { value.null_if(missing) };
        Ok(Some(if method == "get" { value } else { there }))
    }
}

/// What a rule put into `state`.
pub(super) fn entry(key: &str) -> String {
    format!("state[{}]", quoted(key))
}

fn header(name: &Value) -> Value {
    let missing = Value::primary(Type::Flag, format!("q.has_header({})", name.text)).not();
    // Others that have a name of their own are changed on the way: `q.catalog` is in lower case.
    let text = match name.constant.as_ref().map(|name| name.to_ascii_lowercase()).as_deref() {
        Some("x-trino-source") => "q.source".to_owned(),
        Some("x-trino-client-info") => "q.client_info".to_owned(),
        _ => format!("q.header({})", name.text),
    };
    Value::primary(Type::Text, text).null_if(missing)
}

/// A table's name as `q.sql.tables` has it. Trino Gateway takes the parts apart at dots outside of quotes and compares in
/// lower case (`TrinoQueryProperties.parseIdentifierStringToQualifiedName`).
fn table_name(line: usize, name: &str) -> Translated<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut before) = (false, None);
    for c in name.chars() {
        match c {
            '"' if quoted && before == Some('\\') => push(&mut parts, c),
            '"' if !quoted && parts.last().is_some_and(|part| !part.is_empty()) => {
                let what =
                    format!("`{name}` has a quote in the middle of a name, so this is never true in Trino Gateway");
                return Err(Refusal::new(line, what, "put quotes around whole parts of the name"));
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c => push(&mut parts, c),
        }
        before = Some(c);
    }
    if parts.len() != 3 {
        let what = format!("`{name}` is no name of three parts, so this is never true in Trino Gateway");
        return Err(Refusal::new(line, what, "write `catalog.schema.table`"));
    }
    Ok(parts.join(".").to_lowercase())
}

fn push(parts: &mut [String], c: char) {
    if let Some(part) = parts.last_mut() {
        part.push(c);
    }
}

fn unknown(line: usize, owner: &Value, method: &str) -> Refusal {
    let help = INSTEAD.iter().find(|(known, _)| *known == method).map_or("write the rule in Rhai", |(_, help)| help);
    Refusal::new(line, format!("`{method}` of {} has no counterpart", owner.kind.words()), help)
}
