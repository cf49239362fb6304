//! Trino Gateway, Warren and an Envoy on one PostgreSQL, which Trino Gateway's own migrations made, before two real Trinos.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::{Query, Session};
use warren_tests::eventually::eventually;
use warren_tests::http::{self, Reply};
use warren_tests::progress::Progress;
use warren_tests::stack::{Stack, StackOptions};
use warren_tests::trino_gateway::{TrinoGateway, TrinoGatewayOptions};

pub(crate) type Case = fn(&Stack) -> Result<()>;

pub(crate) const CASES: [(&str, Case); 7] = [
    ("trino_gateway_made_the_tables", trino_gateway_made_the_tables),
    ("what_trino_gateway_changes_warren_follows", what_trino_gateway_changes_warren_follows),
    ("what_warren_changes_trino_gateway_follows", what_warren_changes_trino_gateway_follows),
    ("an_update_takes_no_cluster_out_of_service", an_update_takes_no_cluster_out_of_service),
    ("a_query_begun_at_trino_gateway_ends_at_envoy", a_query_begun_at_trino_gateway_ends_at_envoy),
    ("the_history_of_trino_gateway_shows_in_warren", the_history_of_trino_gateway_shows_in_warren),
    ("both_ask_a_routing_service_the_same", both_ask_a_routing_service_the_same),
];

/// How long a change may take to be followed: a health check of either, and what a busy machine adds.
const SOON: Duration = Duration::from_secs(60);

/// What Trino Gateway does without rules of its own.
const RULES: &str = include_str!("../../rules/samples/trino-gateway/rules.rhai");

pub(crate) fn start() -> Result<Stack> {
    let cluster = |name: &str, group: &str| (name.to_owned(), group.to_owned());
    let options = StackOptions {
        envoys: 1,
        clusters: vec![cluster("etl-1", "etl"), cluster("adhoc-1", "adhoc")],
        rules: vec![("rules.rhai".to_owned(), RULES.to_owned())],
        trino_gateway: Some(TrinoGatewayOptions::default()),
        ..StackOptions::default()
    };
    Stack::start("together", options, &Progress::on_stderr())
}

/// Who changes something through the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    TrinoGateway,
    Warren,
}

impl By {
    fn api(self, stack: &Stack) -> Result<String> {
        Ok(match self {
            By::TrinoGateway => stack.trino_gateway()?.url(),
            By::Warren => stack.warren.api_url(),
        })
    }

    fn get(self, stack: &Stack, path: &str) -> Result<Value> {
        let url = format!("{}{path}", self.api(stack)?);
        http::get(&url, &[])?.json(&url)
    }

    fn post(self, stack: &Stack, path: &str, body: &str) -> Result<Reply> {
        let url = format!("{}/gateway/backend/{path}", self.api(stack)?);
        let reply = http::send("POST", &url, &[("Content-Type", "application/json")], body)?;
        ensure!(reply.status == 200, "{url}: {} {}", reply.status, reply.body);
        Ok(reply)
    }
}

fn ask(base: &str, group: &str) -> Result<Query> {
    let session = Session::user("alice").source("together").header("X-Trino-Routing-Group", group);
    session.run(base, "SELECT 'together'")?.success()
}

/// Waits until queries of this group go to this cluster through both, as its coordinator tells.
fn wait_both_send(stack: &Stack, group: &str, cluster: &str, when: &str) -> Result<()> {
    for (way, base) in [("Trino Gateway", stack.trino_gateway()?.url()), ("Envoy", stack.url(0)?)] {
        eventually(SOON, &format!("{when}: group {group} to go to {cluster} through {way}"), || {
            let query = ask(&base, group)?;
            let ran = stack.who_knows(&query.id)?;
            ensure!(ran == [cluster], "{} ran on {ran:?}", query.id);
            Ok(())
        })?;
    }
    Ok(())
}

/// Both list the same clusters at once, since both read the table.
fn both_list(stack: &Stack, wanted: &[Value]) -> Result<()> {
    for by in [By::TrinoGateway, By::Warren] {
        let mut all: Vec<Value> = serde_json::from_value(by.get(stack, "/gateway/backend/all")?)?;
        all.sort_by_key(|cluster| cluster["name"].to_string());
        ensure!(all == wanted, "{by:?} lists {all:?}, wanted {wanted:?}");
    }
    Ok(())
}

fn backend(stack: &Stack, name: &str, group: &str, active: bool) -> Result<Value> {
    let url = stack.trino(name)?.url();
    Ok(json!({"active": active, "routingGroup": group, "externalUrl": url, "name": name, "proxyTo": url}))
}

