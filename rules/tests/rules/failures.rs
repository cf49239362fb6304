//! Rules that fail while they run: each is skipped, and its trace says where, why, and what to ask first.

use crate::common::{compile, decide, outcome};

#[test]
fn a_failed_rule_is_skipped_and_shown() {
    for (body, why) in [
        (r#"if q.source == "" { throw "broken" } route("x")"#, "line 1, column 37: broken"),
        ("if q.source == \"\" { throw 5 } route(\"x\")", "line 1, column 37: threw a number"),
        (
            r#"let l = [1]; route(`${l[5]}`)"#,
            "line 1, column 41: index 5 is outside of the list of 1; ask its `len()` first",
        ),
        (
            r#"route(q.claims.team)"#,
            "line 1, column 17: there is no function `route` for nothing; a key of a map may be missing: ask `\"key\" in map` first",
        ),
        (
            r#"route(q.claims.a.b)"#,
            "line 1, column 34: nothing has no property `b`; a key of a map may be missing: ask `\"key\" in map` first",
        ),
        (r#"route(q.source)"#, "line 1, column 17: `route` was given an empty string"),
        (
            r#"route("x").header("X-Trino-" + "User", "y")"#,
            "line 1, column 28: header `X-Trino-User` says who the user is or where the query goes, so rules may not set it",
        ),
        (
            r#"route("x").header("X-" + q.source, "a" + "\n")"#,
            "line 1, column 28: header `X-` has a line break or another control character in its value",
        ),
        (
            r#"route("x").or(q.session.values() + [5])"#,
            "line 1, column 28: `or` takes strings; this list holds a number",
        ),
        (r#"q.claims.team ?? 5"#, "gave a number; a rule gives a decision such as `route(\"adhoc\")`, or nothing"),
        (
            "if q.hour > 5 { route(\"x\") }",
            "line 1, column 22: the time is not known here; a query that is written down tells it as `now`",
        ),
        (
            "if q.bucket(q.user, q.source.len()) == 0 { route(\"x\") }",
            "line 1, column 22: `bucket` needs a number of buckets above 0, not 0",
        ),
        (
            "let n = 9223372036854775807; route(`${n + 1}`)",
            "line 1, column 57: addition overflow: 9223372036854775807 + 1",
        ),
    ] {
        let source = format!("rule(\"a\", |q| {{ {body} }}); rule(\"b\", |q| route(\"y\"));");
        match compile(&source) {
            Ok(rules) => assert_eq!(outcome(&decide(&rules)), format!("y by b\na failed: {why}"), "{source}"),
            Err(errors) => panic!("{errors}\n{source}"),
        }
    }
}
