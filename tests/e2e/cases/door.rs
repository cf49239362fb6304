//! The table "At the door" of `docs/architecture.md`, row by row, and what clients may not say of themselves.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;

/// Method, path, headers, status, and what the body or `location` holds.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, &'a str);

pub(super) fn each_path_goes_where_the_table_says(stack: &Stack) -> Result<()> {
    let base = stack.url(0)?;
    let user = ("X-Trino-User", "alice");
    let ui = ("Host", "etl-1.ui.test");
    let external = stack.trino("etl-1")?.url();
    let rows: &[Row] = &[
        ("HEAD", "/v1/statement", &[user], 200, ""),
        ("GET", "/v1/info", &[], 200, "\"coordinator\":true"),
        ("GET", "/v1/status", &[], 200, "\"nodeId\""),
        ("GET", "/c/etl-1/ui/query.html?x", &[], 301, &format!("{external}/ui/query.html?x")),
        ("GET", "/", &[ui], 301, "/ui/"),
        ("GET", "/ui/login.html", &[ui], 200, "<html"),
        ("POST", "/v1/statement", &[ui, user], 404, "only the cluster's UI is served on this host"),
        ("PUT", "/ui/x;/../../v1/info/state", &[ui, user], 404, ""),
        ("GET", "/uix", &[ui], 404, "only the cluster's UI is served on this host"),
        ("GET", "/v1/statement", &[user], 404, "queries go to /v1/statement"),
        ("PUT", "/v1/statement", &[user], 404, "queries go to /v1/statement"),
        ("POST", "/v1/info", &[user], 404, "queries go to /v1/statement"),
        ("PUT", "/v1/info/state", &[user], 404, "queries go to /v1/statement"),
        ("GET", "/v1/node", &[user], 404, "queries go to /v1/statement"),
        ("GET", "/v1/query", &[user], 404, "queries go to /v1/statement"),
        ("GET", "/metrics", &[user], 404, "queries go to /v1/statement"),
        ("GET", "/ui/", &[], 404, "queries go to /v1/statement"),
        ("GET", "/oauth2/callback?code=x", &[], 404, "queries go to /v1/statement"),
        // An extra path by configuration.
        ("GET", "/v1/thread", &[user], 200, "\"state\":"),
    ];
    for (method, path, headers, status, holds) in rows {
        let reply = http::send(method, &format!("{base}{path}"), headers, "")?;
        assert_eq!(reply.status.as_u16(), *status, "{method} {path}: {}", reply.body);
        let place = reply.header("location").unwrap_or_default();
        ensure!(
            reply.body.contains(holds) || place.ends_with(holds),
            "{method} {path}: `{holds}` is neither in {} nor `{place}`",
            reply.body
        );
    }
    // A further statement path is ruled like the first; that Trino does not know it is its own affair.
    let reply = http::send("POST", &format!("{base}/v1/statement2"), &[user], "SELECT 1")?;
    assert_eq!((reply.status.as_u16(), reply.header("x-warren-rule")), (404, Some("otherwise")));
    let runs = stack.envoy(0)?.stat("wasm.envoy.wasm.runtime.v8.active")?;
    ensure!(runs > 0, "the filter does not run at all");
    Ok(())
}

pub(super) fn a_client_cannot_steer(stack: &Stack) -> Result<()> {
    let port = stack.url(0)?.rsplit(':').next().map(str::to_owned).context("no port")?;
    for (name, value) in [
        ("x-warren-cluster", "group/etl"),
        ("X-Warren-Cluster", "cluster/etl-1"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Proxied-Https", "ON"),
        ("Proxy-Ssl-Id", "1"),
        ("X-Envoy-Original-Path", "/evil"),
        ("X-Envoy-Retry-On", "5xx"),
        ("X-Envoy-Upstream-Rq-Timeout-Ms", "1"),
    ] {
        let query = Session::user("alice").header(name, value).run(&stack.url(0)?, "SELECT 1")?.success()?;
        let begin = format!("http://127.0.0.1:{port}/c/adhoc-1/v1/statement/");
        ensure!(query.all_next_uris.iter().all(|uri| uri.starts_with(&begin)), "{name}: {value} was obeyed");
        ensure!(
            query.info_uri.starts_with(&format!("http://127.0.0.1:{port}/c/adhoc-1/ui/")),
            "{name}: {}",
            query.info_uri
        );
        assert_eq!(stack.who_knows(&query.id)?, ["adhoc-1"], "{name}");
    }
    let escaped = http::get(&format!("{}/c%2fetl-1/v1/info", stack.url(0)?), &[])?;
    assert_eq!(escaped.status, 400, "an escaped slash");
    Ok(())
}

pub(super) fn a_trusted_load_balancer_is_believed_and_others_are_not(stack: &Stack) -> Result<()> {
    let port = free_port()?;
    let options = WarrenOptions {
        name: "warren-hops".to_owned(),
        database_url: stack.postgres.url(),
        listen: port,
        default_group: "adhoc".to_owned(),
        more: vec!["--trusted-hops".to_owned(), "1".to_owned()],
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let _envoy = Envoy::start(&stack.programs, &stack.run, "envoy-hops", &warren.bootstrap("envoy-hops", port)?, 1)?;
    let behind = format!("http://127.0.0.1:{port}");
    let session =
        || Session::user("alice").header("X-Forwarded-For", "203.0.113.7").header("X-Forwarded-Proto", "https");
    let next_uri =
        |base: &str| -> Result<String> { session().start(base, "SELECT 1")?.next_uri.context("no next page") };
    let uri = eventually(SOON, "the third Envoy to serve", || next_uri(&behind))?;
    ensure!(uri.starts_with(&format!("https://127.0.0.1:{port}/c/")), "with a trusted hop: {uri}");
    let uri = next_uri(&stack.url(0)?)?;
    ensure!(uri.starts_with("http://"), "at the edge: {uri}");
    let uri = session().header("X-Forwarded-Host", "evil.example").header("X-Forwarded-Prefix", "/evil");
    let uri = uri.start(&behind, "SELECT 1")?.next_uri.context("no next page")?;
    ensure!(
        uri.starts_with(&format!("https://127.0.0.1:{port}/c/")),
        "host and prefix are not the load balancer's to say: {uri}"
    );
    Ok(())
}
