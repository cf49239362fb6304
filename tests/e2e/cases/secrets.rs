//! What no log may hold. The last case, so that it reads what all others left behind.

use std::fs;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use warren_tests::client::Session;
use warren_tests::directory::SEARCHERS_PASSWORD;
use warren_tests::http;
use warren_tests::stack::Stack;

use super::login::passwords::PASSWORD;

/// Sent by this case in every place where clients put secrets.
const PLANTED: &str = "planted-7a0f3c";

/// What a secret looks like: where the pages of a query are, and tokens.
const SHAPES: [&str; 3] = [
    r"/v1/statement/(?:queued|executing|partialCancel)/\d{8}_\d{6}_\d{5}_\w+/\w",
    r"/v1/spooled/(?:download|ack)/\w",
    r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}",
];

pub(super) fn no_log_holds_a_secret(stack: &Stack) -> Result<()> {
    leave_secrets_behind(stack)?;
    let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
    let words = [PLANTED, &STANDARD.encode(format!("alice:{PLANTED}")), PASSWORD, &basic, SEARCHERS_PASSWORD];
    let shapes: Vec<Regex> = SHAPES.iter().map(|shape| Regex::new(shape)).collect::<Result<_, _>>()?;
    let (mut read, mut found) = (Vec::new(), Vec::new());
    for log in stack.run.logs()? {
        let name = log.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        // What others write is theirs to keep clean.
        if !(name.starts_with("warren") || name.starts_with("envoy")) {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        for line in text.lines() {
            let shown = words.iter().any(|word| line.contains(word)) || shapes.iter().any(|shape| shape.is_match(line));
            if shown {
                found.push(format!("{name}: {line}"));
            }
        }
        read.push(name);
    }
    ensure!(read.len() >= 3, "only {read:?} were read");
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

/// Queries that run, queries that fail, and requests that are refused, each with secrets.
fn leave_secrets_behind(stack: &Stack) -> Result<()> {
    let (base, bearer) = (stack.url(0)?, format!("Bearer {PLANTED}"));
    let session = || Session::user("alice").header("X-Trino-Extra-Credential", &format!("token={PLANTED}"));
    session().header("Authorization", &bearer).run(&base, "SELECT count(*) FROM tpch.tiny.nation")?.success()?;
    let running = session().start(&base, "SELECT count(*) FROM tpch.sf1.lineitem")?;
    running.cancel()?;
    let next = running.next_uri.clone().context("it has no next page")?;
    for path in [next.replace("/c/", "/c/no-such-"), format!("{next}/{PLANTED}"), next.replace("http://", "http:///")] {
        let _ = http::send("GET", &path, &[("Authorization", &bearer)], "");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("alice:{PLANTED}")));
    let api = stack.warren.api_url();
    for authorization in [bearer.as_str(), &basic, PLANTED] {
        for path in ["/api/v1/clusters", "/api/v1/no-such-thing", "/gateway/backend/all"] {
            http::send("GET", &format!("{api}{path}"), &[("Authorization", authorization)], "")?;
            http::send("POST", &format!("{api}{path}"), &[("Authorization", authorization)], PLANTED)?;
        }
        http::send("POST", &format!("{base}/v1/statement"), &[("Authorization", authorization)], "SELECT 1")?;
    }
    Ok(())
}
