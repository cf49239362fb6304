//! People: by name and password, and by a session.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::eventually::eventually;
use warren_tests::http::Reply;
use warren_tests::stack::Stack;
use warren_tests::warren::Warren;

use super::super::SOON;
use super::{PASSWORD, Scene, ask, basic, title};

/// The address of `warren`, as a browser writes where a page is from.
fn origin(warren: &Warren) -> String {
    warren.api_url()
}

fn log_in(warren: &Warren, user: &str, password: &str, headers: &[(&str, &str)]) -> Result<Reply> {
    ask(warren, "POST", "/api/v1/session", headers, &json!({"user": user, "password": password}).to_string())
}

/// A new session: `name=value` of its cookie.
fn session(warren: &Warren, user: &str) -> Result<String> {
    let reply = log_in(warren, user, PASSWORD, &[])?;
    let cookie = reply.header("set-cookie").with_context(|| format!("no cookie: {}", reply.body))?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

fn status(warren: &Warren, cookie: &str) -> Result<u16> {
    Ok(ask(warren, "GET", "/api/v1/session", &[("Cookie", cookie)], "")?.status.as_u16())
}

pub(in super::super) fn a_person_logs_in_and_out_at_any_warren(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "sessions")?;
    let (here, there) = (&scene.warren, &scene.another(stack)?);
    let reply = log_in(here, "ann", PASSWORD, &[])?;
    let set = reply.header("set-cookie").context("no cookie")?.to_owned();
    ensure!(set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{set}");
    let over_tls = log_in(here, "ann", PASSWORD, &[("X-Forwarded-Proto", "https")])?;
    let set = over_tls.header("set-cookie").context("no cookie")?;
    ensure!(set.starts_with("__Host-warren_session=") && set.ends_with("; Secure"), "{set}");
    let me = json!({"who": "ann (user)", "user": "ann", "role": "viewer"});
    assert_eq!(reply.json("who ann is")?, me);
    for (user, password) in [("ann", "open"), ("nobody", PASSWORD), ("", ""), ("ann", "")] {
        let reply = log_in(here, user, password, &[])?;
        let said = (reply.status.as_u16(), title(&reply)?);
        assert_eq!(said, (401, "these credentials are wrong, have expired or were revoked".to_owned()), "{user}");
        ensure!(reply.header("set-cookie").is_none(), "{:?}", reply.headers);
    }

    let cookie = session(here, "ann")?;
    let found = ask(there, "GET", "/api/v1/session", &[("Cookie", &format!("a=b; {cookie}"))], "")?;
    assert_eq!(found.json("who ann is there")?, me);
    let secret = cookie.split('=').nth(1).unwrap_or_default().to_owned();
    let kept: String = scene.database(stack)?.query_one("SELECT json_agg(t)::text FROM warren_session t", &[])?.get(0);
    ensure!(!kept.contains(&secret), "the cookie is kept");

    // Logged out here is logged out there; others of hers go on.
    let second = session(there, "ann")?;
    let own = origin(there);
    let out = ask(there, "DELETE", "/api/v1/session", &[("Cookie", &cookie), ("Origin", &own)], "")?;
    assert_eq!(out.status, 204);
    assert_eq!([status(here, &cookie)?, status(there, &cookie)?, status(here, &second)?], [401, 401, 200]);

    // Everywhere, by herself; others' by an admin only.
    let (third, olgas) = (session(here, "ann")?, session(here, "olga")?);
    let own = origin(here);
    let end = |cookie: &str, query: &str| {
        let headers = [("Cookie", cookie), ("Origin", own.as_str())];
        ask(here, "DELETE", &format!("/api/v1/sessions{query}"), &headers, "")
    };
    let refused = end(&third, "?user=olga")?;
    let want = "sessions of others need the role `admin`; ann (user) has `viewer`";
    assert_eq!((refused.status.as_u16(), title(&refused)?.as_str()), (403, want));
    assert_eq!(end(&third, "")?.status, 204);
    assert_eq!([status(here, &second)?, status(there, &third)?, status(there, &olgas)?], [401, 401, 200]);
    assert_eq!(scene.admin("DELETE", "/api/v1/sessions?user=olga", "")?.status, 204);
    assert_eq!(status(there, &olgas)?, 401);

    // A session ends by itself: idle for an hour, or after twelve.
    for column in ["seen_at", "created_at"] {
        let cookie = session(here, "ann")?;
        assert_eq!(status(here, &cookie)?, 200);
        scene
            .database(stack)?
            .batch_execute(&format!("UPDATE warren_session SET {column} = now() - interval '13 hours'"))?;
        assert_eq!(status(here, &cookie)?, 401, "{column}");
    }
    Ok(())
}

pub(in super::super) fn a_page_of_others_changes_nothing_with_a_session(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "csrf")?;
    let (warren, own) = (&scene.warren, origin(&scene.warren));
    let cookie = session(warren, "olga")?;
    let group = |headers: &[(&str, &str)]| {
        let headers = [&[("Cookie", cookie.as_str())], headers].concat();
        ask(warren, "PUT", "/api/v1/groups/adhoc", &headers, "{\"strict\": true}")
    };
    for headers in [
        vec![],
        vec![("Origin", "http://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        let reply = group(&headers)?;
        let want = "a session is for pages of Warren's own; the browser says that another sends this";
        assert_eq!((reply.status.as_u16(), title(&reply)?.as_str()), (403, want), "{headers:?}");
    }
    let count = "SELECT count(*) FROM warren_group";
    assert_eq!(scene.database(stack)?.query_one(count, &[])?.get::<_, i64>(0), 0, "a group was changed");
    for headers in [vec![("Origin", own.as_str())], vec![("Sec-Fetch-Site", "same-origin")]] {
        assert_eq!(group(&headers)?.status, 204, "{headers:?}");
    }
    // A page of others neither logs its visitor in nor uses what a browser keeps of HTTP Basic.
    let reply = log_in(warren, "olga", PASSWORD, &[("Origin", "http://evil.example")])?;
    assert_eq!(reply.status, 403, "{}", reply.body);
    let typed = basic("olga", PASSWORD);
    let reply =
        ask(warren, "GET", "/api/v1/groups", &[("Authorization", &typed), ("Origin", "http://evil.example")], "")?;
    assert_eq!(reply.status, 403, "{}", reply.body);
    Ok(())
}

pub(in super::super) fn a_viewer_sees_their_own_queries_only(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "own_history")?;
    scene.database(stack)?.batch_execute(
        "INSERT INTO query_history (query_id, query_text, created, backend_url, user_name, source, routing_group, external_url)
         SELECT 'q_' || name, 'SELECT ''' || name || '''', (extract(epoch FROM now()) * 1000)::bigint, 'http://' || name, name, '', '', ''
         FROM unnest('{ann,bob,Ann}'::text[]) AS name",
    )?;
    let ids = |user: &str, arguments: &[&str]| -> Result<Vec<String>> {
        let said = scene.cli(Some(user), "password", &[&["history", "--json"], arguments].concat())?;
        let page: Value = serde_json::from_str(&said)?;
        let queries = page["queries"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<String> =
            queries.iter().map(|q| q["query_id"].as_str().unwrap_or_default().to_owned()).collect();
        ids.sort();
        Ok(ids)
    };
    assert_eq!(ids("ann", &[])?, ["q_ann"]);
    assert_eq!(ids("ann", &["--user", "ann"])?, ["q_ann"]);
    assert_eq!(ids("bob", &[])?, ["q_bob"]);
    assert_eq!(ids("olga", &[])?, ["q_Ann", "q_ann", "q_bob"]);
    let get =
        |user: &str, path: &str| ask(&scene.warren, "GET", path, &[("Authorization", &basic(user, PASSWORD))], "");
    let refused = get("ann", "/api/v1/history?user=bob")?;
    let want = "with the role `viewer` only one's own queries are seen, those of `ann`";
    assert_eq!((refused.status.as_u16(), title(&refused)?.as_str()), (403, want));
    for (user, id, status) in
        [("ann", "q_ann", 200), ("ann", "q_bob", 404), ("ann", "q_none", 404), ("olga", "q_bob", 200)]
    {
        assert_eq!(get(user, &format!("/api/v1/history/{id}"))?.status, status, "{user} {id}");
    }
    let theirs = get("ann", "/trino-gateway/api/queryHistory")?.json("Trino Gateway's list")?;
    assert_eq!(
        theirs.as_array().map(|all| all.iter().map(|q| q["queryId"].clone()).collect()),
        Some(vec![json!("q_ann")])
    );
    let counts = get("ann", "/trino-gateway/api/queryHistoryDistribution")?.json("Trino Gateway's counts")?;
    assert_eq!(counts, json!({"http://ann": 1}));
    Ok(())
}

pub(in super::super) fn who_guesses_has_to_wait(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "guessing")?;
    let warren = &scene.warren;
    let get = |authorization: &str| ask(warren, "GET", "/api/v1/groups", &[("Authorization", authorization)], "");
    let token = scene.token("ci", "viewer", "1h")?;
    let mut wrong = 0;
    let waits = loop {
        let reply = log_in(warren, "ann", &format!("guess {wrong}"), &[])?;
        if reply.status == 429 {
            break reply;
        }
        assert_eq!(reply.status, 401, "{}", reply.body);
        wrong += 1;
        ensure!(wrong < 20, "{wrong} guesses were free");
    };
    ensure!(wrong >= 10, "only {wrong} guesses were free");
    let seconds: u64 = waits.header("retry-after").context("no Retry-After")?.parse()?;
    ensure!((1..=11).contains(&seconds), "{seconds}");
    assert_eq!(title(&waits)?, format!("wrong too often; try again in {seconds} s"));
    // The right password does not help now, over HTTP Basic neither; others are not concerned.
    assert_eq!(log_in(warren, "ann", PASSWORD, &[])?.status, 429);
    assert_eq!(get(&basic("ann", PASSWORD))?.status, 429);
    assert_eq!(get(&basic("bob", PASSWORD))?.status, 200);

    // An address that guesses is held up whatever it guesses; right tokens are not.
    let mut guesses = 0;
    while get(&super::bearer(&format!("warren_{:043}", guesses)))?.status == 401 {
        guesses += 1;
        ensure!(guesses < 60, "{guesses} guesses were free");
    }
    assert_eq!(log_in(warren, "olga", PASSWORD, &[])?.status, 429);
    assert_eq!(get(&super::bearer(&token))?.status, 200);
    assert_eq!(get(&super::bearer(super::ADMIN))?.status, 200);
    Ok(())
}

pub(in super::super) fn who_is_taken_out_of_the_file_is_out(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "leaving")?;
    let (warren, file) = (&scene.warren, scene.folder.join("users"));
    let all = fs::read_to_string(&file)?;
    let (ann, olga) = (session(warren, "ann")?, session(warren, "olga")?);
    let becomes = |cookie: &str, want: u16| {
        eventually(SOON, &format!("{want}"), || {
            let status = status(warren, cookie)?;
            ensure!(status == want, "{status}");
            Ok(())
        })
    };
    // A file that is half written changes nothing, and is shown.
    fs::write(&file, "ann:viewer")?;
    eventually(SOON, "the status to say what is wrong", || {
        let problems = scene.admin("GET", "/api/v1/status", "")?.json("the status")?["problems"].clone();
        let said = problems["users"].as_str().unwrap_or_default();
        ensure!(said.contains(": line 1: is not of the form NAME:ROLE:HASH; "), "{problems}");
        Ok(())
    })?;
    assert_eq!([status(warren, &ann)?, status(warren, &olga)?], [200, 200]);
    // A session has the role that the file says now.
    let own = origin(warren);
    let audit = || ask(warren, "GET", "/api/v1/audit", &[("Cookie", &ann), ("Origin", &own)], "");
    assert_eq!(audit()?.status, 403);
    fs::write(&file, all.replace("ann:viewer:", "ann:operator:").replace("olga:", "someone-else:"))?;
    becomes(&olga, 401)?;
    assert_eq!((status(warren, &ann)?, audit()?.status.as_u16()), (200, 200));
    assert_eq!(log_in(warren, "olga", PASSWORD, &[])?.status, 401);
    let problems = scene.admin("GET", "/api/v1/status", "")?.json("the status")?["problems"].clone();
    ensure!(problems["users"].is_null(), "{problems}");
    Ok(())
}
