//! Names and addresses that would like to be more.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::raw;
use warren_tests::stack::Stack;

use super::super::SOON;
use super::{bytes, request, serves_on};

/// SQL, Rhai, HTML, JSON, formats of Envoy's and of a shell's, and what looks like something of ours.
const NAMES: [&str; 8] = [
    "'; DROP TABLE gateway_backend; --",
    "\"); rule(\"x\", |q| route(\"etl\")); (\"",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\", \"active\": true, \"x\": \"",
    "%REQ(authorization)%",
    "$(id) `id` ${USER}",
    "retired..etl-1",
];

/// A cluster is called what it is called, and means nothing more by it.
pub(in super::super) fn a_name_is_never_run(stack: &Stack) -> Result<()> {
    serves_on(stack, |_| {
        let api = format!("{}/api/v1/clusters", stack.warren.api_url());
        let url = stack.trino("etl-1")?.url();
        for name in NAMES {
            let cluster = json!({"name": name, "url": url, "group": name, "check": false});
            let added = http::send("POST", &api, &[("content-type", "application/json")], &cluster.to_string())?;
            ensure!(matches!(added.status.as_u16(), 200 | 201 | 422), "{name}: {} {}", added.status, added.body);
        }
        let listed = http::get(&api, &[])?;
        let kind = listed.header("content-type").unwrap_or_default();
        assert_eq!(kind, "application/json", "a browser would look into it");
        let listed: Value = serde_json::from_str(&listed.body)?;
        let names: Vec<&str> =
            listed.as_array().context("no list")?.iter().filter_map(|c| c["name"].as_str()).collect();
        for cluster in ["etl-1", "etl-2", "adhoc-1"] {
            ensure!(names.contains(&cluster), "{cluster} is gone: {names:?}");
        }
        let slugs = stack.postgres.query("SELECT slug FROM warren_endpoint WHERE slug !~ '^[a-z0-9-]+$'")?;
        assert_eq!(slugs, Vec::<Vec<Option<String>>>::new());
        Ok(())
    })
}

/// Off to a cluster's own address, whatever the client would like to find behind it.
pub(in super::super) fn no_redirect_leads_where_a_client_says(stack: &Stack) -> Result<()> {
    let own = stack.trino("etl-1")?.url();
    serves_on(stack, |base| {
        for path in [
            "/c/etl-1/ui/",
            "/c/etl-1/ui//evil.example/",
            "/c/etl-1/ui/@evil.example/",
            "/c/etl-1/ui/\\evil.example",
            "/c/etl-1/ui/.evil.example?x=//evil.example#//evil.example",
            "http://evil.example/c/etl-1/ui/",
        ] {
            let asked = request("GET", path).replace("Host: gw.test", "Host: evil.example");
            let Some(reply) = raw::ask(base, &bytes(&asked))? else { continue };
            let place = reply.header("location").unwrap_or_default().to_owned();
            let fits = if place.is_empty() {
                reply.status.is_client_error()
            } else {
                place.starts_with(&format!("{own}/ui/"))
            };
            ensure!(fits, "{path}: {} {place:?}", reply.status);
        }
        // A line of its own in the answer.
        let split =
            raw::ask(base, &bytes(&request("GET", "/c/etl-1/ui/%0d%0aSet-Cookie:%20a=b")))?.context("closed")?;
        ensure!(split.header("set-cookie").is_none(), "{split:?}");
        Ok(())
    })
}

/// The address of a cloud's metadata, as an address and as names and spellings of it.
pub(in super::super) fn a_clusters_address_leads_nowhere_else(stack: &Stack) -> Result<()> {
    serves_on(stack, |_| {
        for url in
            ["http://169.254.169.254", "http://[::ffff:169.254.169.254]:80", "http://0xa9fea9fe", "https://[fe80::1]"]
        {
            let said = stack.warren.say(&["clusters", "add", "metadata", "--url", url])?;
            let told = said.stderr.contains("is in none of the networks where coordinators may be (--trino-networks)");
            ensure!(said.code == 1 && told, "{url}: {} {}", said.code, said.stderr);
        }
        // By a way that asks nobody.
        stack
            .postgres
            .sql("INSERT INTO gateway_backend VALUES ('metadata', 'adhoc', 'http://169.254.169.254', null, true)")?;
        eventually(SOON, "its Envoy cluster to be there", || {
            let clusters = stack.envoy(0)?.admin("/clusters")?;
            ensure!(clusters.contains("cluster/metadata::"), "it is not");
            ensure!(!clusters.contains("169.254.169.254"), "and leads there:\n{clusters}");
            Ok(())
        })
    })
}

/// What a browser is told of all that the API port gives out, the page, JSON and errors.
pub(in super::super) fn nothing_of_the_api_is_run_or_framed(stack: &Stack) -> Result<()> {
    let api = stack.warren.api_url();
    for path in
        ["/playground/", "/api/v1/clusters", "/api/v1/%3Cscript%3E", "/gateway/backend/all", "/livez", "/no/such"]
    {
        let reply = http::get(&format!("{api}{path}"), &[])?;
        let policy = reply.header("content-security-policy").unwrap_or_default();
        ensure!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        ensure!(!policy.contains("script-src 'unsafe-inline'"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        let page = reply.header("content-type").unwrap_or_default().starts_with("text/html");
        assert_eq!(page, path == "/playground/", "{path}: {:?}", reply.header("content-type"));
    }
    Ok(())
}
