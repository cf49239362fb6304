//! Prepared statements, as clients send them in a header.

use warren_rules::sql::{Confidence, Session, SqlFacts, sql_facts};

/// The input is a value of `X-Trino-Prepared-Statement` for the name `p`, or, where it begins with `text `, a statement that
/// is encoded for it. Whatever is in the header, something is told of `EXECUTE p`; of a statement the same as of itself.
pub fn prepared(input: &[u8]) {
    let text = warren_rules::header_text(input.to_vec());
    let Some(statement) = text.strip_prefix("text ") else {
        let facts = executed(&format!("p={text}"));
        assert_eq!(facts.confidence == Confidence::Exact, facts.error.is_none(), "{facts:?}");
        return;
    };
    // What is prepared is no EXECUTE, the header holds no JSON, and what begins so is not the text itself (Trino's own mark).
    let first = statement.trim_start().get(..7).unwrap_or_default();
    if statement.trim_start().starts_with('{')
        || statement.starts_with("$zstd:")
        || first.eq_ignore_ascii_case("execute")
        || statement.contains("--")
        || statement.contains("/*")
    {
        return;
    }
    let encoded: String = statement.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let itself = sql_facts(statement, SESSION);
    assert_eq!(executed(&format!("other=SELECT+1,p={encoded}")), itself, "{statement:?}");
}

const SESSION: Session<'_> = Session { catalog: "hive", schema: "sales", prepared_statements: &[] };

fn executed(header: &str) -> SqlFacts {
    sql_facts("EXECUTE p", Session { prepared_statements: &[header], ..SESSION })
}
