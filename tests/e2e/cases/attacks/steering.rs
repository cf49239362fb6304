//! Words that steer, from a client: `door::a_client_cannot_steer` has each of them once on a new query; here they come twice,
//! on follow-ups, and in disguise.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::stack::Stack;
use warren_tests::{http, raw};

use super::{Row, bytes, each_is_answered, post, request, serves_on};

const ADHOC: &str = "http://gw.test/c/adhoc-1";
const NOT_BEGUN_HERE: &str = "this transaction was not begun here; begin a new one with START TRANSACTION";
/// Headers that say where a query goes or how Trino is reached, all lies.
const LIES: &str = "X-Warren-Cluster: group/etl\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Prefix: /evil\r\n\
                    X-Forwarded-Proto: https\r\nX-Forwarded-Port: 666\r\nForwarded: host=evil.test;proto=https\r\n\
                    X-Envoy-Original-Path: /v1/node\r\nX-Envoy-Decorator-Operation: x\r\n";

pub(in super::super) fn steering_headers_in_disguise_are_not_obeyed(stack: &Stack) -> Result<()> {
    let goes_on = |headers: &str| (post(headers), 200, ADHOC);
    let mut rows: Vec<Row> = vec![
        goes_on(LIES),
        goes_on(&LIES.repeat(2)),
        goes_on(&LIES.to_lowercase()),
        goes_on(&LIES.to_uppercase()),
        goes_on(&LIES.replace("X-", "x_").replace('-', "_")),
        goes_on(&LIES.replace(": ", ":")),
        goes_on("Connection: X-Warren-Cluster\r\n"),
        goes_on("Connection: keep-alive, X-Forwarded-Prefix, X-Trino-Transaction-Id, X-Envoy-Original-Path\r\n"),
        goes_on("X-HTTP-Method-Override: PUT\r\nX-Original-URL: /v1/node\r\nX-Rewrite-URL: /v1/node\r\n"),
        // Host and scheme are the client's own to say; they lead nobody else astray.
        (post("").replace("gw.test", "evil.test"), 200, "http://evil.test/c/adhoc-1"),
        (post("").replace("POST /", "POST http://evil.test/"), 200, "http://evil.test/c/adhoc-1"),
        (post("").replace("POST /", "POST https://evil.test/"), 403, "Forbidden"),
        (post("").replace("gw.test", "etl-1.ui.test"), 404, "only the cluster's UI is served on this host"),
    ];
    rows.push((request("GET", "/v1/info").replace("\r\n\r\n", &format!("\r\n{LIES}\r\n")), 200, "nodeVersion"));
    serves_on(stack, |base| each_is_answered(base, &rows))
}

pub(in super::super) fn a_follow_up_obeys_no_header(stack: &Stack) -> Result<()> {
    serves_on(stack, |base| {
        let lies: Vec<(&str, &str)> = LIES.lines().filter_map(|line| line.split_once(": ")).collect();
        let mut page = Session::user("alice").start(base, "SELECT * FROM tpch.sf1.orders LIMIT 20000")?;
        let id = page.id.clone();
        let mut pages = 0;
        while let Some(uri) = page.next_uri.take() {
            let reply = http::get(&uri, &lies)?.json(&uri)?;
            ensure!(reply["error"].is_null(), "{}", reply["error"]);
            page.next_uri = reply["nextUri"].as_str().map(str::to_owned);
            let home = format!("{base}/c/adhoc-1/v1/statement/");
            ensure!(page.next_uri.as_ref().is_none_or(|next| next.starts_with(&home)), "{:?}", page.next_uri);
            let info = reply["infoUri"].as_str().context("no infoUri")?;
            ensure!(info.starts_with(&format!("{base}/c/adhoc-1/ui/")), "{info}");
            pages += 1;
        }
        ensure!(pages > 3, "only {pages} pages");
        assert_eq!(stack.who_knows(&id)?, ["adhoc-1"]);
        Ok(())
    })
}

/// A transaction id leads to a cluster, so a client may name any; but no query runs there without a transaction.
pub(in super::super) fn a_forged_transaction_runs_nothing(stack: &Stack) -> Result<()> {
    let uuid = "0e6b2c1e-8c4c-4c1e-9f3a-0123456789ab";
    let header = |value: &str| post(&format!("X-Trino-Transaction-Id: {value}\r\n"));
    let two = |first: &str, second: &str| {
        post(&format!("X-Trino-Transaction-Id: {first}\r\nX-Trino-Transaction-Id: {second}\r\n"))
    };
    let etl = format!("{uuid}@etl-1");
    let rows: &[Row] = &[
        (header("NONE@vip"), 200, NOT_BEGUN_HERE),
        (header("NONE@etl-1"), 200, NOT_BEGUN_HERE),
        (header("@etl-1"), 200, NOT_BEGUN_HERE),
        (header("NONE, NONE"), 200, NOT_BEGUN_HERE),
        (header(&format!("{etl}, NONE")), 200, NOT_BEGUN_HERE),
        (header(&format!("{etl}/../etl-2")), 200, NOT_BEGUN_HERE),
        (header(&format!("{uuid}@cluster/etl-1")), 200, NOT_BEGUN_HERE),
        (header(&"a".repeat(60_000)), 200, NOT_BEGUN_HERE),
        // The first counts, for the rules, for the filter and for Trino.
        (two("NONE", &etl), 200, ADHOC),
        (two("", &etl), 200, ADHOC),
        (two("x", "NONE"), 200, NOT_BEGUN_HERE),
        (header(&etl), 200, "http://gw.test/c/etl-1"),
    ];
    serves_on(stack, |base| {
        each_is_answered(base, rows)?;
        let unknown = format!(
            "Unknown transaction ID: {uuid}. Possibly expired? Commands ignored until end of transaction block"
        );
        for (sql, message) in [
            ("SELECT 1", unknown.as_str()),
            ("COMMIT", &unknown),
            ("START TRANSACTION", "Nested transactions not supported"),
        ] {
            let query = Session::user("alice").header("X-Trino-Transaction-Id", &etl).run(base, sql)?;
            let error = query.error.with_context(|| format!("{sql} ran in a transaction that never began"))?;
            assert_eq!(error.message, message, "{sql}");
        }
        // What the client says of its transaction never reaches Trino as it is.
        let reply = raw::ask(base, &bytes(&two(&etl, "NONE")))?.context("closed")?;
        ensure!(reply.body.contains("/c/etl-1/"), "{}", reply.body);
        Ok(())
    })
}
