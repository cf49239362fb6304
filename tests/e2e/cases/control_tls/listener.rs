//! Envoy's own listener: its certificate is renewed under load; plain HTTP beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use warren_tests::certificates::Certificates;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::ports::free_port;
use warren_tests::raw::Raw;
use warren_tests::stack::Stack;

use super::{move_in, text, warren};

const SOON: Duration = Duration::from_secs(20);

pub(in super::super) fn a_certificate_is_renewed_while_queries_run_and_none_fails(stack: &Stack) -> Result<()> {
    let authority = Certificates::make_in(&stack.run, "renewed-authority")?;
    let live = stack.run.folder("renewed")?;
    // As Kubernetes lays a secret out: links to links, of which one is swapped.
    for (number, name) in ["first", "second"].into_iter().enumerate() {
        let folder = stack.run.folder(&format!("renewed/{number}"))?;
        let (certificate, key) = authority.server(name, &["127.0.0.1"])?;
        fs::copy(certificate, folder.join("tls.crt"))?;
        fs::copy(key, folder.join("tls.key"))?;
    }
    symlink("0", live.join("..data"))?;
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| live.join(name));
    symlink("..data/tls.crt", &certificate)?;
    symlink("..data/tls.key", &key)?;

    let port = free_port()?;
    let settings = ["--tls-certificate", text(&certificate)?, "--tls-key", text(&key)?].map(str::to_owned);
    let warren = warren(stack, "renewed", port, None, &settings)?;
    let envoy = Envoy::start(&stack.programs, &stack.run, "renewed", &warren.bootstrap("renewed", port)?, 2)?;
    let url = format!("https://127.0.0.1:{port}");
    let connect = || Raw::connect_tls(&url, &authority.ca);
    eventually(Duration::from_secs(60), "a query to run", || query(&mut connect()?, &url))?;

    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let kept = scope.spawn(|| {
            let mut raw = connect()?;
            while !stop.load(Ordering::Relaxed) {
                query(&mut raw, &url).context("on a connection that is kept")?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let new = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                query(&mut connect()?, &url).context("on a new connection")?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let renewed = renew(&connect, &authority, &live, &done);
        stop.store(true, Ordering::Relaxed);
        for thread in [kept, new] {
            thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?.and(Ok::<(), anyhow::Error>(()))?;
        }
        renewed
    })?;
    for closed in ["downstream_cx_drain_close", "downstream_cx_destroy_local_with_active_rq"] {
        assert_eq!(envoy.stat(&format!("http.warren.{closed}"))?, 0, "{closed}");
    }
    Ok(())
}

/// Renews the certificate in two ways; each time new connections see the new one.
fn renew(connect: &impl Fn() -> Result<Raw>, authority: &Certificates, live: &Path, done: &AtomicUsize) -> Result<()> {
    let shown = || connect()?.certificate.context("no certificate");
    let more_queries = |before: usize| {
        eventually(SOON, "queries to run on", || {
            ensure!(done.load(Ordering::Relaxed) >= before + 10, "not yet");
            Ok(())
        })
    };
    more_queries(0)?;
    let first = shown()?;

    symlink("1", live.join("..new"))?;
    fs::rename(live.join("..new"), live.join("..data"))?;
    eventually(SOON, "the certificate behind the swapped link to be shown", || {
        ensure!(shown()? != first, "still the first one");
        Ok(())
    })?;
    let second = shown()?;
    more_queries(done.load(Ordering::Relaxed))?;

    let (certificate, key) = authority.server("third", &["127.0.0.1"])?;
    move_in(&certificate, &live.join("tls.crt"))?;
    move_in(&key, &live.join("tls.key"))?;
    eventually(SOON, "the certificate that was moved in to be shown", || {
        ensure!(shown()? != second, "still the second one");
        Ok(())
    })?;
    more_queries(done.load(Ordering::Relaxed))
}

/// A query to its end on one connection.
fn query(raw: &mut Raw, url: &str) -> Result<()> {
    let host = url.trim_start_matches("https://");
    let mut request = format!(
        "POST /v1/statement HTTP/1.1\r\nhost: {host}\r\nx-trino-user: alice\r\ncontent-length: 8\r\n\r\nSELECT 1"
    );
    loop {
        raw.send(request.as_bytes());
        let reply = raw.reply(false, Duration::from_secs(30))?.context("closed without a reply")?;
        ensure!(reply.status == 200, "{}: {}", reply.status, reply.body);
        let page: Value = serde_json::from_str(&reply.body)?;
        ensure!(page["error"].is_null(), "{}", page["error"]);
        let Some(next) = page["nextUri"].as_str() else { return Ok(()) };
        let path = next.strip_prefix(url).with_context(|| format!("a page is not at {url}"))?;
        request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nx-trino-user: alice\r\n\r\n");
    }
}

pub(in super::super) fn plain_http_is_led_to_tls_and_does_nothing_else(stack: &Stack) -> Result<()> {
    let server = Certificates::make_in(&stack.run, "redirect-certificates")?;
    let (port, plain) = (free_port()?, free_port()?);
    let (redirect, port_text) = (format!("127.0.0.1:{plain}"), port.to_string());
    let settings = [
        ["--tls-certificate", text(&server.certificate)?],
        ["--tls-key", text(&server.key)?],
        ["--redirect-listen", &redirect],
        ["--redirect-port", &port_text],
    ];
    let settings: Vec<String> = settings.concat().into_iter().map(str::to_owned).collect();
    let warren = warren(stack, "redirect", port, None, &settings)?;
    let envoy = Envoy::start(&stack.programs, &stack.run, "redirect", &warren.bootstrap("redirect", port)?, 1)?;
    envoy.wait_live()?;
    let (url, plain) = (format!("https://127.0.0.1:{port}"), format!("http://127.0.0.1:{plain}"));
    let tls = || Raw::connect_tls(&url, &server.ca).and_then(|mut raw| query(&mut raw, &url));
    eventually(Duration::from_secs(60), "a query to run by TLS", tls)?;
    for (method, path) in [("GET", "/ui/?a=b"), ("POST", "/v1/statement"), ("DELETE", "/c/adhoc-1/v1/query/x")] {
        let body = if method == "POST" { "SELECT 1" } else { "" };
        let reply = http::send(method, &format!("{plain}{path}"), &[("x-trino-user", "alice")], body)?;
        let want = format!("{url}{path}");
        assert_eq!((reply.status.as_u16(), reply.header("location")), (308, Some(want.as_str())), "{method} {path}");
        assert_eq!(reply.body, "");
    }
    // The listener with TLS answers no plain HTTP.
    let refused =
        warren_tests::raw::ask(&format!("http://127.0.0.1:{port}"), b"GET /v1/info HTTP/1.1\r\nhost: a\r\n\r\n");
    ensure!(!matches!(refused, Ok(Some(_))), "plain HTTP was answered: {refused:?}");
    Ok(())
}
