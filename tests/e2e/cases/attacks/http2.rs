//! The same over HTTP/2, which frames requests otherwise: fields that HTTP/1 cannot have, and pseudo-headers.

use anyhow::{Result, ensure};
use warren_tests::raw_http2;
use warren_tests::stack::Stack;

use super::{said, serves_on};

const ADHOC: &str = "http://gw.test/c/adhoc-1";
const NOT_HERE: &str = "this path is not served here; queries go to /v1/statement";
const ONLY_FOLLOW_UPS: &str = "only the follow-ups of running queries are served under this prefix";
/// The stream is reset, or the connection closed.
const RESET: (u16, &str) = (0, "reset");

type Fields<'a> = &'a [(&'a str, &'a str)];

pub(in super::super) fn nothing_steers_over_http2_either(stack: &Stack) -> Result<()> {
    let steering: &[(Fields, (u16, &str))] = &[
        (&[], (200, ADHOC)),
        (&[("x-warren-cluster", "cluster/etl-1")], (200, ADHOC)),
        (&[("x-warren-cluster", "group/etl"), ("x-warren-cluster", "cluster/etl-1")], (200, ADHOC)),
        (&[("x-forwarded-prefix", "/evil"), ("x-forwarded-host", "evil.test")], (200, ADHOC)),
        (&[("forwarded", "host=evil.test"), ("x-envoy-original-path", "/v1/node")], (200, ADHOC)),
        (&[("x_forwarded_prefix", "/evil"), ("x_trino_user", "bob")], (200, ADHOC)),
        (&[("host", "evil.test")], (200, ADHOC)),
        (&[("expect", "200-ok")], (200, ADHOC)),
        (
            &[("x-trino-transaction-id", "NONE@vip")],
            (200, "this transaction was not begun here; begin a new one with START TRANSACTION"),
        ),
        (&[("X-Warren-Cluster", "cluster/etl-1")], RESET),
        (&[("connection", "x-trino-user")], RESET),
        (&[("transfer-encoding", "chunked")], RESET),
        (&[("content-length", "3")], RESET),
        (&[("x-a", "a\r\nx-warren-cluster: cluster/etl-1")], RESET),
        (&[("x-a", "a\0b")], RESET),
        (&[("x a", "a")], RESET),
        (&[("", "a")], RESET),
        (&[(":path", "/v1/info")], RESET),
        (&[(":authority", "evil.test")], RESET),
        (&[(":status", "200")], RESET),
    ];
    serves_on(stack, |base| {
        let mut wrong = Vec::new();
        for (more, want) in steering {
            let fields = [&request("POST", "/v1/statement"), *more].concat();
            check(base, &fields, "SELECT 1", *want, &mut wrong)?;
        }
        for (method, path, want) in [
            ("GET", "/v1/./info", (200, "nodeVersion")),
            ("GET", "//v1/inf%6f", (200, "nodeVersion")),
            ("GET", "/v1%2finfo", (400, "")),
            ("GET", "/v1/info#x", (400, "")),
            ("GET", "/v1/info/../node", (404, NOT_HERE)),
            ("GET", "/c/etl-1/v1/query/../node", (404, ONLY_FOLLOW_UPS)),
            ("PUT", "/c/etl-1/v1/info/state", (404, ONLY_FOLLOW_UPS)),
            ("GET", "http://evil.test/v1/node", RESET),
            ("GET", "v1/info", RESET),
            ("GET", "*", RESET),
            ("GET", "", RESET),
            ("GE T", "/v1/info", RESET),
            ("CONNECT", "/v1/info", RESET),
        ] {
            check(base, &request(method, path), "", want, &mut wrong)?;
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
}

/// What one connection may hold of Envoy's memory.
pub(in super::super) fn a_connection_holds_so_many_streams_and_bytes(stack: &Stack) -> Result<()> {
    const MAX_CONCURRENT_STREAMS: u16 = 3;
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let settings = raw_http2::settings(&stack.url(0)?)?;
    let of = |setting| settings.get(&setting).copied();
    // 64 KiB is a byte more than the protocol's own default.
    assert_eq!((of(MAX_CONCURRENT_STREAMS), of(INITIAL_WINDOW_SIZE)), (Some(100), Some(65_536)), "{settings:?}");
    Ok(())
}

/// Queries that are begun and taken back at once ("rapid reset"): work for Envoy, nearly none for the attacker.
pub(in super::super) fn a_storm_of_resets_costs_its_own_connection_only(stack: &Stack) -> Result<()> {
    serves_on(stack, |base| {
        ensure!(raw_http2::begin_and_reset(base, &request("POST", "/v1/statement"), 2_000)?, "it went on taking them");
        Ok(())
    })
}

fn request<'a>(method: &'a str, path: &'a str) -> [(&'a str, &'a str); 5] {
    [(":method", method), (":scheme", "http"), (":authority", "gw.test"), (":path", path), ("x-trino-user", "alice")]
}

fn check(base: &str, fields: Fields, body: &str, want: (u16, &str), wrong: &mut Vec<String>) -> Result<()> {
    let reply = raw_http2::ask(base, fields, body)?;
    let got = reply.map_or((0, "reset".to_owned()), |reply| (reply.status.as_u16(), said(&reply)));
    if got != (want.0, want.1.to_owned()) {
        wrong.push(format!("{fields:?}\n   got {got:?}\nwanted {want:?}"));
    }
    Ok(())
}
