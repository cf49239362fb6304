//! Scripts that would take for ever, or all memory: each is stopped, and the next rule decides.

use std::rc::Rc;

use warren_rules::Query;

use crate::common::{compile, decide, outcome};

const NEXT: &str = "\nrule(\"next\", |q| route(\"x\"));";

#[test]
fn a_rule_without_end_is_skipped_and_the_next_decides() {
    let operations = "took more than 10000 operations; use lists and `in` instead of loops";
    for (body, column, why) in [
        ("loop { }", 22, operations),
        ("while true { }", 28, operations),
        ("let n = 0; do { n += 1; } while n >= 0;", 38, operations),
        ("for i in 0..9223372036854775807 { q.user; }", 51, operations),
        ("let s = \"x\"; loop { s += s; }", 39, "a string grew too large"),
        ("let s = \"x\"; loop { s = s + s; }", 43, "a string grew too large"),
        ("let s = \"x\"; loop { s = `${s}${s}`; }", 48, "a string grew too large"),
        ("let l = [1]; loop { l = l + l; }", 43, "a list grew too large"),
        ("let l = []; loop { l.push(q.user); }", 45, operations),
        ("let l = []; loop { l = [l, l]; }", 44, "a list grew too large"),
        ("let m = #{}; let n = 0; loop { m[`k${n}`] = n; n += 1; }", 64, operations),
        ("let l = q.client_tags; loop { l = l.map(|t| t + t); }", 53, "a string grew too large"),
        ("[1].some(|n| { loop { } });", 21, operations),
    ] {
        let source = format!("rule(\"a\", |q| {{ {body} route(\"y\") }});{NEXT}");
        let rules = compile(&source).unwrap_or_else(|errors| panic!("{errors}\n{source}"));
        let got = outcome(&decide(&rules));
        assert_eq!(got, format!("x by next\na failed: line 1, column {column}: {why}"), "{source}");
    }
}

#[test]
fn recursion_is_stopped() {
    for source in ["fn f(n) { f(n + 1) }", "fn f(n) { g(n) } fn g(n) { f(n) }"] {
        let source = format!("{source}\nrule(\"a\", |q| {{ f(1); route(\"y\") }});{NEXT}");
        let rules = compile(&source).unwrap();
        assert_eq!(
            outcome(&decide(&rules)),
            "x by next\na failed: line 2, column 17: functions call each other more than 8 deep; write a `for` loop",
        );
    }
}

#[test]
fn the_deepest_recursion_of_the_deepest_expression_ends() {
    let deep = format!("{}f(n + 1){}", "(1 + ".repeat(28), ")".repeat(28));
    let source = format!("fn f(n) {{ {deep} }}\nrule(\"a\", |q| {{ f(1); route(\"y\") }});{NEXT}");
    let rules = compile(&source).unwrap();
    assert_eq!(decide(&rules).rule.as_deref(), Some("next"));
}

#[test]
fn a_hundred_slow_rules_share_one_budget() {
    let slow: String = (0..100).map(|i| format!("rule(\"r{i}\", |q| {{ loop {{ }} }});\n")).collect();
    let rules = compile(&format!("{slow}otherwise(route(\"x\"));")).unwrap();
    let decision = decide(&rules);
    assert_eq!(decision.rule.as_deref(), Some("otherwise"));
    let failed: Vec<&str> = decision.failed_rules().map(|(_, why)| why).collect();
    assert_eq!(failed.len(), 100);
    assert_eq!(failed[99], "all rules together took more than 20000 operations");
    // The budget is there again for the next query.
    assert_eq!(decide(&rules).failed_rules().next(), decision.failed_rules().next());
}

#[test]
fn the_reason_of_a_failure_is_cut_since_it_is_logged_for_each_query() {
    let source =
        format!("rule(\"a\", |q| {{ if q.user == \"ann\" {{ throw \"{}\" }} route(\"y\") }});{NEXT}", "ä".repeat(400));
    let wanted = format!("x by next\na failed: line 1, column 38: {}…", "ä".repeat(300));
    assert_eq!(outcome(&decide(&compile(&source).unwrap())), wanted);
}

#[test]
fn catching_does_not_escape_the_budget() {
    let source = format!("rule(\"a\", |q| {{ loop {{ try {{ loop {{ }} }} catch {{ }} }} route(\"y\") }});{NEXT}");
    assert_eq!(
        outcome(&decide(&compile(&source).unwrap())),
        "x by next\na failed: line 1, column 35: took more than 10000 operations; use lists and `in` instead of loops"
    );
}

#[test]
fn what_is_too_large_to_read_is_refused() {
    let deep = format!("rule(\"a\", |q| {}1{});", "(".repeat(200), ")".repeat(200));
    let long = format!("const L = [{}];", "1,".repeat(20_000));
    let many: String = (0..2_000).map(|i| format!("fn f{i}() {{ {i} }}\n")).collect();
    for (source, want) in [
        (deep, "nested more than 64 deep; split it with `let` or `fn`"),
        (long, "size of array literal is above 10000; put it into a table: `table(\"file.csv\")`"),
        (many, "more than 1024 rules and functions in one file; use several files"),
    ] {
        let errors = compile(&source).err().unwrap();
        let last = errors.to_string();
        assert!(last.ends_with(want), "{last}");
    }
}

#[test]
fn a_client_cannot_make_a_rule_fail_by_a_long_header() {
    let rules = compile(
        "rule(\"user\", |q| if q.user.starts_with(\"ann\") { deny(\"user\") });\n\
         rule(\"source\", |q| if q.source.starts_with(\"bi\") { deny(\"source\") });\n\
         rule(\"tags\", |q| if q.client_tags.some(|t| t == \"etl\") { deny(\"tags\") });\n\
         rule(\"session\", |q| if q.session[\"a\"] == \"1\" { deny(\"session\") });\n",
    )
    .unwrap();
    for (header, begin, rule) in [
        ("X-Trino-User", "ann", "user"),
        ("X-Trino-Original-User", "ann", "user"),
        ("X-Trino-Source", "bi", "source"),
        ("X-Trino-Client-Tags", "etl,", "tags"),
        ("X-Trino-Session", "a=1,b=", "session"),
    ] {
        let value = format!("{begin}{}", "x".repeat(2 << 20));
        let query = Query::new("POST", "/v1/statement", vec![(header.to_owned(), value)]);
        assert_eq!(outcome(&rules.decide(Rc::new(query))), format!("denied by {rule}: {rule}"), "{header}");
    }
}

#[test]
fn a_rule_reads_a_text_of_five_megabytes_to_its_end() {
    let rules = compile("rule(\"end\", |q| if q.sql.text.ends_with(\"--etl\") { route(\"etl\") });").unwrap();
    let text = format!("SELECT 1 {}--etl", " ".repeat(5 << 20));
    let query = Query::new("POST", "/v1/statement", vec![]).body(text);
    assert_eq!(rules.decide(Rc::new(query)).rule.as_deref(), Some("end"));
}

#[test]
fn copying_a_long_text_without_end_costs_the_budget_sooner() {
    let rules =
        compile(&format!("rule(\"a\", |q| {{ loop {{ let t = q.sql.text.to_upper(); }} route(\"y\") }});{NEXT}"))
            .unwrap();
    let query = Query::new("POST", "/v1/statement", vec![]).body("x".repeat(8 << 20));
    let decision = rules.decide(Rc::new(query));
    assert_eq!(decision.rule.as_deref(), Some("next"));
    let failed: Vec<&str> = decision.failed_rules().map(|(_, why)| why).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].ends_with("took more than 10000 operations; use lists and `in` instead of loops"), "{failed:?}");
}
