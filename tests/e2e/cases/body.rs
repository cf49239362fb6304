//! Rules that read the query's text.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::http;
use warren_tests::stack::Stack;

pub(super) fn rules_that_read_the_text_route_any_size_up_to_the_limit(stack: &Stack) -> Result<()> {
    let rules = "rule(\"one byte\", |q| if q.sql.text == \"x\" { route(\"etl\") });\n\
                 rule(\"ends so\", |q| if q.sql.text.ends_with(\"--etl\") { route(\"etl\") });\n\
                 otherwise(route(\"adhoc\"));\n";
    stack.put_rules(&[("rules.rhai".to_owned(), rules.to_owned())])?;
    let padded = |size: usize, end: &str| format!("SELECT 1 {}{end}", " ".repeat(size - 9 - end.len()));
    for envoy in 0..stack.envoys.len() {
        let base = stack.url(envoy)?;
        for (sql, group) in [
            ("x".to_owned(), "etl"),
            ("y".to_owned(), "adhoc"),
            (padded(64 << 10, "--etl"), "etl"),
            (padded(64 << 10, ""), "adhoc"),
            (padded(5 << 20, "--etl"), "etl"),
            (padded(5 << 20, ""), "adhoc"),
        ] {
            let query = Session::user("alice").start(&base, &sql)?;
            ensure!(
                query.slug().starts_with(group),
                "{} bytes went to `{}`, wanted {group}: {:?}",
                sql.len(),
                query.slug(),
                query.error
            );
        }
        let query = Session::user("alice").run(&base, &padded(64 << 10, "--etl"))?.success()?;
        assert_eq!(query.value(), Some(&1.into()));

        // Over the limit of 8 MiB.
        let error = Session::user("alice").run(&base, &padded(9 << 20, ""))?.error.context("9 MiB were let through")?;
        assert_eq!(
            error.message,
            "the query text is longer than 8388608 bytes, which is as much as routing rules read"
        );
        assert_eq!((error.error_code, error.error_name.as_str()), (35, "QUERY_TEXT_TOO_LARGE"));

        // No text at all is Trino's to refuse; it must not hang.
        let empty = http::send("POST", &format!("{base}/v1/statement"), &[("X-Trino-User", "alice")], "")?;
        assert_eq!(
            (empty.status.as_u16(), empty.body.as_str()),
            (400, "Error 400 Bad Request: SQL statement is empty")
        );
    }
    Ok(())
}
