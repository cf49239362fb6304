//! The facts of a statement.

use std::collections::BTreeSet;

use serde_json::json;

use super::hash::{QueryHashes, query_hashes};
use super::kind::UNKNOWN;
use super::names::Names;
use super::prepared::{JsonBody, Runs, runs};
use super::statement::Reader;

/// Bytes of a statement that is analysed. Trino's own limit (`query.max-length`) is a million characters; of a longer text
/// nothing but its hashes is known.
pub const ANALYSED_BYTES: usize = 1024 * 1024;

/// What a client sent beside the statement that says what it means.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session<'a> {
    /// `X-Trino-Catalog`; empty for none.
    pub catalog: &'a str,
    /// `X-Trino-Schema`; empty for none.
    pub schema: &'a str,
    /// All values of `X-Trino-Prepared-Statement`.
    pub prepared_statements: &'a [&'a str],
}

/// How far the facts can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// All of the statement was understood.
    Exact,
    /// The kind was; names may be missing.
    Partial,
    /// Not even the kind.
    Unknown,
}

impl Confidence {
    /// As rules see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Exact => "exact",
            Confidence::Partial => "partial",
            Confidence::Unknown => "unknown",
        }
    }
}

/// What can be told of a statement without a catalog: views are not looked into. Names are in lower case, as Trino compares
/// them, `catalog.schema.table` with a dot between the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlFacts {
    /// Simple name of the class of Trino's syntax tree: `Query`, `Insert`, `ShowCreate`. That of the statement which is run
    /// for `EXECUTE` and `EXECUTE IMMEDIATE`.
    pub query_type: Option<&'static str>,
    /// What Trino's resource groups call the kind: `SELECT`, `INSERT`, `DATA_DEFINITION`, …, `UNKNOWN`.
    pub resource_group_query_type: &'static str,
    /// `X-Trino-Catalog`.
    pub default_catalog: Option<String>,
    /// `X-Trino-Schema`.
    pub default_schema: Option<String>,
    /// Catalogs of all that is named: tables, schemas, procedures, functions with a catalog, session properties.
    pub catalogs: BTreeSet<String>,
    /// Schemas of all that is named.
    pub schemas: BTreeSet<String>,
    /// The same as `catalog.schema`.
    pub catalog_schemas: BTreeSet<String>,
    /// Tables and views, read or written; names of `WITH` and table functions are none.
    pub tables: BTreeSet<String>,
    /// Functions that are called, table functions among them. What a function's name stands for depends on the SQL path.
    pub functions: BTreeSet<String>,
    /// Does it change data, tables, rights? Procedures may. False where the kind is not known.
    pub writes: bool,
    /// Is it a `Query`: `SELECT`, `VALUES`, `TABLE`, `WITH`?
    pub is_query: bool,
    /// Would the same user get the same again, as long as the data are the same? Not with functions such as `random` and
    /// `now`, `TABLESAMPLE`, table functions; not where something was not understood.
    pub deterministic: bool,
    /// How far all this can be relied on.
    pub confidence: Confidence,
    /// Why something is missing.
    pub error: Option<String>,
    /// Of `tables`, those that it changes, makes or removes.
    pub written_tables: BTreeSet<String>,
    /// Of `functions`, those in `TABLE(…)`.
    pub table_functions: BTreeSet<String>,
    /// The query that `CALL system.runtime.kill_query` is about.
    pub kill_query: Option<String>,
}

impl SqlFacts {
    /// With the hashes, as `warren sql` prints them (a contract: docs/rules.md).
    pub fn to_json(&self, hashes: &QueryHashes) -> serde_json::Value {
        json!({
            "query_type": self.query_type,
            "resource_group_query_type": self.resource_group_query_type,
            "default_catalog": self.default_catalog,
            "default_schema": self.default_schema,
            "catalogs": self.catalogs,
            "schemas": self.schemas,
            "catalog_schemas": self.catalog_schemas,
            "tables": self.tables,
            "functions": self.functions,
            "writes": self.writes,
            "is_query": self.is_query,
            "deterministic": self.deterministic,
            "user_query_hash": hashes.user_query_hash,
            "generic_query_hash": hashes.generic_query_hash,
            "confidence": self.confidence.as_str(),
            "error": self.error,
            "written_tables": self.written_tables,
            "table_functions": self.table_functions,
            "kill_query": self.kill_query,
        })
    }
}

