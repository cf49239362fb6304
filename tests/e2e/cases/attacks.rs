//! What an attacker gets. Each case says the whole answer, and Envoy serves on: the next query through it is answered, and
//! its VM never had to be made anew (but in [`panic`], where that is the matter).

pub(super) mod framing;
pub(super) mod http2;
pub(super) mod names;
pub(super) mod panic;
pub(super) mod paths;
pub(super) mod rules;
pub(super) mod sizes;
pub(super) mod stall;
pub(super) mod steering;
pub(super) mod user;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::http::Reply;
use warren_tests::raw;
use warren_tests::stack::Stack;

/// The line that names the user.
const ALICE: &str = "X-Trino-User: alice\r\n";

/// A request (each character a byte), then status and what [`said`] makes of the reply.
type Row = (String, u16, &'static str);

/// A query by alice with more headers, as whole lines.
fn post(headers: &str) -> String {
    query(&format!("{ALICE}{headers}"), "SELECT 1")
}

/// A query with just these headers.
fn query(headers: &str, sql: &str) -> String {
    format!("POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{headers}Content-Length: {}\r\n\r\n{sql}", sql.len())
}

/// Any other request by alice, without a body.
fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: gw.test\r\n{ALICE}\r\n")
}

fn bytes(text: &str) -> Vec<u8> {
    warren_rules::header_bytes(text).into_owned()
}

/// A reply in a few words: where the next page is, else the error's message, else the first line, or key of a JSON object.
fn said(reply: &Reply) -> String {
    let line = || reply.body.lines().next().unwrap_or_default().trim().to_owned();
    let Ok(json) = serde_json::from_str::<Value>(&reply.body) else { return line() };
    if let Some(uri) = json["nextUri"].as_str() {
        return uri.split("/v1/").next().unwrap_or_default().to_owned();
    }
    let first = || json.as_object().and_then(|object| object.keys().next().cloned());
    json["error"]["message"].as_str().map(str::to_owned).or_else(first).unwrap_or_else(line)
}

/// Asks each row, and tells all that differ.
fn each_is_answered(base: &str, rows: &[Row]) -> Result<()> {
    let mut wrong = Vec::new();
    for (request, status, want) in rows {
        let line: String = request.chars().take(160).collect();
        let reply = raw::ask(base, &bytes(request)).with_context(|| format!("{line:?}"))?;
        let got = reply.map_or((0, "closed".to_owned()), |reply| (reply.status.as_u16(), said(&reply)));
        if got != (*status, (*want).to_owned()) {
            wrong.push(format!("{line:?}\n   got {got:?}\nwanted {:?}", (status, want)));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Attacks the first Envoy, then asks it a query.
fn serves_on(stack: &Stack, attack: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let (envoy, base) = (stack.envoy(0)?, stack.url(0)?);
    let before = reloads(envoy)?;
    attack(&base)?;
    let after = Session::user("alice").run(&base, "SELECT 1").context("the query after the attack")?.success()?;
    assert_eq!(after.value(), Some(&1.into()));
    assert_eq!(reloads(envoy)?, before, "the VM was made anew");
    Ok(())
}

/// How often the filter's VM was made anew, or should have been.
fn reloads(envoy: &Envoy) -> Result<[u64; 3]> {
    let count = |what: &str| envoy.stat(&format!("wasm.warren.vm_reload_{what}"));
    Ok([count("success")?, count("failure")?, count("backoff")?])
}
