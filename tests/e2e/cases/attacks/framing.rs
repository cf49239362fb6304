//! Requests that are not what HTTP says, or say it twice: refused at the door, before any rule.

use anyhow::Result;
use warren_tests::stack::Stack;

use super::{ALICE, Row, each_is_answered, post, query, request, serves_on};

pub(in super::super) fn malformed_requests_are_refused_at_the_door(stack: &Stack) -> Result<()> {
    let bad = |headers: &str| (post(headers), 400, "Bad Request");
    let line = |line: &str| (format!("{line}\r\nHost: gw.test\r\n{ALICE}\r\n"), 400, "Bad Request");
    let old = |request: &str| (request.to_owned(), 426, "Upgrade Required");
    let rows: &[Row] = &[
        bad("Content-Length: 3\r\n"),
        bad("Transfer-Encoding: chunked\r\n"),
        bad("Transfer-Encoding: chunked, identity\r\n"),
        bad("X-Warren-Cluster : cluster/etl-1\r\n"),
        bad("X A: a\r\n"),
        bad("X-A\0: a\r\n"),
        bad("X-A: a\0b\r\n"),
        bad("X-A: \u{1f}\r\n"),
        bad("X-A: \u{7f}\r\n"),
        bad("X-Ä: a\r\n"),
        bad(": a\r\n"),
        bad(":path: /v1/info\r\n"),
        bad(":authority: evil.test\r\n"),
        bad("Connection: :path\r\n"),
        bad("Connection: X-Forwarded-Proto\r\n"),
        line("get /v1/info HTTP/1.1"),
        line("GE T /v1/info HTTP/1.1"),
        line("G\0T /v1/info HTTP/1.1"),
        line("GET  HTTP/1.1"),
        line("GET v1/info HTTP/1.1"),
        line("GET / /v1/info HTTP/1.1"),
        line("GET * HTTP/1.1"),
        line("GET http:///v1/info HTTP/1.1"),
        line("GET ftp://gw.test/v1/info HTTP/1.1"),
        line("CONNECT /v1/statement HTTP/1.1"),
        (query(ALICE, "SELECT 1").replace("gw.test", "a b/c@d"), 400, "Bad Request"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(), 400, "Bad Request"),
        old("GET /v1/info\r\n\r\n"),
        old("GET /v1/info HTTP/1.0\r\n\r\n"),
        old("POST /v1/statement HTTP/1.0\r\nHost: gw.test\r\nX-Trino-User: alice\r\nContent-Length: 8\r\n\r\nSELECT 1"),
        old("GET /v1/info HTTP/2.0\r\nHost: gw.test\r\n\r\n"),
        ("GET /v1/info HTTP/1.1\r\n\r\n".to_owned(), 400, ""),
        ("GET /v1/info HTTP/1.1\r\nHost:\r\n\r\n".to_owned(), 400, "HTTP ERROR 400 Blank Host"),
        (post("Connection: Host\r\n"), 400, ""),
        (post("Upgrade: websocket\r\nConnection: Upgrade\r\n"), 403, ""),
        (request("CONNECT", "evil.test:443"), 404, ""),
    ];
    serves_on(stack, |base| each_is_answered(base, rows))
}

pub(in super::super) fn oddities_that_change_nothing_are_let_through(stack: &Stack) -> Result<()> {
    let adhoc = "http://gw.test/c/adhoc-1";
    let odd = |headers: &str| (post(headers), 200, adhoc);
    let rows: &[Row] = &[
        odd(""),
        odd("X-A: a\r\n folded\r\n"),
        odd("X-A: a\r\n X-Warren-Cluster: cluster/etl-1\r\n"),
        odd("X-A: \u{e4}\u{ff}\r\n"),
        odd("TE: trailers\r\n"),
        odd("Content-Encoding: gzip\r\n"),
        odd("Content-Type: multipart/form-data\r\n"),
        odd("Max-Forwards: 0\r\n"),
        odd("Expect: 100-continue\r\n"),
        // Trino would answer 417 and close the connection, perhaps under somebody else's query.
        odd("Expect: 200-ok\r\n"),
        odd("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        (post("").replace("\r\n", "\n"), 200, adhoc),
        (format!("\r\n\r\n{}", post("")), 200, adhoc),
        (
            format!(
                "POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{ALICE}Transfer-Encoding: chunked\r\n\r\n\
                     4\r\nSELE\r\n4;x=y\r\nCT 1\r\n0\r\nX-Warren-Cluster: cluster/etl-1\r\n\r\n"
            ),
            200,
            adhoc,
        ),
    ];
    serves_on(stack, |base| each_is_answered(base, rows))
}