/// One takes a cluster through its whole life; the other's queries follow each step.
fn life_of_a_cluster(stack: &Stack, by: By) -> Result<()> {
    let adhoc = backend(stack, "adhoc-1", "adhoc", true)?;
    let listed = |group: &str, active: bool| -> Result<()> {
        both_list(stack, &[adhoc.clone(), backend(stack, "etl-1", group, active)?])
    };
    listed("etl", true)?;
    wait_both_send(stack, "etl", "etl-1", "at first")?;

    by.post(stack, "deactivate/etl-1", "")?;
    listed("etl", false)?;
    wait_both_send(stack, "etl", "adhoc-1", "deactivated")?;

    by.post(stack, "activate/etl-1", "")?;
    listed("etl", true)?;
    wait_both_send(stack, "etl", "etl-1", "activated")?;

    by.post(stack, "modify/update", &backend(stack, "etl-1", "moved", true)?.to_string())?;
    listed("moved", true)?;
    wait_both_send(stack, "moved", "etl-1", "updated")?;
    wait_both_send(stack, "etl", "adhoc-1", "updated")?;

    by.post(stack, "modify/delete", "etl-1")?;
    both_list(stack, std::slice::from_ref(&adhoc))?;
    wait_both_send(stack, "moved", "adhoc-1", "deleted")?;

    by.post(stack, "modify/add", &backend(stack, "etl-1", "etl", true)?.to_string())?;
    listed("etl", true)?;
    wait_both_send(stack, "etl", "etl-1", "added")
}

fn what_trino_gateway_changes_warren_follows(stack: &Stack) -> Result<()> {
    life_of_a_cluster(stack, By::TrinoGateway)
}

fn what_warren_changes_trino_gateway_follows(stack: &Stack) -> Result<()> {
    life_of_a_cluster(stack, By::Warren)
}

fn trino_gateway_made_the_tables(stack: &Stack) -> Result<()> {
    // Where it finds tables that it did not make, it writes down a baseline of version 0 first.
    let versions = stack.postgres.query("SELECT version FROM flyway_schema_history WHERE success ORDER BY version")?;
    assert_eq!(versions, ["1", "2", "3", "4"].map(|version| [Some(version.to_owned())]));
    let warrens = stack.postgres.query("SELECT count(*) > 0 FROM _sqlx_migrations WHERE success")?;
    assert_eq!(warrens, [[Some("t".to_owned())]]);
    Ok(())
}

fn an_update_takes_no_cluster_out_of_service(stack: &Stack) -> Result<()> {
    const STATE: &str = "/api/public/backends/etl-1/state";
    let url = stack.trino("etl-1")?.url();
    eventually(SOON, "both to tell the same of etl-1", || {
        let wanted = ["etl-1", "HEALTHY", &url, &url, "etl"];
        for by in [By::TrinoGateway, By::Warren] {
            let state = by.get(stack, STATE)?;
            let said = ["clusterId", "trinoStatus", "proxyTo", "externalUrl", "routingGroup"].map(|key| &state[key]);
            ensure!(said == wanted, "{by:?} says {state}");
        }
        Ok(())
    })?;
    wait_both_send(stack, "etl", "etl-1", "at first")?;
    let mut update = backend(stack, "etl-1", "etl", true)?;
    for number in 0..20 {
        update["externalUrl"] = json!(format!("http://etl-1.example/{number}"));
        By::Warren.post(stack, "modify/update", &update.to_string())?;
        let state = By::Warren.get(stack, STATE)?;
        ensure!(state["trinoStatus"] == "HEALTHY", "after update {number}: {state}");
        let query = ask(&stack.url(0)?, "etl")?;
        assert_eq!(stack.who_knows(&query.id)?, ["etl-1"], "after update {number}");
    }
    By::Warren.post(stack, "modify/update", &backend(stack, "etl-1", "etl", true)?.to_string()).map(drop)
}

/// As when the name that clients use is moved from one to the other under running queries.
fn a_query_begun_at_trino_gateway_ends_at_envoy(stack: &Stack) -> Result<()> {
    let session = Session::user("alice").header("X-Trino-Routing-Group", "etl");
    let mut query = session.start(&stack.trino_gateway()?.url(), "SELECT * FROM tpch.sf1.orders LIMIT 100000")?;
    while query.rows.is_empty() && query.step()? {}
    ensure!(query.next_uri.is_some(), "it ended at once");
    query.finish_at(&stack.url(0)?)?;
    let query = query.success()?;
    assert_eq!((query.rows.len(), stack.who_knows(&query.id)?), (100_000, vec!["etl-1".to_owned()]));
    Ok(())
}

