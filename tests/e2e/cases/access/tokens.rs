//! Tokens of programs.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use warren_tests::stack::Stack;

use super::{ADMIN, PASSWORD, Scene, ask, basic, bearer, title};

pub(in super::super) fn a_token_is_good_until_it_is_revoked_at_every_warren(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "tokens")?;
    let other = scene.another(stack)?;
    let token = scene.token("ci", "operator", "1h")?;
    ensure!(token.starts_with("warren_") && token.len() == 50, "{token}");
    let again = scene.warren.say(&[
        "tokens",
        "create",
        "ci",
        "--role",
        "viewer",
        "--api-token-file",
        &scene.folder.join("token").display().to_string(),
    ])?;
    assert_eq!(
        (again.code, again.stderr.trim()),
        (1, "token `ci` exists already; revoke it first, or give another name")
    );

    // It is used both ways, at both, and the audit knows whose it is.
    for (warren, authorization) in [(&scene.warren, bearer(&token)), (&other, basic("anyone", &token))] {
        let put =
            ask(warren, "PUT", "/api/v1/groups/adhoc", &[("Authorization", &authorization)], "{\"strict\": true}")?;
        assert_eq!(put.status, 204, "{}", put.body);
    }
    let entries: Value = serde_json::from_str(&scene.cli(None, "token", &["audit", "--json"])?)?;
    let actor = |kind: &str| {
        let all = entries.as_array().into_iter().flatten();
        all.filter(|entry| entry["kind"] == kind).map(|entry| entry["actor"].clone()).next().unwrap_or_default()
    };
    assert_eq!(actor("group"), "token ci");
    let made = actor("token");
    ensure!(made.as_str().is_some_and(|made| made.starts_with("api token, says ")), "{made}");

    // Neither the database nor the list nor the log holds it.
    let listed = scene.cli(None, "token", &["tokens", "list", "--json"])?;
    let rows = scene.database(stack)?.query("SELECT t::text || a::text FROM warren_token t, warren_audit a", &[])?;
    let rows: String = rows.iter().map(|row| row.get::<_, String>(0)).collect();
    let log = fs::read_to_string(scene.warren.process.log())?;
    let secret = &token["warren_".len()..];
    ensure!(![&listed, &rows, &log].iter().any(|text| text.contains(secret)), "the token is kept");
    ensure!(listed.contains("\"last_used_at\": \"20"), "{listed}");

    scene.cli(None, "token", &["tokens", "revoke", "ci"])?;
    let revoked = Instant::now();
    for warren in [&scene.warren, &other] {
        let reply = ask(warren, "GET", "/api/v1/groups", &[("Authorization", &bearer(&token))], "")?;
        assert_eq!(
            (reply.status.as_u16(), title(&reply)?.as_str()),
            (401, "these credentials are wrong, have expired or were revoked")
        );
    }
    ensure!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());

    // The name is free again. A token ends by itself, too.
    let short = scene.token("ci", "viewer", "2s")?;
    let status = |token: &str| -> Result<u16> {
        Ok(ask(&scene.warren, "GET", "/api/v1/groups", &[("Authorization", &bearer(token))], "")?.status.as_u16())
    };
    assert_eq!(status(&short)?, 200);
    thread::sleep(Duration::from_millis(2100));
    assert_eq!(status(&short)?, 401);
    let shown = scene.cli(None, "token", &["tokens", "list"])?;
    ensure!(shown.contains("revoked 20") && shown.contains("expired 20"), "{shown}");
    // What is not a token is refused as it was.
    assert_eq!((status("warren_x")?, status(ADMIN)?), (401, 200));
    Ok(())
}

pub(in super::super) fn a_token_is_not_believed_while_postgresql_is_away(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "tokens_away")?;
    let token = scene.token("ci", "admin", "1h")?;
    stack.postgres.process.stop()?;
    for (authorization, want) in [(bearer(&token), 503), (bearer(ADMIN), 200), (basic("ann", PASSWORD), 200)] {
        let reply = ask(&scene.warren, "GET", "/api/v1/status", &[("Authorization", &authorization)], "")?;
        assert_eq!(reply.status, want, "{}", reply.body);
    }
    stack.postgres.start_again()
}
