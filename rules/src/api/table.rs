//! The table of all that scripts see. What is not here cannot be named in a rule; documentation is made from it.

use serde::Serialize;

use super::types::Type;

/// One thing that scripts see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// What it belongs to; none for a function that stands alone.
    pub owner: Option<Type>,
    /// Its name.
    pub name: &'static str,
    /// Parameters; none at all for a property, written without parentheses.
    pub parameters: Option<&'static [(&'static str, Type)]>,
    /// What it gives.
    pub returns: Type,
    /// One line for authors.
    #[cfg(feature = "sources")]
    pub doc: &'static str,
    /// An expression that uses it; tests run it.
    #[cfg(feature = "sources")]
    pub example: &'static str,
}

impl Entry {
    /// As an author writes it: `route(group)`, `.or(group)`, `.user`.
    pub fn signature(&self) -> String {
        let dot = if self.owner.is_some() { "." } else { "" };
        match self.parameters {
            None => format!("{dot}{}", self.name),
            Some(parameters) => {
                let names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
                format!("{dot}{}({})", self.name, names.join(", "))
            }
        }
    }
}

const fn property(owner: Type, name: &'static str, returns: Type, doc: &'static str, example: &'static str) -> Entry {
    entry(Some(owner), name, None, returns, doc, example)
}

pub(super) const fn method(
    owner: Type,
    name: &'static str,
    parameters: &'static [(&'static str, Type)],
    returns: Type,
    doc: &'static str,
    example: &'static str,
) -> Entry {
    entry(Some(owner), name, Some(parameters), returns, doc, example)
}

pub(super) const fn function(
    name: &'static str,
    parameters: &'static [(&'static str, Type)],
    returns: Type,
    doc: &'static str,
    example: &'static str,
) -> Entry {
    entry(None, name, Some(parameters), returns, doc, example)
}

#[cfg(feature = "sources")]
const fn entry(
    owner: Option<Type>,
    name: &'static str,
    parameters: Option<&'static [(&'static str, Type)]>,
    returns: Type,
    doc: &'static str,
    example: &'static str,
) -> Entry {
    Entry { owner, name, parameters, returns, doc, example }
}

/// Without what is for authors to read.
#[cfg(not(feature = "sources"))]
const fn entry(
    owner: Option<Type>,
    name: &'static str,
    parameters: Option<&'static [(&'static str, Type)]>,
    returns: Type,
    _: &'static str,
    _: &'static str,
) -> Entry {
    Entry { owner, name, parameters, returns }
}

/// All that scripts see, in the order of the documentation.
pub fn table() -> impl Iterator<Item = &'static Entry> {
    OURS.iter().chain(super::standard::STANDARD)
}

use Type::{
    Addition, Any, Bool, Decision, Denial, Function, Group, List, Literal, Map, Number, Query, Route, Sql,
    String as Text, Strings, Table, Texts, Unit,
};

