//! A coordinator that costs as little as can be: it answers as Trino does, at once, and runs nothing.
//!
//! One thread, so that it can be held on one core. Every query gets an id of its own, in Trino's form, since Trino Gateway
//! keeps them under that key; follow-ups of any query are answered with the last page.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::rc::Rc;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// Where it tells how many queries and follow-ups it has answered: `[queries, follow-ups]`.
pub(super) const COUNTS: &str = "/bench/counts";

/// The last part of its query ids: five characters, as a coordinator makes them up at its start.
const COORDINATOR_ID: &str = "bench";

const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

const INFO: &str =
    r#"{"nodeVersion":{"version":"476"},"environment":"bench","coordinator":true,"starting":false,"uptime":"1.00h"}"#;

const QUEUED: &str = r#""stats":{"state":"QUEUED","queued":true,"scheduled":false,"progressPercentage":0.0,"runningPercentage":0.0,"nodes":0,"totalSplits":0,"queuedSplits":0,"runningSplits":0,"completedSplits":0,"planningTimeMillis":0,"analysisTimeMillis":0,"cpuTimeMillis":0,"wallTimeMillis":0,"queuedTimeMillis":0,"elapsedTimeMillis":0,"finishingTimeMillis":0,"physicalInputTimeMillis":0,"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"physicalWrittenBytes":0,"internalNetworkInputBytes":0,"peakMemoryBytes":0,"spilledBytes":0},"warnings":[]}"#;

const FINISHED: &str = r#""columns":[{"name":"_col0","type":"integer","typeSignature":{"rawType":"integer","arguments":[]}}],"data":[[1]],"stats":{"state":"FINISHED","queued":false,"scheduled":true,"progressPercentage":100.0,"runningPercentage":0.0,"nodes":1,"totalSplits":1,"queuedSplits":0,"runningSplits":0,"completedSplits":1,"planningTimeMillis":3,"analysisTimeMillis":1,"cpuTimeMillis":1,"wallTimeMillis":1,"queuedTimeMillis":0,"elapsedTimeMillis":7,"finishingTimeMillis":1,"physicalInputTimeMillis":0,"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"physicalWrittenBytes":0,"internalNetworkInputBytes":0,"peakMemoryBytes":56,"spilledBytes":0},"warnings":[]}"#;

/// Serves on 127.0.0.1 until the process ends.
pub fn serve(port: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().context("no runtime")?;
    LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("the port is taken")?;
        let coordinator = Rc::new(Coordinator::default());
        loop {
            let (stream, _) = listener.accept().await.context("no connection can be accepted")?;
            stream.set_nodelay(true).context("a connection broke at once")?;
            let coordinator = coordinator.clone();
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| coordinator.answer(request));
                // A client that goes away in mid-request is the client's affair.
                drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
            });
        }
    })
}

#[derive(Default)]
struct Coordinator {
    queries: Cell<u64>,
    follow_ups: Cell<u64>,
    /// Second of the last query, and how it is written in ids.
    second: Cell<(i64, [u8; 15])>,
}

impl Coordinator {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let text = match (&head.method, head.uri.path()) {
            (&Method::POST, "/v1/statement") => {
                // A text that broke off is no matter: the answer is the same.
                drop(body.collect().await);
                self.queries.set(self.queries.get() + 1);
                self.queued(&head.headers)
            }
            (&Method::GET, path) if path.starts_with("/v1/statement/") => {
                self.follow_ups.set(self.follow_ups.get() + 1);
                let id = path.split('/').nth(4).unwrap_or_default();
                format!(r#"{{"id":"{id}","infoUri":"http://bench/ui/query.html?{id}",{FINISHED}"#)
            }
            (_, "/v1/info") => INFO.to_owned(),
            (_, COUNTS) => format!("[{},{}]", self.queries.get(), self.follow_ups.get()),
            _ => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::NOT_FOUND;
                return Ok(response);
            }
        };
        let mut response = Response::new(Full::from(text));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    fn queued(&self, headers: &hyper::HeaderMap) -> String {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (host, prefix, id) = (text(&HOST), text(&PREFIX), self.next_id(OffsetDateTime::now_utc()));
        format!(
            r#"{{"id":"{id}","infoUri":"http://{host}/ui/query.html?{id}","nextUri":"http://{host}{prefix}/v1/statement/queued/{id}/y0123456789abcdef/1",{QUEUED}"#
        )
    }

    /// `yyyyMMdd_HHmmss_NNNNN_xxxxx`, as `io.trino.dispatcher.QueryIdGenerator` writes it. No id twice below 100,000 queries
    /// a second.
    fn next_id(&self, now: OffsetDateTime) -> String {
        let (mut second, mut written) = self.second.get();
        if second != now.unix_timestamp() {
            second = now.unix_timestamp();
            // Years have four digits, so the text fits the array exactly.
            drop(now.format_into(&mut written.as_mut_slice(), FORM));
            self.second.set((second, written));
        }
        let time = std::str::from_utf8(&written).unwrap_or_default();
        format!("{time}_{:05}_{COORDINATOR_ID}", self.queries.get() % 100_000)
    }
}

const FORM: &[time::format_description::BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]_[hour][minute][second]");

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn ids_have_trinos_form_and_differ() {
        let coordinator = Coordinator::default();
        assert_eq!(coordinator.next_id(datetime!(2026-11-25 09:05:07 UTC)), "20261125_090507_00000_bench");
        coordinator.queries.set(123_456);
        assert_eq!(coordinator.next_id(datetime!(2026-11-25 09:05:08 UTC)), "20261125_090508_23456_bench");
    }

    #[test]
    fn a_next_uri_carries_the_prefix_that_it_was_told() {
        let coordinator = Coordinator::default();
        let mut headers = hyper::HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("trino:8080"));
        headers.insert(PREFIX, HeaderValue::from_static("/c/a"));
        let page: serde_json::Value = serde_json::from_str(&coordinator.queued(&headers)).unwrap();
        let id = page["id"].as_str().unwrap();
        assert_eq!(page["nextUri"], format!("http://trino:8080/c/a/v1/statement/queued/{id}/y0123456789abcdef/1"));
        assert_eq!(page["stats"]["state"], "QUEUED");
    }
}
