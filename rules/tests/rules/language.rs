//! What rules can say, and what comes of it.

use crate::common::{compile, compile_files, decide, outcome, query};
use warren_rules::{Known, Limit, RuleSet};

fn rules(source: &str) -> RuleSet {
    compile(source).unwrap_or_else(|errors| panic!("{errors}\n{source}"))
}

#[test]
fn an_empty_set_sends_everything_to_the_default_group() {
    for files in [&[][..], &[("a.rhai", "")], &[("a.rhai", "// nothing yet\n")]] {
        let decision = decide(&compile_files(files).unwrap());
        assert_eq!(outcome(&decision), "default");
        assert_eq!(decision.trace.entries().collect::<Vec<_>>(), []);
    }
}

#[test]
fn rules_decide() {
    for (source, want) in [
        (r#"rule("a", |q| route("x"));"#, "x by a"),
        (r#"rule("a", |q| { route("x"); });"#, "x by a"),
        (r#"rule("a", |q| { return route("x"); });"#, "x by a"),
        (r#"rule("a", |q| if q.user == "ann" { route("x") });"#, "x by a"),
        (r#"rule("a", |q| if q.user == "bob" { route("x") });"#, "default"),
        (r#"rule("a", |q| if q.user == "bob" { route("x") }); rule("b", |q| route("y"));"#, "y by b"),
        (r#"rule("a", |q| if q.user == "bob" { route("x") }); otherwise(route("z"));"#, "z by otherwise"),
        (r#"rule("a", |q| deny("no"));"#, "denied by a: no"),
        (r#"rule("a", |q| route("x").or("y").or(["z", "x"]));"#, "x,y,z by a"),
        (r#"rule("a", |q| route(`team-${q.user}`));"#, "team-ann by a"),
        (r#"rule("a", |q| if q.has_tag("b") { route("x") });"#, "x by a"),
        (r#"rule("a", |q| if "b" in q.client_tags { route("x") });"#, "x by a"),
        (r#"rule("a", |q| if q.client_tags == ["a", "b"] { route("x") });"#, "x by a"),
        (r#"rule("a", |q| if q.user.matches("^a.n$") { route("x") });"#, "x by a"),
        (r#"const R = "^a"; rule("a", |q| if q.matches(q.user, R) { route("x") });"#, "x by a"),
        (r#"rule("a", |q| if q.sql.text == "SELECT 1" { route("x") });"#, "x by a"),
        (r#"rule("a", |q| switch q.user { "bob" => route("x"), "ann" => route("y"), _ => () });"#, "y by a"),
        (r#"const D = route("x").or("y"); rule("a", |q| D);"#, "x,y by a"),
        (r#"const D = route("x").or("y"); fn f() { D } rule("a", |q| f());"#, "x,y by a"),
        (r#"const V = ["ann"]; const W = V + ["bob"]; rule("a", |q| if q.user in W { route("x") });"#, "x by a"),
        (r#"const V = ["a"]; rule("a", |q| if q.client_tags.some(|t| t in V) { route("x") });"#, "x by a"),
        (r#"rule("a", |q| { for t in q.client_tags { if t == "b" { return route(t); } } });"#, "b by a"),
        (r#"const V = "ann"; fn vip(u) { u == V } rule("a", |q| if vip(q.user) { route("x") });"#, "x by a"),
        (
            r#"const V = ["a"]; fn f(q) { q.client_tags.some(|t| V.some(|v| v == t)) } rule("a", |q| if f(q) { route("x") });"#,
            "x by a",
        ),
    ] {
        assert_eq!(outcome(&decide(&rules(source))), want, "{source}");
    }
}

#[test]
fn missing_strings_are_empty_and_never_fail() {
    let names = [
        "user",
        "original_user",
        "principal",
        "source",
        "client_info",
        "catalog",
        "schema",
        "path",
        "time_zone",
        "language",
        "transaction",
        "host",
        "remote_address",
        "sql.text",
        "header(\"x\")",
        "session.x",
        "session[\"x.y\"]",
        "session.tag",
        "roles.hive",
        "resource_estimates.CPU_TIME",
    ];
    for name in names {
        let source = format!(r#"rule("a", |q| if q.{name} == "" && !q.{name}.starts_with("x") {{ route("x") }});"#);
        assert_eq!(outcome(&rules(&source).decide(query("{}"))), "x by a", "{name}");
    }
}

#[test]
fn reads_what_the_query_says() {
    let q = r#"{
        "method": "POST", "path": "/v1/statement", "remote_address": "10.0.0.7",
        "headers": {
            "X-Trino-User": "ann", "X-Trino-Original-User": "root", "X-Trino-Source": "dbt", "X-Trino-Client-Info": "i",
            "X-Trino-Catalog": "Hive", "X-Trino-Schema": "Sales", "X-Trino-Path": "p", "X-Trino-Language": "de",
            "X-Trino-Time-Zone": "UTC", "X-Trino-Transaction-Id": "NONE", "X-Trino-Role": "hive=ROLE%7Badmin%7D",
            "X-Trino-Session": ["a=1,b=x%20y", "c=3"], "X-Trino-Resource-Estimate": "CPU_TIME=5m",
            "Host": "trino.example", "X-Team": ["blue", "red"], "X-Empty": ""
        },
        "principal": "ann@corp", "claims": {"groups": ["g1"], "level": 3, "share": 0.5}, "now": 1790164800,
        "groups": {"etl": [{"cluster": "e1", "running": 2}, {"cluster": "e2", "healthy": false, "queued": 1}]}
    }"#;
    for (expression, want) in [
        ("q.user", "ann"),
        ("q.original_user", "root"),
        ("q.principal", "ann@corp"),
        ("q.source", "dbt"),
        ("q.client_info", "i"),
        ("q.catalog", "hive"),
        ("q.schema", "sales"),
        ("q.path", "p"),
        ("q.language", "de"),
        ("q.time_zone", "UTC"),
        ("'<' + q.transaction", "<"),
        ("q.roles.hive", "admin"),
        ("q.session.a + q.session.b + q.session[\"c\"]", "1x y3"),
        ("q.resource_estimates.CPU_TIME", "5m"),
        (
            "`${\"a\" in q.session} ${q.session.contains(\"x\")} ${q.session.len()} ${q.session.is_empty()}`",
            "true false 3 false",
        ),
        ("`${q.session.keys()} ${q.session.values()}`", "[\"a\", \"b\", \"c\"] [\"1\", \"x y\", \"3\"]"),
        ("q.host", "trino.example"),
        ("q.header(\"x-team\")", "blue"),
        ("`${q.has_header(\"x-TEAM\")} ${q.has_header(\"x-empty\")} ${q.has_header(\"x-gone\")}`", "true true false"),
        ("q.remote_address", "10.0.0.7"),
        ("q.method + q.url_path", "POST/v1/statement"),
        ("`${q.claims.groups[0]} ${q.claims.level} ${q.claims.share}`", "g1 3 0.5"),
        ("`${q.hour} ${q.weekday}`", "12 3"),
        ("`${q.group(\"etl\").serving} ${q.group(\"gone\").serving}`", "true false"),
        (
            "`${q.group(\"etl\").clusters} ${q.group(\"etl\").healthy} ${q.group(\"etl\").running} ${q.group(\"etl\").queued}`",
            "2 1 2 1",
        ),
        ("`${q.bucket(q.user, 100) == q.bucket(\"ann\", 100)}`", "true"),
    ] {
        let source = format!("rule(\"a\", |q| deny({}));", expression.replace('\'', "\""));
        assert_eq!(outcome(&rules(&source).decide(query(q))), format!("denied by a: {want}"), "{expression}");
    }
}

#[test]
fn says_all_of_a_decision() {
    let source = r#"
rule("a", |q| {
    let r = route("x").or("y").only().cluster("x-1");
    r.header("X-Trino-Session", "a=1").header("X-Team", "blue").tag("t1").tag("t2")
});"#;
    let json = decide(&rules(source)).to_json("default");
    assert_eq!(
        json,
        serde_json::json!({
            "action": "route", "groups": ["x", "y"], "cluster": "x-1", "only": true,
            "headers": {"X-Trino-Session": "a=1", "X-Team": "blue"}, "tags": ["t1", "t2"], "cache": null,
            "limit": null, "message": null, "rule": "a", "file": "rules.rhai", "line": 3,
            "trace": [{"rule": "a", "line": 2, "outcome": "matched"}]
        })
    );
}

#[test]
fn the_limit_of_a_decision_is_one_that_was_known_before_a_query_came() {
    let rules = compile_files(&[
        (
            "10-shared.rhai",
            "const SLOW = route(\"x\")\n  .limit(\"all\", \"1/s\");\nfn often(r) {\n  r.limit(\"user\", \"5/m\")\n}",
        ),
        (
            "20-rules.rhai",
            "rule(\"slow\", |q| if q.source == \"slow\" { SLOW });\n\
             rule(\"often\", |q| if q.source == \"often\" { often(route(\"x\")) });\n\
             rule(\"two\", |q| if q.source == \"two\" { route(\"x\").limit(\"user\", \"1/s\")\n\
             .or(\"y\")\n.limit(\"source\", \"2/h\") });\n\
             rule(\"none\", |q| if q.source == \"none\" { route(\"x\") });\n\
             otherwise(route(\"x\").limit(\"address\", \"7/d\"));",
        ),
    ])
    .unwrap();
    let known: Vec<String> = rules.limits().iter().map(Limit::name).collect();
    assert_eq!(
        known,
        [
            "1/s for all together (10-shared.rhai, line 2)",
            "5/m for each user (10-shared.rhai, line 4)",
            "1/s for each user (20-rules.rhai, line 3)",
            "2/h for each source (20-rules.rhai, line 5)",
            "7/d for each address (20-rules.rhai, line 7)",
        ]
    );
    assert!(rules.reads_address());
    for (source, want) in [("slow", Some(0)), ("often", Some(1)), ("two", Some(3)), ("none", None), ("", Some(4))] {
        let decision = rules.decide(query(&format!(r#"{{"headers": {{"X-Trino-Source": "{source}"}}}}"#)));
        let limit = decision.limit.as_ref().map(Limit::name);
        assert_eq!(limit, want.map(|at: usize| known[at].clone()), "{source}");
    }
}

#[test]
fn constants_and_functions_are_seen_in_all_files() {
    let rules = compile_files(&[
        ("20-rules.rhai", "rule(\"a\", |q| if known(q.user) { to_blue() });\nrule(\"b\", |q| route(\"y\"));"),
        (
            "10-shared.rhai",
            "const USERS = [\"ann\"];\nfn known(u) { u in USERS }\n\n\nfn to_blue() {\n    route(\"blue\")\n}",
        ),
    ])
    .unwrap();
    let decision = decide(&rules);
    assert_eq!(outcome(&decision), "blue by a");
    // Where the decision is written, not where the rule is.
    assert_eq!((decision.file.as_deref(), decision.line), (Some("10-shared.rhai"), Some(6)));
    assert_eq!(rules.rule_names().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn functions_see_constants_wherever_they_stand() {
    let declared = "const NAMES = [\"ann\", \"bob\"]; const TEAM = #{ann: \"blue\"}; const WORD = \"blue\";";
    for (body, want) in [
        ("NAMES.some(|name| name == q.user)", "true"),
        ("NAMES.len() == 2", "true"),
        ("NAMES[0] == q.user", "true"),
        ("TEAM.ann == WORD", "true"),
        ("TEAM[q.user] == \"blue\"", "true"),
        ("WORD.len() == 4 && WORD.starts_with(\"b\")", "true"),
        ("q.user in NAMES", "true"),
        ("[q.user].all(|user| NAMES.contains(user))", "true"),
        ("NAMES.filter(|name| TEAM.contains(name)).len() == 1", "true"),
    ] {
        let source = format!("{declared} fn f(q) {{ {body} }} rule(\"a\", |q| deny(`${{f(q)}}`));");
        let rules = compile(&source).unwrap_or_else(|errors| panic!("{errors}\n{source}"));
        let decision = rules.decide(query(r#"{"headers": {"X-Trino-User": "ann"}}"#));
        assert_eq!(outcome(&decision), format!("denied by a: {want}"), "{body}");
    }
}

#[test]
fn knows_what_the_rules_read_and_name() {
    for (source, body, load) in [
        (r#"rule("a", |q| if q.sql.text == "x" { route("x") });"#, true, false),
        (r#"fn f(q) { q.sql.text } rule("a", |q| if f(q) == "x" { route("x") });"#, true, false),
        (r#"rule("a", |q| if q.group("x").serving { route("x") });"#, false, false),
        (r#"rule("a", |q| if q.group("x").running < 3 { route("x") });"#, false, true),
        (r#"fn f(g) { g.healthy } rule("a", |q| if f(q.group("x")) > 1 { route("x") });"#, false, true),
    ] {
        let rules = rules(source);
        assert_eq!((rules.reads_body(), rules.reads_load()), (body, load), "{source}");
    }
    let rules = rules(
        "const ETL = \"etl\";\nrule(\"a\", |q| if q.group(\"g\").serving { route(ETL).or([\"b\", ETL]).cluster(\"c-1\") });",
    );
    let places = |uses: Vec<warren_rules::Mention>| -> Vec<String> {
        uses.into_iter()
            .map(|u| format!("{} {}:{} {}", u.name, u.line.unwrap(), u.column.unwrap(), u.rule.unwrap()))
            .collect()
    };
    assert_eq!(places(rules.groups()), ["g 2:26 a", "etl 2:47 a", "b 2:56 a", "etl 2:61 a"]);
    assert_eq!(places(rules.clusters()), ["c-1 2:75 a"]);
}

#[test]
fn names_that_do_not_exist_are_reported_by_who_knows() {
    let rules = rules("rule(\"a\", |q| route(\"adhok\").or(\"x\").cluster(\"etl1\"));\notherwise(route(\"adhoc\"));");
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let known = Known { groups: names(&["adhoc", "etl"]), clusters: names(&["etl-1"]), services: None };
    let found: Vec<String> = warren_rules::check_references(&rules, &known).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "rule `a`: line 1, column 21: unknown group `adhok`; did you mean `adhoc`?",
            "rule `a`: line 1, column 33: unknown group `x`; known: `adhoc`, `etl`",
            "rule `a`: line 1, column 46: unknown cluster `etl1`; did you mean `etl-1`?",
        ]
    );
}

#[test]
fn nothing_is_kept_from_query_to_query() {
    let source = r#"
const LIST = ["a"];
const MAP = #{k: ["a"]};
fn grow(l) { l.push("x"); l.len() }
rule("shares", |q| { [1].some(|n| LIST.len() > 5); let m = LIST; m.push("y"); if m.len() != 2 { deny("shared") } });
rule("grows", |q| {
    let n = grow(LIST);
    let copy = LIST; copy.push("z");
    let inner = #{l: LIST}; inner.l.push("z");
    for l in [LIST, MAP.k] { l.push("z"); }
    [LIST].map(|l| { l.push("z"); l });
    if n != 2 { deny("grew") }
});
rule("sees", |q| deny(`${LIST.len()} ${MAP.k.len()}`));"#;
    let rules = rules(source);
    for _ in 0..3 {
        assert_eq!(outcome(&decide(&rules)), "denied by sees: 1 1");
    }
}

#[test]
fn additions_pass_on_and_what_decides_wins() {
    for (source, want) in [
        (r#"rule("a", |q| tag("x")); rule("b", |q| route("g").tag("y"));"#, r#"g by b {} ["x","y"] added matched"#),
        (
            r#"rule("a", |q| header("X-A", "1").tag("x").header("X-A", "2")); otherwise(route("g"));"#,
            r#"g by otherwise {"X-A":"2"} ["x"] added matched"#,
        ),
        (
            r#"rule("a", |q| header("X-A", "1")); rule("b", |q| route("g").header("X-A", "2"));"#,
            r#"g by b {"X-A":"2"} [] added matched"#,
        ),
        (
            r#"rule("a", |q| header("X-A", "1").tag("x")); rule("b", |q| deny("no").tag("y"));"#,
            r#"denied by b: no {} ["x","y"] added matched"#,
        ),
        (r#"rule("a", |q| if q.user == "ann" { header("X-A", "1") });"#, r#"default {"X-A":"1"} [] added"#),
        (r#"rule("a", |q| if q.user == "bob" { tag("x") });"#, "default {} [] passed"),
        (r#"rule("a", |q| if q.user == "bob" { route("g") } else { tag("x") });"#, r#"default {} ["x"] added"#),
    ] {
        let decision = decide(&rules(source));
        let json = decision.to_json("default");
        let trace: Vec<&str> = json["trace"].as_array().unwrap().iter().filter_map(|e| e["outcome"].as_str()).collect();
        let shown = format!("{} {} {} {}", outcome(&decision), json["headers"], json["tags"], trace.join(" "));
        assert_eq!(shown, want, "{source}");
    }
}