#[rustfmt::skip]
const OURS: &[Entry] = &[
    function("rule", &[("name", Literal), ("closure", Function)], Unit,
        "A rule: the closure gets the query and gives a decision, or nothing. Top level only.", r#"rule("x", |q| route("a"))"#),
    function("otherwise", &[("decision", Any)], Unit,
        "The decision where no rule made one. Top level only, once, after all rules.", r#"otherwise(route("a"))"#),
    function("route", &[("group", Text)], Route,
        "The query goes to this group.", r#"route("adhoc")"#),
    function("deny", &[("message", Text)], Denial,
        "The query is refused with this message.", r#"deny("not at night")"#),
    function("external", &[("service", Literal)], Decision,
        "The query goes to the group that this routing service names. If it names none, the rule passes on; if it is of no help, the rule is skipped.",
        r#"external("router")"#),
    function("header", &[("name", Text), ("value", Text)], Addition,
        "Adds a request header to what a later rule decides; the rule passes on.",
        r#"header("X-Trino-Session", "query_max_run_time=1h")"#),
    function("tag", &[("tag", Text)], Addition,
        "Adds a word for the query's history to what a later rule decides; the rule passes on.", r#"tag("bi")"#),

    function("table", &[("file", Literal)], Table,
        "A file of the folder `tables` (CSV, JSON, TOML), for a `const`. `key in T` asks for a row, `T[key].column` reads it.",
        r#"table("teams.csv")"#),

    method(Route, "or", &[("group", Text)], Route,
        "The next group, for when those before are not serving.", r#"route("etl").or("adhoc")"#),
    method(Route, "or", &[("groups", Strings)], Route,
        "The next groups, in order.", r#"route("etl").or(["night", "adhoc"])"#),
    method(Route, "only", &[], Route,
        "Fail rather than fall back to the default group.", r#"route("vault").only()"#),
    method(Route, "cluster", &[("name", Text)], Route,
        "This cluster and no other.", r#"route("etl").cluster("etl-1")"#),
    method(Route, "cache", &[("time", Text)], Route,
        "The result may answer the same query again for so long, 1s to 7d. Nothing does that yet: the decision says so to whoever reads it.",
        r#"route("bi").cache("5m")"#),
    method(Route, "limit", &[("by", Literal), ("rate", Literal)], Route,
        "At most so many queries come this way, of each `\"user\"`, `\"principal\"`, `\"source\"` or `\"address\"`, or of `\"all\"` together; in each Envoy. Those over it get an error.",
        r#"route("bi").limit("user", "10/s")"#),
    method(Route, "header", &[("name", Text), ("value", Text)], Route,
        "Sets a request header; for lists such as X-Trino-Session, this value wins per key.",
        r#"route("etl").header("X-Trino-Session", "query_max_run_time=4h")"#),
    method(Route, "tag", &[("tag", Text)], Route,
        "A word for the query's history.", r#"route("etl").tag("nightly")"#),
    method(Addition, "header", &[("name", Text), ("value", Text)], Addition,
        "One more request header.", r#"tag("bi").header("X-Trino-Client-Info", "bi")"#),
    method(Addition, "tag", &[("tag", Text)], Addition,
        "One more word.", r#"tag("bi").tag("night")"#),
    method(Denial, "tag", &[("tag", Text)], Denial,
        "A word for the query's history.", r#"deny("no").tag("blocked")"#),

    property(Query, "user", Text, "The user: X-Trino-User, else of Basic authentication, else X-Trino-Original-User.", "q.user"),
    property(Query, "original_user", Text, "X-Trino-Original-User, else the user.", "q.original_user"),
    property(Query, "principal", Text, "Who Envoy authenticated the client as.", "q.principal"),
    property(Query, "claims", Map, "Claims of the token that Envoy checked.", "q.claims"),
    property(Query, "source", Text, "X-Trino-Source: the program that asks.", "q.source"),
    property(Query, "client_info", Text, "X-Trino-Client-Info.", "q.client_info"),
    property(Query, "client_tags", Strings, "X-Trino-Client-Tags as a list.", "q.client_tags"),
    method(Query, "has_tag", &[("tag", Text)], Bool, "Is it one of the client tags?", r#"q.has_tag("etl")"#),
    property(Query, "catalog", Text, "X-Trino-Catalog, in lower case.", "q.catalog"),
    property(Query, "schema", Text, "X-Trino-Schema, in lower case.", "q.schema"),
    property(Query, "path", Text, "X-Trino-Path: the SQL path.", "q.path"),
    property(Query, "session", Texts, "X-Trino-Session: session properties.", "q.session"),
    property(Query, "roles", Texts, "X-Trino-Role: role by catalog.", "q.roles"),
    property(Query, "resource_estimates", Texts, "X-Trino-Resource-Estimate.", "q.resource_estimates"),
    property(Query, "time_zone", Text, "X-Trino-Time-Zone.", "q.time_zone"),
    property(Query, "language", Text, "X-Trino-Language.", "q.language"),
    property(Query, "transaction", Text, "X-Trino-Transaction-Id; empty outside a transaction.", "q.transaction"),
    method(Query, "header", &[("name", Text)], Text, "First value of a request header, else empty.", r#"q.header("x-team")"#),
    method(Query, "has_header", &[("name", Text)], Bool, "Did the client send this header, even an empty one?",
        r#"q.has_header("x-team")"#),
    property(Query, "host", Text, "The host that the client asked.", "q.host"),
    property(Query, "remote_address", Text, "Address of the client.", "q.remote_address"),
    property(Query, "method", Text, "HTTP method.", "q.method"),
    property(Query, "url_path", Text, "Path of the URL.", "q.url_path"),
    property(Query, "sql", Sql, "The SQL statement. A rule set that reads it waits for the body.", "q.sql"),
    method(Query, "group", &[("name", Text)], Group, "State of a group.", r#"q.group("etl")"#),
    method(Query, "bucket", &[("value", Text), ("n", Number)], Number,
        "A number from 0 to n-1, always the same for the same value.", "q.bucket(q.user, 100)"),
    method(Query, "matches", &[("text", Text), ("regex", Literal)], Bool,
        "Does the regular expression match somewhere in the text?", r#"q.matches(q.user, "^svc-")"#),
    property(Query, "hour", Number, "Hour of the day in UTC, 0 to 23.", "q.hour"),
    method(Query, "hour", &[("zone", Literal)], Number, "The same in a time zone.", r#"q.hour("Europe/Berlin")"#),
    property(Query, "weekday", Number, "Day of the week in UTC, 1 (Monday) to 7.", "q.weekday"),
    method(Query, "weekday", &[("zone", Literal)], Number, "The same in a time zone.", r#"q.weekday("Europe/Berlin")"#),
    property(Query, "clock", Text, "Time of day in UTC, such as `08:30`; texts of it compare as times do.", "q.clock"),
    method(Query, "clock", &[("zone", Literal)], Text, "The same in a time zone.", r#"q.clock("Europe/Berlin")"#),

    property(Sql, "text", Text, "The statement as the client sent it, up to 8 MiB.", "q.sql.text"),
    property(Sql, "query_type", Text,
        "Kind of the statement by Trino's own name: `Query`, `Insert`, `CreateTableAsSelect`, `ShowTables`. Empty if not known.",
        "q.sql.query_type"),
    property(Sql, "resource_group_query_type", Text,
        "Kind as resource groups call it: `SELECT`, `EXPLAIN`, `DESCRIBE`, `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `ANALYZE`, `DATA_DEFINITION`, `ALTER_TABLE_EXECUTE`, `UNKNOWN`.",
        "q.sql.resource_group_query_type"),
    property(Sql, "is_query", Bool, "Is it a query: `SELECT`, `VALUES`, `TABLE`, `WITH`?", "q.sql.is_query"),
    property(Sql, "writes", Bool, "Does it change data, tables or rights? Procedures may. False if the kind is not known.", "q.sql.writes"),
    property(Sql, "tables", Strings,
        "Tables and views that it names, `catalog.schema.table` in lower case. Not those behind a view.", "q.sql.tables"),
    property(Sql, "written_tables", Strings, "Of the tables, those that it changes, makes or removes.", "q.sql.written_tables"),
    property(Sql, "catalogs", Strings, "Catalogs of all that it names, in lower case.", "q.sql.catalogs"),
    property(Sql, "schemas", Strings, "Schemas of all that it names, in lower case.", "q.sql.schemas"),
    property(Sql, "catalog_schemas", Strings, "The same as `catalog.schema`.", "q.sql.catalog_schemas"),
    property(Sql, "functions", Strings, "Functions that it calls, in lower case; table functions too.", "q.sql.functions"),
    property(Sql, "table_functions", Strings, "Functions in `TABLE(…)`.", "q.sql.table_functions"),
    property(Sql, "default_catalog", Text, "Catalog of names without one: X-Trino-Catalog, in lower case.", "q.sql.default_catalog"),
    property(Sql, "default_schema", Text, "Schema of names without one: X-Trino-Schema, in lower case.", "q.sql.default_schema"),
    property(Sql, "deterministic", Bool,
        "Would the same user get the same again, as long as the data are the same? False if something was not understood.",
        "q.sql.deterministic"),
    property(Sql, "kill_query", Text, "Id of the query that `CALL system.runtime.kill_query` is about, else empty.", "q.sql.kill_query"),
    property(Sql, "confidence", Text,
        "How far all this can be relied on: `exact`; `partial`: names may be missing; `unknown`: not even the kind is known.",
        "q.sql.confidence"),
    property(Sql, "error", Text, "What was not understood, else empty.", "q.sql.error"),
    property(Sql, "user_hash", Text, "Hash of the statement with its literals.", "q.sql.user_hash"),
    property(Sql, "generic_hash", Text, "Hash of the statement without its literals: of its shape.", "q.sql.generic_hash"),

    property(Group, "serving", Bool, "Does a cluster of the group take new queries?", r#"q.group("etl").serving"#),
    property(Group, "clusters", Number, "Clusters in the group.", r#"q.group("etl").clusters"#),
    property(Group, "healthy", Number, "Clusters that are healthy.", r#"q.group("etl").healthy"#),
    property(Group, "running", Number, "Queries running, as last measured; 0 while nothing measures load.", r#"q.group("etl").running"#),
    property(Group, "queued", Number, "Queries waiting, as last measured; 0 while nothing measures load.", r#"q.group("etl").queued"#),

    method(Table, "len", &[], Number, "Number of rows.", "TEAMS.len()"),
    method(Table, "contains", &[("key", Text)], Bool, "Is there a row of that key? As `key in table`.", r#"TEAMS.contains("ann")"#),

    method(Text, "matches", &[("regex", Literal)], Bool,
        "Does the regular expression match somewhere?", r#"q.user.matches("^svc-")"#),
    method(Text, "trimmed", &[], Text, "Without spaces at both ends.", r#"" a ".trimmed()"#),
    method(List, "len", &[], Number, "Number of elements.", "[1, 2].len()"),
    method(Map, "len", &[], Number, "Number of entries.", "#{a: 1}.len()"),
];
