//! A Trino client that takes one step at a time, so that a test can look, break something, or move to another Envoy
//! between two pages.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use ureq::http::{HeaderMap, Uri};

use crate::http::{self, Reply};

/// Who asks, and how: what a real client sends with each query.
#[derive(Debug, Clone)]
pub struct Session {
    user: String,
    source: Option<String>,
    client_tags: Vec<String>,
    headers: Vec<(String, String)>,
}

/// A query under way.
#[derive(Debug, Clone)]
pub struct Query {
    session: Session,
    /// Trino's id of it.
    pub id: String,
    /// Where a person may look at it.
    pub info_uri: String,
    /// Names of the columns, once known.
    pub columns: Vec<String>,
    /// Rows so far.
    pub rows: Vec<Vec<Value>>,
    /// Trino's word for its state, as of the last page.
    pub state: String,
    /// Why it failed, if it did.
    pub error: Option<QueryError>,
    /// Address of the next page; `None` at the end.
    pub next_uri: Option<String>,
    /// Every `nextUri` so far, in order.
    pub all_next_uris: Vec<String>,
    /// Headers of the reply to the POST.
    pub first_headers: HeaderMap,
    /// Headers of the last page.
    pub last_headers: HeaderMap,
}

/// Trino's error, or Warren's in Trino's form.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryError {
    /// What is wrong.
    pub message: String,
    /// Number of the error.
    #[serde(default)]
    pub error_code: i64,
    /// Name of the error, such as `SYNTAX_ERROR`.
    #[serde(default)]
    pub error_name: String,
    /// `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES` or `EXTERNAL`.
    #[serde(default)]
    pub error_type: String,
}

/// The reply was not a page of a query: a refusal at the door, a 404, a 503.
#[derive(Debug, Clone)]
pub struct NotAPage {
    /// What was asked for.
    pub request: String,
    /// What came.
    pub reply: Reply,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    id: String,
    info_uri: String,
    next_uri: Option<String>,
    columns: Option<Vec<Column>>,
    data: Option<Vec<Vec<Value>>>,
    stats: Stats,
    error: Option<QueryError>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Stats {
    state: String,
}

// === impl Session ===

impl Session {
    /// A session of a user.
    pub fn user(name: &str) -> Self {
        Self { user: name.to_owned(), source: None, client_tags: Vec::new(), headers: Vec::new() }
    }

    /// Names the program that asks (`X-Trino-Source`).
    pub fn source(mut self, name: &str) -> Self {
        self.source = Some(name.to_owned());
        self
    }

    /// Adds a client tag (`X-Trino-Client-Tags`).
    pub fn tag(mut self, tag: &str) -> Self {
        self.client_tags.push(tag.to_owned());
        self
    }

    /// Adds a header to the POST and to every follow-up.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a query to `base` (`http://host:port`) and reads the first reply. Nothing runs at Trino before `step`.
    pub fn start(&self, base: &str, sql: &str) -> Result<Query> {
        let url = format!("{base}/v1/statement");
        let mut request = http::agent().post(&url);
        for (name, value) in self.all_headers() {
            request = request.header(name, value);
        }
        let reply = http::read(request.send(sql).with_context(|| format!("POST {url}"))?)?;
        let mut query = Query {
            session: self.clone(),
            id: String::new(),
            info_uri: String::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            state: String::new(),
            error: None,
            next_uri: None,
            all_next_uris: Vec::new(),
            first_headers: reply.headers.clone(),
            last_headers: HeaderMap::new(),
        };
        query.take_in(&format!("POST {url}"), reply)?;
        Ok(query)
    }

    /// Sends a query and follows it to its end. A query that Trino says failed is `Ok`, with `error` set.
    pub fn run(&self, base: &str, sql: &str) -> Result<Query> {
        let mut query = self.start(base, sql)?;
        query.finish()?;
        Ok(query)
    }

    fn all_headers(&self) -> Vec<(&str, String)> {
        let mut headers = vec![("X-Trino-User", self.user.clone())];
        headers.extend(self.source.iter().map(|source| ("X-Trino-Source", source.clone())));
        if !self.client_tags.is_empty() {
            headers.push(("X-Trino-Client-Tags", self.client_tags.join(",")));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())));
        headers
    }
}

