//! Every call to Envoy, and nothing else calls it. A call that fails is worth no query: it is logged, and the query goes on.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, MetricType};
use std::time::{Duration, UNIX_EPOCH};
use warren_rules::{header_bytes, header_text};

/// All request headers in one call; a single look-up would give only the first of several values.
pub(crate) fn request_headers() -> Vec<(String, String)> {
    let headers = hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default();
    headers.into_iter().map(|(name, value)| (name, header_text(value))).collect()
}

/// Bytes that are not UTF-8 cannot be compared with what a rule says anyway.
pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// The first bytes of the buffered request body, or of this chunk of one that is not buffered.
pub(crate) fn request_body(size: usize) -> Vec<u8> {
    hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size).ok().flatten().unwrap_or_default()
}

/// The first bytes of this chunk of the response.
pub(crate) fn response_start(size: usize) -> Vec<u8> {
    hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten().unwrap_or_default()
}

/// Sets a request header, replacing all values of that name.
pub(crate) fn set_request_header(name: &str, value: &str) {
    let value = header_bytes(value);
    if let Err(status) = hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, Some(&value)) {
        log::warn!("could not set the request header `{name}`: {status:?}");
    }
}

/// Lets Envoy look for the route again, since a header that it may depend on was set. Envoy's releases differ in whether
/// they do so by themselves; a release that does not know the function does.
pub(crate) fn clear_route_cache() {
    let _ = hostcalls::call_foreign_function("clear_route_cache", None);
}

/// Answers in the cluster's place.
pub(crate) fn reply(body: &str) {
    answer(200, vec![("content-type", "application/json")], body);
}

/// Says that somebody has to log in, and how, as Trino itself says it: 401, the reason as plain text.
pub(crate) fn reply_unauthorized(challenges: &[String], why: &str) {
    let challenges = challenges.iter().map(|challenge| ("www-authenticate", challenge.as_str()));
    answer(401, [("content-type", "text/plain")].into_iter().chain(challenges).collect(), why);
}

fn answer(status: u32, headers: Vec<(&str, &str)>, body: &str) {
    if let Err(status) = hostcalls::send_http_response(status, headers, Some(body.as_bytes())) {
        log::warn!("could not answer: {status:?}");
    }
}

/// Asks an Envoy cluster for something; the answer comes with [`HttpContext`](proxy_wasm::traits::HttpContext).
///
/// # Errors
/// In words, when nothing was sent.
pub(crate) fn http_call(
    cluster: &str,
    headers: &[(String, String)],
    body: &str,
    timeout: Duration,
) -> Result<(), String> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sent = hostcalls::dispatch_http_call(cluster, headers, Some(body.as_bytes()), Vec::new(), timeout);
    sent.map(drop).map_err(|status| format!("Envoy cannot ask it: {status:?}"))
}

/// Status and body of what was answered; none if nothing was.
pub(crate) fn http_answer(size: usize) -> Option<(String, Vec<u8>)> {
    let status = hostcalls::get_map_value(MapType::HttpCallResponseHeaders, ":status").ok().flatten()?;
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size).ok().flatten();
    Some((status, body.unwrap_or_default()))
}

/// The query goes on.
pub(crate) fn resume() {
    if let Err(status) = hostcalls::resume_http_request() {
        log::warn!("a query could not go on: {status:?}");
    }
}

/// Puts a value where the access log finds it, as `%FILTER_STATE(wasm.<name>:PLAIN)%`.
pub(crate) fn set_filter_state(name: &str, value: &[u8]) {
    if let Err(status) = hostcalls::set_property(vec![name], Some(value)) {
        log::warn!("could not set the filter state `{name}`: {status:?}");
    }
}

/// One value of Envoy's properties; none when it is not there.
pub(crate) fn property(path: Vec<&str>) -> Option<Vec<u8>> {
    hostcalls::get_property(path).ok().flatten()
}

/// The client's IP address.
pub(crate) fn remote_address() -> String {
    without_port(&property(vec!["source", "address"]).map(text).unwrap_or_default()).to_owned()
}

/// Envoy gives `IP:PORT`, an IPv6 address in brackets.
fn without_port(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(ip, _)| ip).trim_matches(['[', ']'])
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    let now = hostcalls::get_current_time().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    now.and_then(|d| i64::try_from(d.as_secs()).ok()).unwrap_or_default()
}

/// Asks for `on_tick`, on each worker.
pub(crate) fn tick_every(period: Duration) {
    if let Err(status) = hostcalls::set_tick_period(period) {
        log::warn!("could not ask for ticks: {status:?}");
    }
}

/// A counter's number; the same name gives the same counter.
pub(crate) fn define_counter(name: &str) -> Option<u32> {
    hostcalls::define_metric(MetricType::Counter, name).ok()
}

/// Adds to a counter.
pub(crate) fn increase(counter: u32, by: u32) {
    let _ = hostcalls::increment_metric(counter, by.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_port_off_an_address() {
        for (address, want) in [("10.0.0.1:4711", "10.0.0.1"), ("[::1]:4711", "::1"), ("", "")] {
            assert_eq!(without_port(address), want);
        }
    }
}
