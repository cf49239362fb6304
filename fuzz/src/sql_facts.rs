//! What a statement names and does.

use warren_rules::sql::{self, Confidence, Kind, Session, SqlFacts, tokens};

/// The input is a body; a first line `prepared: …` is a header `X-Trino-Prepared-Statement`. Whatever it is, the facts fit
/// together; and neither its layout nor the case of its words matters to them.
pub fn sql_facts(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (prepared, body) = match text.strip_prefix("prepared: ").and_then(|rest| rest.split_once('\n')) {
        Some((prepared, body)) => (prepared, body),
        None => ("", &*text),
    };
    let ask = |body: &str| {
        sql::sql_facts(body, Session { catalog: "hive", schema: "sales", prepared_statements: &[prepared] })
    };
    let facts = ask(body);
    fit_together(&facts);
    let anew: Vec<&str> = tokens(body).map(|token| token.text).collect();
    // JSON is no SQL; what is left of a text without its comments may be JSON.
    if body.trim_start().starts_with('{') || anew.first().is_some_and(|first| first.starts_with('{')) {
        return;
    }
    assert_eq!(ask(&anew.join(" /* FROM x */\n")), facts, "written anew");
    // Of a prepared statement the case matters.
    if facts.query_type == Some("Execute") || anew.first().is_some_and(|word| word.eq_ignore_ascii_case("execute")) {
        return;
    }
    let upper = tokens(body).map(|token| match token.kind {
        Kind::Word => token.text.to_ascii_uppercase(),
        _ => token.text.to_owned(),
    });
    // What is wrong is shown as it was written.
    let upper = ask(&upper.collect::<Vec<_>>().join(" "));
    assert_eq!(SqlFacts { error: facts.error.clone(), ..upper }, facts, "in upper case");
}

fn fit_together(facts: &SqlFacts) {
    assert_eq!(facts.confidence == Confidence::Exact, facts.error.is_none(), "{facts:?}");
    assert_eq!(facts.confidence == Confidence::Unknown, facts.query_type.is_none(), "{facts:?}");
    assert_eq!(facts.is_query, facts.query_type == Some("Query"), "{facts:?}");
    assert!(facts.writes || facts.written_tables.is_empty(), "{facts:?}");
    assert!(!facts.deterministic || facts.confidence == Confidence::Exact, "{facts:?}");
    assert!(facts.written_tables.is_subset(&facts.tables), "{facts:?}");
    assert!(facts.table_functions.is_subset(&facts.functions), "{facts:?}");
    for table in &facts.tables {
        let known = facts
            .catalog_schemas
            .iter()
            .any(|schema| table.strip_prefix(schema.as_str()).is_some_and(|rest| rest.starts_with('.')));
        assert!(known, "`{table}` is in none of {:?}", facts.catalog_schemas);
    }
    for schema in &facts.catalog_schemas {
        let known = facts.catalogs.iter().any(|catalog| {
            let rest = schema.strip_prefix(catalog.as_str()).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| facts.schemas.contains(rest))
        });
        assert!(known, "`{schema}` is in none of {:?} and {:?}", facts.catalogs, facts.schemas);
    }
}
