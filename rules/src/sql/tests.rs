//! What Trino's parser is not asked about (`tests/sql` does that): what changes, what is told apart, what is not understood.

use std::collections::BTreeSet;

use super::{ANALYSED_BYTES, Confidence, Session, SqlFacts, body_hashes, query_hashes, sql_facts};

fn facts(sql: &str) -> SqlFacts {
    let prepared = ["p=SELECT+*+FROM+t,q=INSERT+INTO+t+TABLE+u"];
    sql_facts(sql, Session { catalog: "Hive", schema: " Sales", prepared_statements: &prepared })
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn tells_what_a_statement_changes() {
    for (sql, writes, written) in [
        ("SELECT * FROM t", false, ""),
        ("INSERT INTO t SELECT * FROM u", true, "hive.sales.t"),
        ("CREATE TABLE a.b.c AS TABLE t", true, "a.b.c"),
        ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", true, "hive.sales.t"),
        ("ALTER TABLE t RENAME TO u", true, "hive.sales.t hive.sales.u"),
        ("ALTER TABLE t EXECUTE optimize", true, "hive.sales.t"),
        ("GRANT SELECT ON t TO ann", true, "hive.sales.t"),
        ("DROP SCHEMA s", true, ""),
        ("CALL system.flush()", true, ""),
        ("EXPLAIN INSERT INTO t TABLE u", false, ""),
        ("EXPLAIN ANALYZE INSERT INTO t TABLE u", true, "hive.sales.t"),
        ("EXPLAIN ANALYZE EXPLAIN DELETE FROM t", false, ""),
        ("PREPARE x FROM DELETE FROM t", false, ""),
        ("EXECUTE q", true, "hive.sales.t"),
        ("EXECUTE IMMEDIATE 'TRUNCATE TABLE t'", true, "hive.sales.t"),
        ("SHOW CREATE TABLE t", false, ""),
        ("SHOW GRANTS ON t", false, ""),
        ("SET SESSION a = 1", false, ""),
        ("no statement", false, ""),
    ] {
        let facts = facts(sql);
        assert_eq!((facts.writes, &*joined(&facts.written_tables)), (writes, written), "{sql}");
    }
}

#[test]
fn tells_whether_the_answer_would_be_the_same() {
    for (sql, want) in [
        ("SELECT lower(a), current_user FROM t WHERE now = 1", true),
        ("SELECT now()", false),
        ("SELECT RANDOM(10)", false),
        ("SELECT system.builtin.uuid()", false),
        ("SELECT * FROM t WHERE d > CURRENT_DATE", false),
        ("SELECT \"current_date\" FROM t", true),
        ("SELECT * FROM t TABLESAMPLE BERNOULLI (1)", false),
        ("SELECT * FROM TABLE(sequence(1, 2))", false),
        ("WITH FUNCTION f() RETURNS int NOT DETERMINISTIC RETURN 1 SELECT f()", false),
        ("WITH FUNCTION f() RETURNS int DETERMINISTIC RETURN 1 SELECT f()", true),
        ("EXECUTE p", true),
        ("EXECUTE p USING 1, now()", false),
        ("EXECUTE IMMEDIATE 'SELECT ?' USING 1", true),
        ("EXECUTE unknown", false),
        ("SELECT * FROM (t", false),
    ] {
        assert_eq!(facts(sql).deterministic, want, "{sql}");
    }
}

#[test]
fn says_what_it_did_not_understand() {
    use Confidence::{Exact, Partial, Unknown};
    let odd = "something in the statement was not understood";
    for (sql, want, error) in [
        ("SELECT 1;;", Exact, ""),
        ("SELECT 1; SELECT 2", Partial, odd),
        ("SELECT (1", Partial, odd),
        ("SELECT 1)", Partial, odd),
        ("SELECT * FROM", Partial, odd),
        ("SELECT * FROM WHERE a = 1", Partial, odd),
        ("SELECT 'a", Partial, odd),
        ("SELECT * FROM a.b.c.d", Partial, "`a.b.c.d` has too many parts"),
        ("INSERT INTO (SELECT 1)", Partial, "a name should stand where there is `(`"),
        ("DROP TABLE", Partial, "a name should stand where there is `the end of the text`"),
        ("CREATE SCHEMA a.b.c", Partial, "`a.b.c` has too many parts for a schema"),
        ("EXECUTE x", Partial, "prepared statement `x` is not in X-Trino-Prepared-Statement"),
        ("EXPLAIN EXECUTE p", Partial, "what EXECUTE runs is not known"),
        ("EXECUTE IMMEDIATE 'EXECUTE p'", Partial, "what EXECUTE runs is not known"),
        ("", Unknown, "no statement of Trino begins so"),
        ("VACUUM t", Unknown, "no statement of Trino begins so"),
        ("CREATE INDEX i ON t (a)", Unknown, "no statement of Trino begins so"),
    ] {
        let facts = facts(sql);
        assert_eq!((facts.confidence, facts.error.unwrap_or_default().as_str()), (want, error), "{sql}");
    }
}

#[test]
fn a_name_without_a_catalog_is_left_out() {
    for (sql, tables, error) in [
        (
            "SELECT * FROM a.b.c, t",
            "a.b.c",
            "`t` is not fully qualified, and X-Trino-Catalog and X-Trino-Schema are not set",
        ),
        ("SELECT * FROM b.c", "", "`b.c` is not fully qualified, and X-Trino-Catalog is not set"),
        ("CREATE SCHEMA s", "", "schema `s` has no catalog, and X-Trino-Catalog is not set"),
        ("SHOW TABLES", "", "no schema is named, and X-Trino-Schema is not set"),
        ("SHOW SCHEMAS", "", "no catalog is named, and X-Trino-Catalog is not set"),
    ] {
        let facts = sql_facts(sql, Session::default());
        let got = (joined(&facts.tables), facts.confidence, facts.error);
        assert_eq!(got, (tables.to_owned(), Confidence::Partial, Some(error.to_owned())), "{sql}");
        assert!(facts.query_type.is_some(), "{sql}");
    }
}

#[test]
fn knows_which_query_is_killed() {
    for (sql, want) in [
        ("CALL system.runtime.kill_query('20260101_1')", Some("20260101_1")),
        ("call SYSTEM.\"Runtime\".kill_query(QUERY_ID => '1', message => '2')", Some("1")),
        ("CALL system.runtime.kill_query(message => '2', query_id => '1')", Some("1")),
        ("CALL system.runtime.kill_query('it''s')", Some("it's")),
        ("CALL system.runtime.kill_query(concat('a', 'b'))", None),
        ("CALL system.runtime.kill_query()", None),
        ("CALL other.runtime.kill_query('1')", None),
        ("SELECT 'kill_query'", None),
    ] {
        assert_eq!(facts(sql).kill_query.as_deref(), want, "{sql}");
    }
    let session = Session { catalog: "system", schema: "runtime", prepared_statements: &[] };
    assert_eq!(sql_facts("CALL kill_query('1')", session).kill_query.as_deref(), Some("1"));
}

#[test]
fn reads_the_query_of_a_json_body() {
    let body = r#" {"query": "EXECUTE x USING 'it''s'", "preparedStatements": {"x": "SELECT * FROM t WHERE a = ?"}}"#;
    let facts = facts(body);
    assert_eq!((facts.query_type, joined(&facts.tables)), (Some("Query"), "hive.sales.t".to_owned()));
    assert_eq!(body_hashes(body), query_hashes("EXECUTE x USING 'it''s'"));
    assert_eq!(body_hashes("{no JSON"), query_hashes("{no JSON"));
}

#[test]
fn knows_statements_of_trino_after_476() {
    for (sql, kind, group, tables) in [
        ("CREATE BRANCH b IN TABLE t", "CreateBranch", "DATA_DEFINITION", "hive.sales.t"),
        ("CREATE BRANCH b WITH (a = 1) IN TABLE t FROM main", "CreateBranch", "DATA_DEFINITION", "hive.sales.t"),
        ("DROP BRANCH IF EXISTS b IN TABLE a.b.t", "DropBranch", "DATA_DEFINITION", "a.b.t"),
        ("ALTER BRANCH a IN TABLE t FAST FORWARD TO b", "FastForwardBranch", "DATA_DEFINITION", "hive.sales.t"),
        ("SHOW BRANCHES FROM TABLE t", "ShowBranches", "DESCRIBE", "hive.sales.t"),
        ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", "SetDefaultValue", "DATA_DEFINITION", "hive.sales.t"),
        ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "DropDefaultValue", "DATA_DEFINITION", "hive.sales.t"),
        ("ALTER VIEW v REFRESH", "RefreshView", "DATA_DEFINITION", "hive.sales.v"),
        ("INSERT INTO t @ dev (a) SELECT 1 FROM u", "Insert", "INSERT", "hive.sales.t hive.sales.u"),
        ("WITH SESSION a.b = 1, c = lower('X') SELECT * FROM t", "Query", "SELECT", "hive.sales.t"),
        ("WITH SESSION x = 1 WITH w AS (TABLE t) SELECT * FROM w", "Query", "SELECT", "hive.sales.t"),
        ("(WITH a AS (SELECT 1) SELECT * FROM a) UNION TABLE t", "Query", "SELECT", "hive.sales.t"),
    ] {
        let facts = facts(sql);
        let got = (facts.query_type, facts.resource_group_query_type, joined(&facts.tables), facts.confidence);
        assert_eq!(got, (Some(kind), group, tables.to_owned(), Confidence::Exact), "{sql}");
    }
}

