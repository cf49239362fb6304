//! A routing service that rules ask.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::{Query, Session};
use warren_tests::stack::Stack;

use super::history::entry;

const RULES: &str = r#"
rule("remembered", |q| if q.source == "remembered" { external("remembered").or("adhoc") });
rule("strict", |q| if q.source == "strict" { external("strict") });
rule("unknown", |q| if q.source == "unknown" { external("no-such-service") });
rule("asks", |q| if q.source == "asks" { external("router").tag("asked") });
rule("after", |q| if q.source != "" { route("adhoc") });
otherwise(route("adhoc"));
"#;

fn start(stack: &Stack) -> Result<()> {
    stack.put_rules(&[("rules.rhai".to_owned(), RULES.to_owned())])?;
    stack.service.asked();
    Ok(())
}

/// The rule that decided, and the cluster that ran the query.
fn went(stack: &Stack, query: &Query) -> Result<(String, String)> {
    let rule = query.first_headers.get("x-warren-rule").and_then(|rule| rule.to_str().ok()).unwrap_or_default();
    let ran = stack.who_knows(&query.id)?;
    Ok((rule.to_owned(), ran.join(",")))
}

fn ask(stack: &Stack, source: &str) -> Result<Query> {
    Session::user("alice").source(source).run(&stack.url(0)?, "SELECT count(*) FROM tpch.tiny.nation")?.success()
}

fn names(group: &str) -> Value {
    json!({"routingGroup": group, "errors": [], "externalHeaders": {}})
}

pub(super) fn a_rule_sends_a_query_where_a_routing_service_says(stack: &Stack) -> Result<()> {
    start(stack)?;
    stack.service.answer(
        200,
        &json!({"routingGroup": "etl", "errors": ["never mind"],
            "externalHeaders": {"X-Trino-Client-Tags": "outside", "X-Trino-User": "root", "X-None": null}}),
    );
    let session = Session::user("alice").source("asks").header("Authorization", "Basic YWxpY2U6");
    let query = session.run(&stack.url(0)?, "SELECT count(*) FROM tpch.tiny.nation -- asks")?.success()?;
    let (rule, cluster) = went(stack, &query)?;
    ensure!(rule == "asks" && cluster.starts_with("etl-"), "rule `{rule}`, {cluster}");
    let known = stack.trino(&cluster)?.queries()?;
    let known = known.iter().find(|known| known.query_id == query.id).context("the coordinator does not know it")?;
    assert_eq!(known.session.client_tags, ["outside"], "a header of the service's");
    assert_eq!(known.session.user, "alice", "who the user is is not the service's to say");

    let asked = stack.service.asked();
    let [asked] = asked.as_slice() else { anyhow::bail!("asked {} times", asked.len()) };
    assert_eq!(asked.line, "POST /route");
    assert_eq!(asked.headers.get("content-type").map(String::as_str), Some("application/json; charset=utf-8"));
    assert_eq!(asked.headers.get("x-trino-source").map(String::as_str), Some("asks"));
    assert_eq!(asked.headers.get("authorization"), None, "a secret");
    assert_eq!(asked.body["trinoQueryProperties"]["tables"], json!(["tpch.tiny.nation"]));
    assert_eq!(asked.body["trinoQueryProperties"]["body"], "SELECT count(*) FROM tpch.tiny.nation -- asks");
    assert_eq!(asked.body["trinoRequestUser"], json!({"user": "alice", "userInfo": null}));
    assert_eq!(asked.body["remoteAddr"], "127.0.0.1");

    let found = entry(stack, &query.id)?;
    assert_eq!((&found["tags"], &found["text"]), (&json!(["asked"]), &asked.body["trinoQueryProperties"]["body"]));
    Ok(())
}

pub(super) fn a_routing_service_that_is_of_no_help_is_passed_over(stack: &Stack) -> Result<()> {
    start(stack)?;
    let after = ("after".to_owned(), "adhoc-1".to_owned());
    for (status, body) in [(500, names("etl")), (200, json!("no object")), (200, json!({"routingGroup": null}))] {
        stack.service.answer(status, &body);
        assert_eq!(went(stack, &ask(stack, "asks")?)?, after, "{status} {body}");
    }
    assert_eq!(stack.service.asked().len(), 3, "asked once for each query");
    stack.service.stall();
    assert_eq!(went(stack, &ask(stack, "asks")?)?, after, "it said nothing");
    assert_eq!(went(stack, &ask(stack, "unknown")?)?, after, "there is none of that name");
    assert_eq!(stack.service.asked().len(), 1);
    Ok(())
}

pub(super) fn what_a_routing_service_finds_wrong_is_told_if_that_is_asked_for(stack: &Stack) -> Result<()> {
    start(stack)?;
    stack.service.answer(200, &json!({"routingGroup": "etl", "errors": ["too large", "ask first"]}));
    let session = Session::user("alice").source("strict").header("X-Secret", "s").header("Authorization", "Basic eA==");
    let query = session.run(&stack.url(0)?, "SELECT 1")?;
    let error = query.error.context("it was not refused")?;
    assert_eq!((error.message.as_str(), error.error_name.as_str()), ("too large; ask first", "PERMISSION_DENIED"));
    let asked = stack.service.asked();
    let sent = |name: &str| asked.first().and_then(|asked| asked.headers.get(name)).cloned();
    assert_eq!((sent("x-secret"), sent("authorization")), (None, Some("Basic eA==".to_owned())));
    Ok(())
}

pub(super) fn what_a_routing_service_said_is_remembered_if_that_is_asked_for(stack: &Stack) -> Result<()> {
    start(stack)?;
    stack.service.answer(200, &names("etl"));
    for _ in 0..5 {
        let (rule, cluster) = went(stack, &ask(stack, "remembered")?)?;
        ensure!(rule == "remembered" && cluster.starts_with("etl-"), "rule `{rule}`, {cluster}");
    }
    // Each of the Envoy's workers remembers for itself.
    let asked = stack.service.asked().len();
    ensure!((1..=2).contains(&asked), "asked {asked} times");
    // Failures are not remembered, and other queries are asked about.
    let other = Session::user("bob").source("remembered");
    stack.service.answer(503, &names("etl"));
    assert_eq!(went(stack, &other.run(&stack.url(0)?, "SELECT 1")?.success()?)?.0, "after");
    stack.service.answer(200, &names("etl"));
    assert_eq!(went(stack, &other.run(&stack.url(0)?, "SELECT 1")?.success()?)?.0, "remembered");
    Ok(())
}
