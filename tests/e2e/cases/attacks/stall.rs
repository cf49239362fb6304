//! Clients that stop in the midst of a request: they get so long, and no longer.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::ports::free_port;
use warren_tests::raw::Raw;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

use super::super::SOON;
use super::{ALICE, post, said};

/// `--request-timeout` here; five minutes if nothing is said.
const BOUND: Duration = Duration::from_secs(6);
/// The pause between two pieces of a slow upload.
const PAUSE: Duration = Duration::from_millis(200);

pub(in super::super) fn a_stalled_request_is_ended_and_a_slow_one_is_not(stack: &Stack) -> Result<()> {
    let port = free_port()?;
    let options = WarrenOptions {
        name: "warren-stall".to_owned(),
        database_url: stack.postgres.url(),
        listen: port,
        default_group: "adhoc".to_owned(),
        more: vec!["--request-timeout".to_owned(), "6s".to_owned()],
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let envoy = Envoy::start(&stack.programs, &stack.run, "envoy-stall", &warren.bootstrap("envoy-stall", port)?, 1)?;
    let base = format!("http://127.0.0.1:{port}");
    let serves = |source: &str| {
        eventually(SOON, "the third Envoy to serve", || {
            let mut raw = Raw::connect(&base)?;
            raw.send(post(&format!("X-Trino-Source: {source}\r\n")).as_bytes());
            let reply = raw.reply(false, SOON)?.context("closed")?;
            ensure!(said(&reply) == "http://gw.test/c/adhoc-1", "{}", reply.body);
            Ok(reply.header("x-warren-rule").map(str::to_owned))
        })
    };
    serves("before")?;
    // Rules that read no text: the body goes on to Trino piece by piece.
    stalls(&base, &envoy)?;
    slow_upload(&base)?;

    // Rules that read the text: the query waits in the filter.
    let rules =
        "rule(\"long\", |q| if q.sql.text.ends_with(\"  \") { deny(\"long\") });\notherwise(route(\"adhoc\"));\n";
    stack.put_rules(&[("rules.rhai".to_owned(), rules.to_owned())])?;
    eventually(SOON, "the third Envoy to have the rules that read the text", || {
        let dump = envoy.admin("/config_dump?resource=ecds_filters")?;
        ensure!(dump.contains("ends_with"), "not yet");
        Ok(())
    })?;
    stalls(&base, &envoy)?;
    slow_upload(&base)?;
    serves("after")?;
    Ok(())
}

/// A stalled body, a body of a byte now and then, and half a head, at once.
fn stalls(base: &str, envoy: &Envoy) -> Result<()> {
    let open = || {
        let mut raw = Raw::connect(base)?;
        raw.send(
            format!(
                "POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{ALICE}Transfer-Encoding: chunked\r\n\r\n4\r\nSELE\r\n"
            )
            .as_bytes(),
        );
        Ok::<_, anyhow::Error>(raw)
    };
    let begin = Instant::now();
    let (mut stalled, mut dripping, mut half) = (open()?, open()?, Raw::connect(base)?);
    half.send(b"POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\nX-Trino-U");
    while begin.elapsed() < BOUND / 2 {
        dripping.nothing_for(PAUSE)?;
        dripping.send(b"1\r\n \r\n");
    }
    for (what, raw) in [("stalled", &mut stalled), ("dripping", &mut dripping), ("half a head", &mut half)] {
        let reply = raw.reply(false, SOON).context(what)?.with_context(|| format!("{what}: closed without a word"))?;
        assert_eq!((reply.status.as_u16(), said(&reply).as_str()), (408, "request timeout"), "{what}");
    }
    ensure!(begin.elapsed() < BOUND + SOON, "it took {:?}", begin.elapsed());
    eventually(SOON, "nothing to be held for them", || {
        let (asked, sent) =
            (envoy.stat("http.warren.downstream_rq_active")?, envoy.stat("cluster.group/adhoc.upstream_rq_active")?);
        ensure!((asked, sent) == (0, 0), "requests of clients: {asked}, to Trino: {sent}");
        Ok(())
    })
}

/// Five megabytes in ten pieces, with pauses: slow, and within the bound.
fn slow_upload(base: &str) -> Result<()> {
    let piece = " ".repeat(512 * 1024);
    let mut raw = Raw::connect(base)?;
    let length = "SELECT 1".len() + 10 * piece.len();
    raw.send(
        format!("POST /v1/statement HTTP/1.1\r\nHost: gw.test\r\n{ALICE}Content-Length: {length}\r\n\r\nSELECT 1")
            .as_bytes(),
    );
    for _ in 0..10 {
        raw.nothing_for(PAUSE)?;
        raw.send(piece.as_bytes());
    }
    let reply = raw.reply(false, SOON)?.context("closed without a reply")?;
    let said = said(&reply);
    ensure!(reply.status == 200 && (said == "http://gw.test/c/adhoc-1" || said == "long"), "{}: {said}", reply.status);
    Ok(())
}
