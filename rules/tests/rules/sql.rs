//! What rules see of a statement. What the facts of statements are is tested beside `rules/src/sql`.

use std::rc::Rc;

use serde_json::json;
use warren_rules::{Query, QueryJson};

use crate::common::{Numbers, compile, mistakes, outcome, query, rules_that_decide_again};

const INSERT: &str = r#"{
    "headers": {"X-Trino-Catalog": "Hive", "X-Trino-Schema": "sales", "X-Trino-Prepared-Statement": "p=DELETE+FROM+t"},
    "body": "INSERT INTO t WITH a AS (TABLE lake.web.u) SELECT now(), lower(x) FROM a, TABLE(lake.web.f(1))"
}"#;

fn gives(condition: &str, query: Rc<Query>) -> String {
    outcome(
        &compile(&format!("rule(\"a\", |q| if {condition} {{ route(\"x\") }});"))
            .unwrap_or_else(|errors| panic!("{errors}"))
            .decide(query),
    )
}

#[test]
fn tells_each_fact() {
    for condition in [
        "q.sql.query_type == \"Insert\"",
        "q.sql.resource_group_query_type == \"INSERT\"",
        "q.sql.writes && !q.sql.is_query && !q.sql.deterministic",
        "q.sql.tables == [\"hive.sales.t\", \"lake.web.u\"]",
        "q.sql.written_tables == [\"hive.sales.t\"]",
        "q.sql.catalogs == [\"hive\", \"lake\"] && \"lake\" in q.sql.catalogs",
        "q.sql.schemas == [\"sales\", \"web\"]",
        "q.sql.catalog_schemas.some(|s| s.starts_with(\"lake.\"))",
        "q.sql.functions == [\"lake.web.f\", \"lower\", \"now\"]",
        "q.sql.table_functions == [\"lake.web.f\"]",
        "q.sql.default_catalog + \".\" + q.sql.default_schema == \"hive.sales\"",
        "q.sql.confidence == \"exact\" && q.sql.error == \"\" && q.sql.kill_query == \"\"",
        "q.sql.user_hash.len() == 32 && q.sql.user_hash != q.sql.generic_hash",
    ] {
        assert_eq!(gives(condition, query(INSERT)), "x by a", "{condition}");
    }
}

#[test]
fn looks_through_execute_by_the_header() {
    let mut written = QueryJson::parse(INSERT).unwrap();
    written.body = "EXECUTE p".to_owned();
    let condition = "q.sql.query_type == \"Delete\" && q.sql.written_tables == [\"hive.sales.t\"]";
    assert_eq!(gives(condition, Rc::new(written.into_query())), "x by a");
}

#[test]
fn says_nothing_of_a_statement_that_is_not_there_and_never_fails() {
    for condition in [
        "q.sql.query_type == \"\" && q.sql.resource_group_query_type == \"UNKNOWN\" && q.sql.confidence == \"unknown\"",
        "!q.sql.writes && !q.sql.is_query && !q.sql.deterministic",
        "q.sql.tables.is_empty() && q.sql.catalogs.len() == 0 && !(\"a\" in q.sql.functions)",
        "q.sql.written_tables == [] && q.sql.schemas == [] && q.sql.catalog_schemas == [] && q.sql.table_functions == []",
        "!q.sql.default_catalog.starts_with(\"x\") && q.sql.default_schema == \"\" && q.sql.kill_query.len() == 0",
        "q.sql.error == \"no statement of Trino begins so\"",
    ] {
        assert_eq!(gives(condition, query("{}")), "x by a", "{condition}");
    }
}

#[test]
fn names_that_do_not_exist_are_found_before_a_query_meets_them() {
    for (condition, want) in [
        ("q.sql.table == \"x\"", "24: the query's SQL has no property `table`; did you mean `tables`?"),
        ("q.sql.querytype == \"x\"", "24: the query's SQL has no property `querytype`; did you mean `query_type`?"),
        ("q.sql.catalog == \"x\"", "24: the query's SQL has no property `catalog`; did you mean `catalogs`?"),
        (
            "q.sql.tables == \"x\"",
            "31: compares a list of strings with a string: they are never equal; ask whether it is in the list: `\"x\" in list`",
        ),
        ("q.sql.writes()", "24: the query's SQL has no method `writes`; write `.writes`"),
    ] {
        let found = mistakes(&format!("rule(\"a\", |q| if {condition} {{ route(\"x\") }});"));
        assert_eq!(found, format!("rule `a`: line 1, column {want}"), "{condition}");
    }
}

/// A rule for each fact; some read on after it.
const RULES: &str = r#"
    rule("type", |q| if q.sql.query_type == "Delete" { route("a").tag(q.sql.query_type) });
    rule("group", |q| if q.sql.resource_group_query_type == "EXPLAIN" { route("b") });
    rule("writes", |q| if q.sql.writes && q.source == "bi" { deny("no " + q.sql.query_type) });
    rule("written", |q| if "hive.a.t" in q.sql.written_tables { route("c") });
    rule("tables", |q| if q.sql.tables.len() > 1 { route("d") });
    rule("catalog", |q| if "lake" in q.sql.catalogs { route("e") });
    rule("schema", |q| if "b" in q.sql.schemas && "hive.b" in q.sql.catalog_schemas { route("f") });
    rule("functions", |q| if q.sql.functions.contains("max") || q.sql.table_functions.len() > 0 { route("g") });
    rule("same", |q| if q.sql.deterministic && q.sql.is_query && q.sql.default_schema == "a" { route("h") });
    rule("kill", |q| if q.sql.kill_query != "" { route(q.sql.kill_query) });
    rule("odd", |q| if q.sql.confidence == "partial" { deny(q.sql.error) });
    rule("shape", |q| if q.sql.generic_hash == "x" || (q.source == "bi" && q.sql.user_hash == "y") { route("i") });
    otherwise(route("z"));
"#;

fn any(numbers: &mut Numbers) -> Query {
    let mut pick = |values: &[&str]| values[numbers.below(values.len())].to_owned();
    let body = pick(&[
        "SELECT 1",
        "SELECT 2",
        "SELECT * FROM t",
        "SELECT max(x) FROM t",
        "SELECT * FROM b.t",
        "SELECT * FROM t, u",
        "SELECT * FROM lake.b.t",
        "SELECT * FROM TABLE(sequence(1, 2))",
        "DELETE FROM t",
        "EXPLAIN DELETE FROM t",
        "INSERT INTO t VALUES 1",
        "INSERT INTO b.t VALUES now()",
        "CALL system.runtime.kill_query('q')",
        "CALL system.runtime.kill_query('r')",
        "SELECT (",
        "EXECUTE p",
        "",
    ]);
    let headers = json!({
        "X-Trino-Catalog": pick(&["hive", "hive", "lake", ""]),
        "X-Trino-Schema": pick(&["a", "b"]),
        "X-Trino-Source": pick(&["bi", "etl"]),
        "X-Trino-Prepared-Statement": pick(&["p=TABLE+t", "p=DELETE+FROM+t", ""]),
    });
    QueryJson::parse(&json!({"headers": headers, "body": body}).to_string()).unwrap().into_query()
}

#[test]
fn what_is_found_again_is_what_the_rules_would_say() {
    let decided_by = rules_that_decide_again(RULES, any);
    assert!(decided_by.len() > 9, "the queries met few rules: {decided_by:?}");
}