#[test]
fn takes_time_in_proportion_to_the_text() {
    for (begin, again, end) in [
        ("", "(", ""),
        ("SELECT ", "(", "1"),
        ("SELECT * FROM ", "(", "t"),
        ("WITH ", "a AS (WITH ", ""),
        ("WITH a0 AS (SELECT 1)", ", a AS (TABLE a)", " SELECT 1"),
        ("SELECT * FROM t", ", a.b", ""),
        ("SELECT ", "a.", "b"),
        ("SELECT ", "f(", ""),
        ("SELECT 1", " UNION SELECT 1 FROM t", ""),
        ("EXPLAIN ", "EXPLAIN ANALYZE ", "SELECT 1"),
        ("GRANT a", ", b", ""),
        ("CREATE TABLE t (", "LIKE u, ", ""),
        ("", "'", ""),
        ("EXECUTE p", " /*", ""),
        ("SELECT", ";", ""),
    ] {
        let text = format!("{begin}{}{end}", again.repeat(500_000 / again.len()));
        // In the square of the length it would take hours.
        let facts = facts(&text);
        assert!(facts.tables.len() < 3, "{begin}{again}");
    }
}

#[test]
fn a_text_that_is_too_long_is_not_analysed() {
    let text = format!("SELECT '{}' FROM t", "x".repeat(ANALYSED_BYTES));
    let facts = facts(&text);
    assert_eq!(
        (facts.query_type, facts.confidence, facts.error.as_deref()),
        (None, Confidence::Unknown, Some("the statement has 1048592 bytes; more than 1048576 are not analysed"))
    );
}
