//! Decisions that are found again instead of made: nobody can tell the difference.

use std::rc::Rc;

use serde_json::{Value, json};
use warren_rules::{Query, QueryJson};

use crate::common::{Numbers, compile, rules_that_decide_again};

/// A rule for each fact that a rule can read, and some that read on after it.
const RULES: &str = r#"
    const VIPS = ["ann", "bob"];
    rule("user", |q| if q.user in VIPS && q.source == "s1" { route("a").tag(q.user) });
    rule("original", |q| if q.original_user == "eve" { deny("no, " + q.user) });
    rule("principal", |q| if q.principal == "p1" { route("b") });
    rule("claims", |q| if q.claims.team == "t1" { route(q.claims.team) });
    rule("info", |q| if q.client_info == "i1" { route("c") });
    rule("tags", |q| if q.client_tags.len() > 2 { route("d") });
    rule("tag", |q| if q.has_tag("x") { route("e").header("X-Trino-Session", "a=" + q.catalog) });
    rule("catalog", |q| if q.catalog == "c1" && q.schema == "c2" && q.path == "c1" { route("f") });
    rule("session", |q| if q.session.k == "s1" { route("g") });
    rule("roles", |q| if q.roles.c1 == "admin" { route("h") });
    rule("estimates", |q| if q.resource_estimates.CPU_TIME == "1h" { route("i") });
    rule("zone", |q| if q.time_zone == "UTC" && q.language == "en" { route("j") });
    rule("transaction", |q| if q.transaction != "" { route("k") });
    rule("header", |q| if q.header("x-team") == "t1" { route("l") });
    rule("empty", |q| if q.has_header("x-empty") && q.header("x-empty") == "" { route("v") });
    rule("computed", |q| if q.header("x-" + q.source) == "t1" { route("m") });
    rule("host", |q| if q.host == "h1" { route("n") });
    rule("address", |q| if q.remote_address == "10.0.0.1" { route("o") });
    rule("method", |q| if q.method == "PUT" || q.url_path == "/x" { route("p") });
    rule("group", |q| if q.group("g1").running > 1 { route("q") });
    rule("serving", |q| if q.group(q.source).serving { route("r") });
    rule("clock", |q| if q.hour > 12 && q.weekday == 4 { route("s") });
    rule("fails", |q| if q.source == "s2" { if q.user != "" { throw "no " + q.user } route("y") });
    rule("bucket", |q| if q.bucket(q.user, 3) == 1 { route("t") });
    rule("text", |q| if q.header("x-read") == "t1" && q.sql.text.contains("1") { route("u") });
    otherwise(route("z"));
"#;

fn any(numbers: &mut Numbers) -> Query {
    let mut pick = |values: &[&str]| values[numbers.below(values.len())].to_owned();
    let mut headers = serde_json::Map::new();
    for (name, values) in [
        ("X-Trino-User", &["ann", "bob", "", "zoe"][..]),
        ("X-Trino-Original-User", &["", "", "", "", "", "", "eve"]),
        ("X-Trino-Source", &["", "s1", "s2", "team", "g1"]),
        ("X-Trino-Client-Info", &["", "", "i1"]),
        ("X-Trino-Client-Tags", &["", "", "", "x", "a,b", "a,b,c", "x,y"]),
        ("X-Trino-Catalog", &["", "c1", "C1"]),
        ("X-Trino-Schema", &["", "c2"]),
        ("X-Trino-Path", &["", "c1"]),
        ("X-Trino-Session", &["", "k=s1", "k=s2"]),
        ("X-Trino-Role", &["", "c1=ROLE{admin}"]),
        ("X-Trino-Resource-Estimate", &["", "CPU_TIME=1h"]),
        ("X-Trino-Time-Zone", &["", "UTC"]),
        ("X-Trino-Language", &["", "en"]),
        ("X-Trino-Transaction-Id", &["", "", "NONE", "x"]),
        ("X-Team", &["", "", "t1"]),
        ("X-Empty", &["x", "x", "x", ""]),
        ("X-Read", &["", "t1"]),
    ] {
        let value = pick(values);
        // Absent, once, or twice: a list of values is a fact like any other.
        match pick(&["once", "once", "twice", "never"]).as_str() {
            "once" => headers.insert(name.to_owned(), value.into()),
            "twice" => headers.insert(name.to_owned(), json!([value, pick(values)])),
            _ => None,
        };
    }
    let principal = pick(&["", "", "", "", "", "", "p1"]);
    let claims = pick(&["{}", "{}", "{}", "{}", "{\"team\": \"t1\"}", "{\"team\": \"t2\"}"]);
    let address = pick(&["10.0.0.1", "10.0.0.2"]);
    let method = pick(&["POST", "POST", "PUT"]);
    let running = pick(&["0", "2"]).parse::<i64>().unwrap();
    let healthy = pick(&["", "yes"]) == "yes";
    let now = pick(&["0", "46800", "50400"]).parse::<i64>().unwrap();
    let text = pick(&["SELECT 1", "SELECT 2"]);
    let host = pick(&["", "h1"]);
    let query = json!({
        "method": method, "path": "/v1/statement", "remote_address": address, "headers": headers, "body": text,
        "principal": principal, "claims": serde_json::from_str::<Value>(&claims).unwrap(), "now": now,
        "groups": {"g1": [{"cluster": "c", "healthy": healthy, "running": running}]},
    });
    QueryJson::parse(&query.to_string()).unwrap().into_query().host(host)
}

#[test]
fn what_is_found_again_is_what_the_rules_would_say() {
    let decided_by = rules_that_decide_again(RULES, any);
    assert!(decided_by.len() > 15, "the queries met few rules: {decided_by:?}");
}

#[test]
fn values_that_never_come_again_cost_no_memory_for_ever() {
    let rules = compile("rule(\"user\", |q| if q.header(\"x-id\") == \"\" { route(\"a\") });").unwrap();
    for id in 0..30_000 {
        let query = Query::new("POST", "/v1/statement", vec![("x-id".to_owned(), id.to_string())]);
        assert_eq!(rules.decide(Rc::new(query)).rule, None);
    }
    let query = Query::new("POST", "/v1/statement", vec![]);
    assert_eq!(rules.decide(Rc::new(query)).rule.as_deref(), Some("user"));
}

#[test]
fn many_rules_on_tags_are_remembered_by_all_tags() {
    let source: String =
        (0..20).map(|n| format!("rule(\"r{n}\", |q| if q.has_tag(\"t{n}\") {{ route(\"g{n}\") }});\n")).collect();
    let rules = compile(&source).unwrap();
    let decided = |tags: &str| {
        let headers = vec![("x-trino-client-tags".to_owned(), tags.to_owned())];
        rules.decide(Rc::new(Query::new("POST", "/v1/statement", headers))).rule.clone()
    };
    for _ in 0..2 {
        for (tags, want) in
            [("t1", Some("r1")), ("t9,x", Some("r9")), ("x,t17", Some("r17")), ("t18,t3", Some("r3")), ("", None)]
        {
            assert_eq!(decided(tags).as_deref(), want, "{tags}");
        }
    }
}