fn the_history_of_trino_gateway_shows_in_warren(stack: &Stack) -> Result<()> {
    let before = By::Warren.get(stack, "/trino-gateway/api/queryHistoryDistribution")?;
    let query = ask(&stack.trino_gateway()?.url(), "etl")?;
    let url = stack.trino("etl-1")?.url();
    let entry = eventually(SOON, "Warren to show the query", || {
        let history = By::Warren.get(stack, "/trino-gateway/api/queryHistory")?;
        let history = history.as_array().context("no list")?;
        history.iter().find(|entry| entry["queryId"] == *query.id).cloned().context("it is not there")
    })?;
    let wanted = json!({"queryId": query.id, "queryText": "SELECT 'together'", "user": "alice", "source": "together",
        "backendUrl": url, "captureTime": entry["captureTime"], "routingGroup": "etl", "externalUrl": url});
    assert_eq!(entry, wanted);
    ensure!(entry["captureTime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{entry}");
    let after = By::Warren.get(stack, "/trino-gateway/api/queryHistoryDistribution")?;
    let count = |distribution: &Value| distribution["etl-1"].as_i64().unwrap_or_default();
    ensure!(count(&after) > count(&before), "{before} {after}");
    for path in ["/trino-gateway/api/queryHistory", "/trino-gateway/api/queryHistoryDistribution"] {
        eventually(SOON, &format!("both to tell the same at {path}"), || {
            let (there, here) = (By::TrinoGateway.get(stack, path)?, By::Warren.get(stack, path)?);
            ensure!(there == here, "{there}\n{here}");
            Ok(())
        })?;
    }
    Ok(())
}

/// A Trino Gateway whose groups a routing service names, and a rule that asks the same service.
fn both_ask_a_routing_service_the_same(stack: &Stack) -> Result<()> {
    let options = TrinoGatewayOptions {
        migrations: false,
        external: Some(stack.service.url()),
        analyze: true,
        history: false,
        ..TrinoGatewayOptions::default()
    };
    let gateway =
        TrinoGateway::start(&stack.programs, &stack.run, &stack.postgres, "trino-gateway-external", &options)?;
    let rules = "rule(\"asks\", |q| external(\"router\"));\notherwise(route(\"adhoc\"));\n";
    stack.put_rules(&[("rules.rhai".to_owned(), rules.to_owned())])?;
    stack.service.answer(
        200,
        &json!({"routingGroup": "etl", "errors": null, "externalHeaders": {"X-Trino-Client-Tags": "outside"}}),
    );
    for sql in [
        "SELECT 1",
        "SELECT count(*) FROM tpch.tiny.nation",
        "SHOW SCHEMAS FROM tpch",
        "SELECT * FROM nation JOIN sf1.orders ON true LIMIT 1",
    ] {
        let mut said = Vec::new();
        for base in [gateway.url(), stack.url(0)?] {
            let mut session = Session::user("alice").source("both");
            if sql != "SELECT 1" {
                session = session.header("X-Trino-Catalog", "TPCH").header("X-Trino-Schema", "tiny");
            }
            // Its own health checks take a moment.
            eventually(SOON, &format!("{base} to send {sql} where the service says"), || {
                stack.service.asked();
                let query = session.run(&base, sql)?.success()?;
                let ran = stack.who_knows(&query.id)?;
                ensure!(ran == ["etl-1"], "{} ran on {ran:?}; asked: {:?}", query.id, stack.service.asked());
                Ok(())
            })?;
            let mut asked = stack.service.asked();
            let asked = asked.pop().filter(|_| asked.is_empty()).context("not asked once")?;
            let (mut headers, mut body) = (asked.headers, asked.body);
            // Sets, in no order.
            for list in body["trinoQueryProperties"].as_object_mut().into_iter().flat_map(|facts| facts.values_mut()) {
                if let Some(list) = list.as_array_mut() {
                    list.sort_by_key(Value::to_string);
                }
            }
            // What is about the connection, and what either adds that the other has no cause to.
            headers.retain(|name, _| name.starts_with("x-trino-") || name == "content-type" || name == "user-agent");
            said.push((asked.line, headers, body));
        }
        assert_eq!(said[0], said[1], "{sql}");
    }
    Ok(())
}
