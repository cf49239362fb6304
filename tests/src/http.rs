//! Plain HTTP to the programs on this machine.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Response, StatusCode};

/// The largest reply that a test reads.
const BODY_LIMIT: u64 = 256 * 1024 * 1024;

/// A reply, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, as text.
    pub body: String,
}

/// An agent that returns every status as it is and follows no redirect. Each request has a connection of its own: a kept
/// one may lead to a program that was killed since.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(0)
        .max_response_header_size(4 * 1024 * 1024)
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// Reads a reply to its end.
pub fn read(response: Response<ureq::Body>) -> Result<Reply> {
    let (head, mut body) = response.into_parts();
    let body = body.with_config().limit(BODY_LIMIT).read_to_string().context("the reply broke off")?;
    Ok(Reply { status: head.status, headers: head.headers, body })
}

/// GET with headers.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Result<Reply> {
    let mut request = agent().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.call().with_context(|| format!("GET {url}"))?)
}

/// Any method, with headers and a body.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Result<Reply> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    // GET and HEAD with a body, however empty, are not what a client sends.
    let response = if body.is_empty() && method != "POST" && method != "PUT" {
        agent().run(request.body(())?)
    } else {
        agent().run(request.body(body.to_owned())?)
    };
    read(response.with_context(|| format!("{method} {url}"))?)
}

// === impl Reply ===

impl Reply {
    /// The body, if the status says success.
    pub fn success(self, what: &str) -> Result<String> {
        ensure!(self.status.is_success(), "{what}: {}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// The body as JSON, if the status says success.
    pub fn json(self, what: &str) -> Result<Value> {
        let body = self.success(what)?;
        serde_json::from_str(&body).with_context(|| format!("{what}: not JSON: {body}"))
    }

    /// A header's first value, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