// === impl Query ===

impl Query {
    /// Reads the next page; `false` when there is none.
    pub fn step(&mut self) -> Result<bool> {
        let Some(url) = self.next_uri.clone() else {
            return Ok(false);
        };
        self.read_page(&url)
    }

    /// Reads the next page from another Envoy: scheme, host and port of `nextUri` are replaced by those of `base`.
    pub fn step_at(&mut self, base: &str) -> Result<bool> {
        let Some(url) = &self.next_uri else {
            return Ok(false);
        };
        let url = moved(url, base)?;
        self.read_page(&url)
    }

    /// Follows the query to its end, five minutes at most.
    pub fn finish(&mut self) -> Result<()> {
        self.follow(Query::step)
    }

    /// Follows the query to its end through another Envoy.
    pub fn finish_at(&mut self, base: &str) -> Result<()> {
        self.follow(|query| query.step_at(base))
    }

    /// Cancels the query as clients do: DELETE of the next page. Returns the reply, 204 when all is well.
    pub fn cancel(&self) -> Result<Reply> {
        let url = self.next_uri.as_ref().context("the query is at its end; there is nothing to cancel")?;
        let mut request = http::agent().delete(url);
        for (name, value) in self.session.all_headers() {
            request = request.header(name, value);
        }
        http::read(request.call().with_context(|| format!("DELETE {url}"))?)
    }

    /// The query itself if it succeeded, its error otherwise.
    pub fn success(self) -> Result<Self> {
        if let Some(error) = &self.error {
            anyhow::bail!("query {} failed: {error}", self.id);
        }
        Ok(self)
    }

    /// The slug that the first `nextUri` carries: the coordinator that took the query.
    pub fn slug(&self) -> &str {
        let uri = self.all_next_uris.first().map(String::as_str).unwrap_or_default();
        uri.split("/c/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }

    /// The only value of a query that returns one.
    pub fn value(&self) -> Option<&Value> {
        self.rows.first()?.first()
    }

    fn follow(&mut self, mut step: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while step(self)? {
            ensure!(
                start.elapsed() < Duration::from_secs(300),
                "query {} is still {} after 5 minutes",
                self.id,
                self.state
            );
        }
        Ok(())
    }

    fn read_page(&mut self, url: &str) -> Result<bool> {
        let headers = self.session.all_headers();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = http::get(url, &headers)?;
        self.take_in(&format!("GET {url}"), reply)?;
        Ok(self.next_uri.is_some())
    }

    fn take_in(&mut self, request: &str, reply: Reply) -> Result<()> {
        let page: Page = match serde_json::from_str(&reply.body) {
            Ok(page) if reply.status == 200 => page,
            _ => {
                return Err(NotAPage { request: request.to_owned(), reply }.into());
            }
        };
        self.id = page.id;
        self.info_uri = page.info_uri;
        if let Some(columns) = page.columns {
            self.columns = columns.into_iter().map(|column| column.name).collect();
        }
        self.rows.extend(page.data.unwrap_or_default());
        self.state = page.stats.state;
        self.error = page.error;
        self.all_next_uris.extend(page.next_uri.iter().cloned());
        self.next_uri = page.next_uri;
        self.last_headers = reply.headers;
        Ok(())
    }
}

/// The same path at another place.
fn moved(url: &str, base: &str) -> Result<String> {
    let uri: Uri = url.parse().with_context(|| format!("{url}: not an address"))?;
    let path = uri.path_and_query().with_context(|| format!("{url}: has no path"))?;
    Ok(format!("{}{path}", base.trim_end_matches('/')))
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.message, self.error_name, self.error_type)
    }
}

impl fmt::Display for NotAPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.request, self.reply.status, self.reply.body)
    }
}

impl std::error::Error for NotAPage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_can_be_read_from_another_envoy() {
        let url = "http://127.0.0.1:8080/c/etl-1/v1/statement/queued/20260101_000000_00000_abcde/y12/1?slug=a";
        assert_eq!(
            moved(url, "https://other:8443/").unwrap(),
            "https://other:8443/c/etl-1/v1/statement/queued/20260101_000000_00000_abcde/y12/1?slug=a"
        );
    }
}
