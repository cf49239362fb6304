//! Every endpoint × every role, from the document that is served and the table in the docs.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use postgres::Client;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::super::SOON;
use super::{Scene, ask, bearer, title};

const ROLES: [&str; 5] = ["events", "viewer", "author", "operator", "admin"];
/// Of `docs/access.md`, which a test of the program keeps complete.
const DOCS: &str = include_str!("../../../../docs/access.md");

/// Everything that requests could change, but for the audit and when a token was used.
const STATE: &str = "
    SELECT concat_ws('|', (SELECT json_agg(t)::text FROM gateway_backend t), (SELECT json_agg(t)::text FROM warren_cluster t),
        (SELECT json_agg(t)::text FROM warren_group t), (SELECT json_agg(t)::text FROM warren_rule_set t),
        (SELECT json_agg(t)::text FROM warren_candidate t), (SELECT json_agg(t)::text FROM warren_operation t),
        (SELECT json_agg((name, role, expires_at, revoked_at))::text FROM warren_token), (SELECT json_agg(t)::text FROM warren_session t),
        (SELECT json_agg(t)::text FROM query_history t), (SELECT json_agg(t)::text FROM warren_query_end t))";

/// `GET /path` and the role it needs, and the roles that the table lets in.
struct Row {
    endpoint: String,
    needs: String,
    lets: BTreeSet<String>,
}

pub(in super::super) fn every_endpoint_lets_in_those_whose_role_it_needs(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "roles")?;
    let rows = table()?;
    let document = scene.admin("GET", "/api/v1/openapi.json", "")?.json("the document")?;
    let mut documented = BTreeMap::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        for (method, operation) in item.as_object().context("no methods")? {
            let role = operation["x-warren-role"].as_str().with_context(|| format!("{method} {path} has no role"))?;
            documented.insert(format!("{} {path}", method.to_uppercase()), role.to_owned());
        }
    }
    let ours = rows.iter().filter(|row| row.endpoint.contains(" /api/v1/"));
    let ours: BTreeMap<String, String> = ours.map(|row| (row.endpoint.clone(), row.needs.clone())).collect();
    assert_eq!(ours, documented, "docs/access.md, and what is served");

    let mut database = scene.database(stack)?;
    database.batch_execute(
        "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active)
             VALUES ('etl-1', 'adhoc', 'http://127.0.0.1:1', 'http://127.0.0.1:1', true);
         INSERT INTO warren_group (name, strict) VALUES ('adhoc', true)",
    )?;
    let mut tokens = Vec::new();
    for role in ROLES {
        tokens.push((role, scene.token(&format!("of-{role}"), role, "1h")?));
    }
    let before = state(&mut database)?;
    let mut refused = 0;
    for row in &rows {
        for (role, token) in &tokens {
            let may = row.lets.contains(*role);
            // Refused where it would do something; allowed where there is nothing to do it to.
            let reply = attempt(&scene, row, if may { "nothing" } else { "etl-1" }, Some(token))?;
            let status = reply.status.as_u16();
            if may {
                ensure!(status != 401 && status != 403, "{role}: {}: {status} {}", row.endpoint, reply.body);
                continue;
            }
            refused += 1;
            let want = format!("this needs the role `{}`; token of-{role} has `{role}`", row.needs);
            assert_eq!((status, title(&reply)?), (403, want), "{role}: {}", row.endpoint);
        }
        let reply = attempt(&scene, row, "etl-1", None)?;
        let open = row.needs == "none";
        ensure!((reply.status == 401) != open, "nobody: {}: {} {}", row.endpoint, reply.status, reply.body);
        ensure!(open || reply.header("www-authenticate") == Some("Bearer"), "{}: {:?}", row.endpoint, reply.headers);
    }
    assert_eq!(state(&mut database)?, before, "something was changed");
    ensure!(refused > 100, "only {refused} were refused");
    eventually(SOON, "every refused attempt to be in the audit", || {
        let count = "SELECT count(DISTINCT (actor, subject)) FROM warren_audit
                     WHERE action = 'denied' AND (after ->> 'status')::int = 403";
        let found: i64 = scene.database(stack)?.query_one(count, &[])?.get(0);
        ensure!(found == refused, "{found} of {refused}");
        Ok(())
    })
}

fn attempt(scene: &Scene, row: &Row, name: &str, token: Option<&str>) -> Result<warren_tests::http::Reply> {
    let (method, path) = row.endpoint.split_once(' ').context("no method")?;
    let path = path
        .replace("{name}", name)
        .replace("{query_id}", name)
        .replace("{node_id}", name)
        .replace("{version}", "4711")
        .replace("{type}", "GATEWAY_BACKEND");
    let authorization = token.map(bearer);
    let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
    let body = match (method, path.as_str()) {
        ("GET" | "DELETE", _) => "",
        (_, "/gateway/backend/modify/delete") => name,
        (_, "/api/v1/rules" | "/api/v1/rules/candidate") => "{\"files\": []}",
        ("PUT", _) => "{\"policy\": \"unheard of\"}",
        _ => "{}",
    };
    ask(&scene.warren, method, &path, &headers, body)
}

fn state(database: &mut Client) -> Result<String> {
    Ok(database.query_one(STATE, &[])?.get(0))
}

fn table() -> Result<Vec<Row>> {
    let (_, rest) = DOCS.split_once("<!-- endpoints -->").context("no table")?;
    let mut rows = Vec::new();
    for line in rest.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [endpoint, needs, lets @ ..] = cells.as_slice() else { continue };
        let lets = ROLES.iter().zip(lets).filter(|(_, may)| **may == "yes").map(|(role, _)| (*role).to_owned());
        rows.push(Row { endpoint: (*endpoint).to_owned(), needs: (*needs).to_owned(), lets: lets.collect() });
    }
    ensure!(rows.len() > 50, "only {} endpoints", rows.len());
    Ok(rows)
}
