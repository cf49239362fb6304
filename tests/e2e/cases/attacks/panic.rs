//! The filter panics. It should never; a build of it with a planted panic shows what it costs when it does.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http::Reply;
use warren_tests::ports::free_port;
use warren_tests::raw::{self, Raw};
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions, planted_filter};

use super::super::SOON;
use super::{ALICE, post, reloads, said};

const ADHOC: &str = "http://gw.test/c/adhoc-1";
const FAILED: &str = "the routing filter failed; try again";
/// After a panic the VM is made anew within this: back-off of at most a second (`resources::wasm`), and some milliseconds.
const BACK: Duration = Duration::from_secs(5);

pub(in super::super) fn a_panic_costs_its_query_and_those_in_the_filter_and_no_more(stack: &Stack) -> Result<()> {
    let port = free_port()?;
    let options = WarrenOptions {
        name: "warren-planted".to_owned(),
        database_url: stack.postgres.url(),
        listen: port,
        filter: Some(planted_filter()?),
        default_group: "adhoc".to_owned(),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let config = warren.bootstrap("envoy-planted", port)?;
    let envoy = Envoy::start(&stack.programs, &stack.run, "envoy-planted", &config, 1)?;
    let base = format!("http://127.0.0.1:{port}");
    let ask = |headers: &str| -> Result<Reply> {
        raw::ask(&base, post(headers).as_bytes())?.context("closed without a reply")
    };
    let good = || {
        let reply = ask("")?;
        ensure!(said(&reply) == ADHOC, "{}: {}", reply.status, reply.body);
        Ok(())
    };
    eventually(SOON, "the Envoy with the planted filter to serve", good)?;
    assert_eq!(reloads(&envoy)?, [0; 3]);

    // In flight: a follow-up, which is not in the filter, and a query whose text is still coming, which is.
    let mut running = Session::user("alice").start(&base, "SELECT * FROM tpch.sf1.orders LIMIT 100000")?;
    let mut sending = Raw::connect(&base)?;
    let head = format!("POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{ALICE}Content-Length: 8\r\n\r\nSELE");
    sending.send(head.as_bytes());
    eventually(SOON, "the filter to have seen both", || {
        let active = envoy.stat("http.warren.downstream_rq_active")?;
        ensure!(active == 1, "{active} requests");
        Ok(())
    })?;

    let tripping = ask("X-Planted-Panic: 1\r\n")?;
    assert_eq!((tripping.status.as_u16(), said(&tripping).as_str()), (503, FAILED));
    sending.send(b"CT 1");
    let sending = sending.reply(false, SOON)?.context("closed without a reply")?;
    assert_eq!((sending.status.as_u16(), said(&sending).as_str()), (503, FAILED));
    running.finish()?;
    assert_eq!(running.success()?.rows.len(), 100_000);
    eventually(BACK, "new queries to be answered again", good)?;
    assert_eq!(reloads(&envoy)?[..2], [1, 0]);

    // Panic upon panic: a client's cluster header is not obeyed in the meantime, and it is soon over.
    let replies: Vec<Reply> = thread::scope(|scope| {
        let tripping = scope.spawn(|| (0..20).try_for_each(|_| ask("X-Planted-Panic: 1\r\n").map(drop)));
        let steered: Result<Vec<Reply>> = (0..100).map(|_| ask("X-Warren-Cluster: cluster/etl-1\r\n")).collect();
        tripping.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        steered
    })?;
    for reply in &replies {
        let got = (reply.status.as_u16(), said(reply));
        ensure!(got == (200, ADHOC.to_owned()) || got == (503, FAILED.to_owned()), "{got:?}");
    }
    ensure!(replies.iter().any(|reply| reply.status == 503), "no query came in the meantime");
    eventually(BACK, "new queries to be answered again", good)?;
    ensure!(reloads(&envoy)?[0] > 1, "{:?}", reloads(&envoy)?);
    Ok(())
}
