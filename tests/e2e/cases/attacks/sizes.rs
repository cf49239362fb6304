//! Too much: headers, paths, bodies.

use anyhow::{Context, Result};
use warren_tests::client::Session;
use warren_tests::stack::Stack;

use super::{ALICE, Row, each_is_answered, post, query, request, serves_on};

const KB: usize = 1024;
const MB: usize = 1024 * KB;
const TOO_LARGE: &str = "Request Header Fields Too Large";

pub(in super::super) fn headers_are_taken_up_to_two_megabytes(stack: &Stack) -> Result<()> {
    let big = |size: usize| post(&format!("X-Big: {}\r\n", "a".repeat(size)));
    let many = |count: usize| post(&(0..count).map(|n| format!("X-H{n}: a\r\n")).collect::<String>());
    let adhoc = "http://gw.test/c/adhoc-1";
    let rows: &[Row] = &[
        (big(60 * KB), 200, adhoc),
        (big(2000 * KB), 200, adhoc),
        (big(2 * MB), 431, TOO_LARGE),
        (big(3 * MB), 431, TOO_LARGE),
        (many(900), 200, adhoc),
        (many(1_000), 431, TOO_LARGE),
        (many(100_000), 431, TOO_LARGE),
        (post(&format!("X-{}: a\r\n", "a".repeat(60 * KB))), 200, adhoc),
        (post(&format!("X-Trino-Session: {}=1\r\n", "a".repeat(60 * KB))), 200, adhoc),
        (post(&format!("X-Trino-Client-Tags: {}\r\n", "a,".repeat(500 * KB))), 200, adhoc),
        // Facts are read from all of it, and are cut to size.
        (query(&format!("X-Trino-User: {}\r\n", "a".repeat(MB)), "SELECT 1"), 200, adhoc),
        (request("GET", &format!("/v1/info?{}", "a".repeat(60 * KB))), 200, "nodeVersion"),
        (request("GET", &format!("/v1/info?{}", "a".repeat(3 * MB))), 431, TOO_LARGE),
        (request("GET", &format!("/{}v1/info", "a/../".repeat(12 * KB))), 200, "nodeVersion"),
        (request("GET", &format!("{}v1/info", "/".repeat(MB))), 200, "nodeVersion"),
        (request("GET", &format!("/c/etl-1/v1/query/{}", "a".repeat(MB))), 410, "Error 410 Gone: HTTP 410 Gone"),
    ];
    serves_on(stack, |base| each_is_answered(base, rows))
}

/// With rules that read no text it goes through as it comes (`body` has the other half): its length is Trino's to judge.
pub(in super::super) fn a_long_text_that_no_rule_reads_is_trinos_to_refuse(stack: &Stack) -> Result<()> {
    serves_on(stack, |base| {
        for size in [5 * MB, 20 * MB] {
            let sql = format!("SELECT 1 {}", " ".repeat(size));
            let error = Session::user("alice").run(base, &sql)?.error.context("it was accepted")?;
            let length = sql.len();
            assert_eq!(error.message, format!("Query text length ({length}) exceeds the maximum length (1000000)"));
        }
        let chunk = format!("{:x}\r\n{}\r\n", MB, " ".repeat(MB));
        let chunked = format!(
            "POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{ALICE}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
            chunk.repeat(5)
        );
        each_is_answered(base, &[(chunked, 200, "http://gw.test/c/adhoc-1")])
    })
}
