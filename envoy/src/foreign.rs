//! What reads bytes that others wrote and is not public otherwise, for the fuzzer (`fuzz/`): each takes them as they come, and
//! gives what Warren would keep or say of them.

use crate::access::{self, Sent};
use crate::history::{Completed, KeptText, Places, Row};
use crate::state::Address;
use crate::trino::{client, metrics};
use envoy_types::pb::envoy::data::accesslog::v3::HttpAccessLogEntry;
use prost::Message;
use serde_json::{Value, json};

/// The load that a Trino's `/metrics` tells of; null if it tells of none.
pub fn trino_metrics(text: &str) -> Value {
    json!(metrics::load(&metrics::read(text)))
}

/// Where the next page of a query is asked for, of a page as the Trino at `http://trino:8080` with the slug `etl` gives it;
/// none at its end.
///
/// # Errors
/// Why the page is not followed.
pub fn trino_page(page: &[u8]) -> Result<Option<String>, String> {
    let Ok(address) = Address::parse("http://trino:8080") else { return Ok(None) };
    client::next_page(page, "/c/etl").map(|path| path.map(|path| address.url(&path))).map_err(|why| why.to_string())
}

/// What is kept of Trino's query-completed event, with its texts.
///
/// # Errors
/// Why it is not taken.
pub fn query_completed(event: &[u8]) -> Result<(String, Value), String> {
    let event: Completed = serde_json::from_slice(event).map_err(|error| error.to_string())?;
    event.read(KeptText::Full).map(|(id, end)| (id, json!(end)))
}

/// What is kept of an entry of Envoy's access log, a `HttpAccessLogEntry`; null if it is of no query.
///
/// # Errors
/// When it is no such message.
pub fn access_log(entry: &[u8]) -> Result<Value, String> {
    let entry = HttpAccessLogEntry::decode(entry).map_err(|error| error.to_string())?;
    let row = Row::read(&entry, KeptText::Full, &Places::default(), || "none_1".to_owned());
    Ok(json!(row.map(|row| json!({
        "id": row.id, "created": row.created, "user": row.user, "source": row.source, "tags": row.tags, "rule": row.rule,
        "rules": row.rules, "group": row.group, "slug": row.slug, "text": row.text, "text_cut": row.text_cut,
        "hash": row.user_query_hash, "outcome": row.outcome, "status": row.status, "flags": row.flags,
        "latency_ms": row.latency_ms, "client": row.client, "bytes": row.bytes(),
    }))))
}

/// What the values of `Authorization` and `Cookie` say of who sends a request; `plain`: over plain HTTP. Null if nothing.
pub fn authorization(authorization: &[&[u8]], cookies: &[&[u8]], plain: bool) -> Value {
    match access::read(authorization.iter().copied(), cookies.iter().copied(), plain) {
        Sent::Nothing => Value::Null,
        Sent::Bearer(token) => json!({ "bearer": token }),
        Sent::Basic { user, password } => json!({ "user": user, "password": password }),
        Sent::Cookie(secret) => json!({ "cookie": secret }),
        Sent::Unreadable => json!("unreadable"),
    }
}

/// What a body of the API says, written anew. Kinds are `cluster`, `cluster-change`, `rename`, `operation`, `group`, `rules`,
/// `backend` (Trino Gateway's); none of another.
///
/// # Errors
/// Every mistake in it.
pub fn api_body(kind: &str, body: &[u8]) -> Option<Result<Value, Vec<String>>> {
    crate::api::foreign::body(kind, body)
}
