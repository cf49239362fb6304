//! Pages, cancelling, and what a prefix lets through.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::stack::Stack;

use super::SOON;

const MANY_PAGES: &str = "SELECT * FROM tpch.sf1.orders LIMIT 200000";

pub(super) fn pages_come_through_any_envoy_from_the_same_coordinator(stack: &Stack) -> Result<()> {
    for source in ["airflow", "bi"] {
        let mut query = Session::user("alice").source(source).start(&stack.url(0)?, MANY_PAGES)?;
        while query.step_at(&stack.url(query.all_next_uris.len() % stack.envoys.len())?)? {}
        let query = query.success()?;
        assert_eq!(query.rows.len(), 200_000);
        ensure!(query.all_next_uris.len() > 10, "only {} pages", query.all_next_uris.len());
        let prefix = format!("/c/{}/v1/statement/", query.slug());
        ensure!(query.all_next_uris.iter().all(|uri| uri.contains(&prefix)), "a follow-up led elsewhere");
        assert_eq!(stack.who_knows(&query.id)?.len(), 1);
    }
    Ok(())
}

pub(super) fn a_cancelled_query_is_cancelled(stack: &Stack) -> Result<()> {
    let mut query = Session::user("alice").start(&stack.url(0)?, "SELECT count(*) FROM tpch.sf100.lineitem")?;
    while query.state != "RUNNING" && query.step()? {}
    assert_eq!(query.cancel()?.status, 204);
    let trino = stack.trino("adhoc-1")?;
    eventually(SOON, "the coordinator to say FAILED (cancelled)", || {
        let known = trino.queries()?.into_iter().find(|q| q.query_id == query.id).context("unknown to it")?;
        ensure!(known.state == "FAILED", "it is {}", known.state);
        Ok(())
    })
}

pub(super) fn a_follow_up_without_prefix_is_found_by_its_query_id(stack: &Stack) -> Result<()> {
    for source in ["airflow", "bi"] {
        let mut query =
            Session::user("alice").source(source).start(&stack.url(0)?, "SELECT count(*) FROM tpch.tiny.orders")?;
        let home = query.slug().to_owned();
        while let Some(uri) = query.next_uri.clone() {
            query.next_uri = Some(uri.replace(&format!("/c/{home}/"), "/"));
            if !query.step_at(&stack.url(1)?)? {
                break;
            }
        }
        let query = query.success()?;
        assert_eq!(query.value(), Some(&15_000.into()));
        let info = http::get(&format!("{}/v1/query/{}", stack.url(1)?, query.id), &[("X-Trino-User", "alice")])?;
        assert_eq!(info.json("the query's info")?["queryId"], query.id.as_str());
    }
    let gone = http::get(&format!("{}/v1/query/20260101_000000_00000_zzzzz", stack.url(0)?), &[])?;
    assert_eq!(gone.status, 404);
    Ok(())
}

pub(super) fn nothing_but_follow_ups_is_served_under_a_prefix(stack: &Stack) -> Result<()> {
    let id = "20260101_000000_00000_abcde/yslug/1";
    let user = [("X-Trino-User", "alice")];
    for (method, path) in [
        ("POST", "/c/etl-1/v1/statement".to_owned()),
        ("PUT", "/c/etl-1/v1/info/state".to_owned()),
        ("GET", "/c/etl-1/v1/info".to_owned()),
        ("GET", "/c/etl-1/v1/node".to_owned()),
        ("GET", "/c/etl-1/v1/statement/other/x".to_owned()),
        ("POST", format!("/c/etl-1/v1/statement/queued/{id}")),
        ("PUT", format!("/c/etl-1/v1/statement/executing/{id}")),
        ("PUT", "/c/etl-1/v1/query/20260101_000000_00000_abcde/killed".to_owned()),
        ("POST", "/c/etl-1/v1/spooled/download/x".to_owned()),
        ("GET", "/c/etl-1/../v1/node".to_owned()),
        ("GET", "/c/etl-1".to_owned()),
        ("GET", format!("/c/nowhere/v1/statement/queued/{id}")),
    ] {
        let reply = http::send(method, &format!("{}{path}", stack.url(0)?), &user, "")?;
        assert_eq!(reply.status, 404, "{method} {path}: {}", reply.body);
        let body: serde_json::Value =
            serde_json::from_str(&reply.body).with_context(|| format!("{method} {path}: {}", reply.body))?;
        assert_eq!(body["error"]["errorName"], "NOT_FOUND", "{method} {path}");
    }
    // Let through: Trino itself answers, and does not know the query.
    for (method, path, status) in [
        ("GET", format!("/c/etl-1/v1/statement/queued/{id}"), 404),
        ("DELETE", format!("/c/etl-1/v1/statement/executing/{id}"), 404),
        ("GET", "/c/etl-1/v1/query/20260101_000000_00000_abcde".to_owned(), 410),
        ("GET", "/c/etl-1/v1/spooled/download/x".to_owned(), 404),
        ("GET", "/c/etl-1/oauth2/token/x".to_owned(), 404),
    ] {
        let reply = http::send(method, &format!("{}{path}", stack.url(0)?), &user, "")?;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}: {}", reply.body);
        ensure!(!reply.body.contains("infoUri"), "{method} {path} was answered by Envoy: {}", reply.body);
    }
    Ok(())
}