/// The facts of a request's body. Takes time in proportion to its length, and tells something of any text.
pub fn sql_facts(body: &str, session: Session<'_>) -> SqlFacts {
    let json = JsonBody::parse(body);
    let text = json.as_ref().map_or(body, |json| json.query.as_str());
    let names = Names {
        default_catalog: default(session.catalog),
        default_schema: default(session.schema),
        ..Names::default()
    };
    // No more of it is looked at; what is longer is told of below.
    let analysed = text.get(..text.floor_char_boundary(ANALYSED_BYTES)).unwrap_or_default();
    match runs(analysed, json.as_ref(), session.prepared_statements) {
        Runs::Itself => facts(Reader::new(analysed, names), text.len()),
        Runs::Statement(statement) => {
            let mut outer = Reader::new(analysed, names);
            outer.parameters();
            facts(outer.then(&statement), statement.len())
        }
        Runs::Unknown(why) => {
            let mut facts = facts(Reader::new(analysed, names), text.len());
            facts.deterministic = false;
            facts.confidence = Confidence::Partial;
            facts.error = Some(why);
            facts
        }
    }
}

/// The two hashes of the statement in a request's body: of the text of `EXECUTE`, not of what it runs.
pub fn body_hashes(body: &str) -> QueryHashes {
    match JsonBody::parse(body) {
        Some(json) => query_hashes(&json.query),
        None => query_hashes(body),
    }
}

/// As Trino compares names.
fn default(header: &str) -> Option<String> {
    let name = header.trim().to_lowercase();
    (!name.is_empty()).then_some(name)
}

fn facts(mut reader: Reader<'_>, bytes: usize) -> SqlFacts {
    if bytes > ANALYSED_BYTES {
        let mut names = reader.names;
        names.fail(|| format!("the statement has {bytes} bytes; more than {ANALYSED_BYTES} are not analysed"));
        return told(names, None, UNKNOWN, false, false, Confidence::Unknown, None);
    }
    let reading = reader.read();
    let kill_query = reader.kill_query.take();
    let scanned = reader.scanned;
    let mut names = reader.names;
    let Some(kind) = reading.kind else {
        names.fail(|| "no statement of Trino begins so".to_owned());
        return told(names, None, UNKNOWN, false, false, Confidence::Unknown, kill_query);
    };
    if !scanned.whole {
        names.fail(|| "something in the statement was not understood".to_owned());
    }
    let exact = names.error.is_none();
    let confidence = if exact { Confidence::Exact } else { Confidence::Partial };
    let deterministic = exact && scanned.deterministic;
    told(names, Some(kind.name), reading.resource_group, reading.writes, deterministic, confidence, kill_query)
}

fn told(
    names: Names,
    query_type: Option<&'static str>,
    resource_group_query_type: &'static str,
    writes: bool,
    deterministic: bool,
    confidence: Confidence,
    kill_query: Option<String>,
) -> SqlFacts {
    SqlFacts {
        query_type,
        resource_group_query_type,
        default_catalog: names.default_catalog,
        default_schema: names.default_schema,
        catalogs: names.catalogs,
        schemas: names.schemas,
        catalog_schemas: names.catalog_schemas,
        tables: names.tables,
        functions: names.functions,
        writes,
        is_query: query_type == Some("Query"),
        deterministic,
        confidence,
        error: names.error,
        written_tables: if writes { names.written_tables } else { BTreeSet::new() },
        table_functions: names.table_functions,
        kill_query,
    }
}
