//! The history of queries.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_rules::sql::query_hashes;
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;
use warren_tests::{http, raw};

use super::SOON;

pub(super) mod keeping;

/// As much of a text as is kept, in bytes, where nothing else is said.
const KEPT: usize = 16_384;

/// What `warren history` says of one query.
pub(super) fn entry(stack: &Stack, query_id: &str) -> Result<Value> {
    eventually(SOON, &format!("{query_id} to be in the history"), || {
        Ok(serde_json::from_str(&stack.warren.cli(&["history", query_id, "--json"])?)?)
    })
}

/// The queries of `warren history` with these arguments, the newest first.
pub(super) fn found(stack: &Stack, arguments: &[&str]) -> Result<Vec<Value>> {
    let all = [&["history", "--json"], arguments].concat();
    let page: Value = serde_json::from_str(&stack.warren.cli(&all)?)?;
    Ok(page["queries"].as_array().context("no list")?.clone())
}

fn now() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

pub(super) fn a_query_is_in_the_history_with_all_that_is_known(stack: &Stack) -> Result<()> {
    let begin = now()?;
    let sql = "SELECT name FROM tpch.tiny.nation\nWHERE nationkey = 7 -- who";
    let query = Session::user("alice").source("superset").tag("etl").run(&stack.url(0)?, sql)?.success()?;
    let mut entry = entry(stack, &query.id)?;
    let (created, latency) = (entry["created"].as_i64().context("no time")?, entry["latency_ms"].as_i64());
    ensure!((begin..=now()?).contains(&created), "{entry}");
    ensure!(latency.is_some_and(|ms| (0..20_000).contains(&ms)), "{entry}");
    let cluster = stack.who_knows(&query.id)?.concat();
    let url = stack.trino(&cluster)?.url();
    let hashes = query_hashes("select NAME from tpch.tiny.nation where nationkey=7;");
    let rest = entry.as_object_mut().context("no object")?;
    rest.retain(|name, _| name != "created" && name != "latency_ms");
    let want = json!({
        "query_id": query.id,
        "user": "alice",
        "source": "superset",
        "tags": ["by-tag"],
        "rule": "tagged",
        "rules": stack.status()?["rules"].to_string(),
        "group": "etl",
        "cluster": cluster,
        "url": url,
        "external_url": url,
        "client_tags": "etl",
        "text": sql,
        "text_cut": false,
        "user_query_hash": hashes.user_query_hash,
        "generic_query_hash": hashes.generic_query_hash,
        "outcome": "accepted",
        "status": 200,
        "flags": "",
    });
    assert_eq!(entry, want);

    // What Trino Gateway reads of it.
    let rows = stack.postgres.query(&format!(
        "SELECT query_text, created::text, backend_url, user_name, source, routing_group, external_url
         FROM query_history WHERE query_id = '{}'",
        query.id
    ))?;
    let row = [sql, &created.to_string(), &url, "alice", "superset", "etl", &url].map(|text| Some(text.to_owned()));
    assert_eq!(rows, [row]);

    let hash = hashes.generic_query_hash;
    let filters = ["--user", "alice", "--group", "etl", "--cluster", &cluster, "--hash", &hash, "--since", "1h"];
    let text = ["--text", "NATIONKEY = 7", "--source", "superset", "--rule", "tagged", "--outcome", "accepted"];
    let same = found(stack, &[&filters[..], &text[..]].concat())?;
    assert_eq!(same.first().map(|query| &query["query_id"]), Some(&json!(query.id)));
    assert_eq!(
        found(stack, &["--user", "alice", "--text", "nationkey_=_7"])?,
        [] as [Value; 0],
        "`_` is only a letter"
    );
    let table = stack.warren.cli(&["history", "--user", "alice", "--source", "superset"])?;
    ensure!(table.contains(&query.id) && table.contains("SELECT name FROM tpch.tiny.nation WHERE"), "{table}");
    let said = stack.warren.say(&["history", "20260101_000000_00000_xxxxx"])?;
    assert_eq!((said.code, said.stderr.trim()), (1, "query `20260101_000000_00000_xxxxx` is not in the history"));
    Ok(())
}

pub(super) fn a_text_is_whole_or_the_history_says_that_it_was_cut(stack: &Stack) -> Result<()> {
    let reads_text = "rule(\"text\", |q| if q.sql.text == \"no\" { route(\"etl\") });\notherwise(route(\"adhoc\"));\n";
    let padded = |size: usize| format!("SELECT 1 {}", "-".repeat(size - 9));
    for rules in [None, Some(reads_text)] {
        if let Some(rules) = rules {
            stack.put_rules(&[("rules.rhai".to_owned(), rules.to_owned())])?;
        }
        for (sql, cut) in [
            ("SELECT 1".to_owned(), false),
            (padded(KEPT), false),
            (padded(KEPT + 1), true),
            // The cut goes through a letter.
            (format!("{}ä{}", padded(KEPT - 1), "-".repeat(KEPT)), true),
            (padded(900_000), true),
        ] {
            let query = Session::user("long").run(&stack.url(1)?, &sql)?.success()?;
            let entry = entry(stack, &query.id)?;
            let mut kept = sql.len().min(KEPT);
            while !sql.is_char_boundary(kept) {
                kept -= 1;
            }
            assert_eq!(entry["text"].as_str().map(str::len), Some(kept), "{} bytes", sql.len());
            assert_eq!(entry["text"], sql[..kept]);
            assert_eq!(entry["text_cut"], cut, "{} bytes", sql.len());
            assert_eq!(entry.get("user_query_hash").is_none(), cut, "{} bytes", sql.len());
        }
    }
    Ok(())
}

pub(super) fn what_is_secret_is_not_in_the_history(stack: &Stack) -> Result<()> {
    let session = Session::user("alice").header("X-Trino-Extra-Credential", "vault=opensesame");
    let session = session.header("Authorization", "Basic YWxpY2U6");
    let mut query = session.start(&stack.url(0)?, "SELECT 1")?;
    query.finish()?;
    let uris = query.all_next_uris.clone();
    // The part of a `nextUri` that nobody can guess.
    let token = |uri: &String| uri.split('/').rev().nth(1).map(str::to_owned);
    let tokens: Vec<String> = uris.iter().filter_map(token).collect();
    ensure!(tokens.iter().any(|token| token.starts_with('y') && token.len() > 20), "{uris:?}");
    // By the wrong method it comes into the access log's sight.
    for uri in &uris {
        http::send("POST", uri, &[("X-Trino-User", "alice")], "SELECT 1")?;
    }
    let after = session.run(&stack.url(0)?, "SELECT 2")?.success()?;
    entry(stack, &query.id)?;
    entry(stack, &after.id)?;
    for table in ["query_history", "warren_query_without_id"] {
        for secret in tokens.iter().map(String::as_str).chain(["opensesame", "YWxpY2U6"]) {
            let sql = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{secret}%'");
            assert_eq!(stack.postgres.query(&sql)?, [[Some("0".to_owned())]], "{secret} in {table}");
        }
    }
    Ok(())
}

pub(super) fn a_query_that_no_cluster_took_is_found_by_its_user(stack: &Stack) -> Result<()> {
    let ask = |user: &str, source: &str| -> Result<http::Reply> {
        let headers = [("X-Trino-User", user), ("X-Trino-Source", source)];
        http::send("POST", &format!("{}/v1/statement", stack.url(0)?), &headers, "SELECT 1")
    };
    stack.postgres.sql("INSERT INTO warren_group (name) VALUES ('empty')")?;
    eventually(SOON, "`only` to find no cluster", || {
        let reply = ask("unlucky", "only")?;
        ensure!(reply.status == 503, "{}: {}", reply.status, reply.body);
        Ok(())
    })?;
    ask("intern", "")?;
    ask("lost", "nowhere")?;
    for (user, rule, outcome, group, status, flags) in [
        ("intern", "interns", "denied", None, 200, ""),
        ("lost", "nowhere", "refused", None, 200, ""),
        ("unlucky", "only", "failed", Some("empty"), 503, "UH"),
    ] {
        let entry = eventually(SOON, &format!("a query of `{user}` to be in the history"), || {
            let newest = found(stack, &["--user", user, "--outcome", outcome])?;
            newest.into_iter().find(|query| query["status"] == status).context("it is not there")
        })?;
        assert_eq!((entry["rule"].as_str(), entry["group"].as_str()), (Some(rule), group), "{entry}");
        assert_eq!(entry["flags"], flags, "{entry}");
        let id = entry["query_id"].as_str().context("no id")?;
        ensure!(id.starts_with("none_"), "{entry}");
        assert_eq!(self::entry(stack, id)?, entry);
    }
    let rows = stack.postgres.query("SELECT count(*) FROM query_history WHERE query_id LIKE 'none%'")?;
    assert_eq!(rows, [[Some("0".to_owned())]], "Trino Gateway would show it as if a cluster had run it");
    Ok(())
}

pub(super) fn no_bytes_of_a_client_spoil_the_history_of_others(stack: &Stack) -> Result<()> {
    let base = stack.url(0)?;
    let post = |headers: &[u8], body: &[u8]| -> Result<String> {
        let head = format!("POST /v1/statement HTTP/1.1\r\nHost: warren\r\nContent-Length: {}\r\n", body.len());
        let request = [head.as_bytes(), headers, b"Connection: close\r\n\r\n", body].concat();
        let reply = raw::ask(&base, &request)?.context("no reply")?;
        ensure!(reply.status == 200, "{}: {}", reply.status, reply.body);
        let page: Value = serde_json::from_str(&reply.body)?;
        Ok(page["id"].as_str().context("no id")?.to_owned())
    };
    for (headers, body, text) in [
        (&b"X-Trino-User: odd\r\nUser-Agent: J\xf6rg\r\nReferer: \xff\r\n"[..], &b"SELECT 1"[..], "SELECT 1"),
        (b"X-Trino-User: odd\r\nX-Trino-Source: \xf6\xff\r\n", b"SELECT 1", "SELECT 1"),
        (b"X-Trino-User: odd\r\n", b"SELECT '\xff\xfe'", "SELECT '\u{fffd}\u{fffd}'"),
        (b"X-Trino-User: odd\r\n", b"SELECT '\0'", "SELECT '\u{fffd}'"),
    ] {
        let id = post(headers, body)?;
        let other = Session::user("alice").run(&base, "SELECT 1")?.success()?;
        assert_eq!(entry(stack, &id)?["text"], text, "{headers:?}");
        entry(stack, &other.id)?;
    }
    Ok(())
}

pub(super) fn the_history_is_read_page_by_page(stack: &Stack) -> Result<()> {
    let user = "pages";
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(Session::user(user).run(&stack.url(0)?, "SELECT 1")?.success()?.id);
    }
    for id in &ids {
        entry(stack, id)?;
    }
    ids.reverse();
    let base = format!("{}/api/v1/history?user={user}&limit=2", stack.warren.api_url());
    let (mut seen, mut pages, mut next) = (Vec::new(), 0, None::<String>);
    loop {
        let url = next.map_or_else(|| base.clone(), |next| format!("{base}&before={next}"));
        let page = http::get(&url, &[])?.json(&url)?;
        for query in page["queries"].as_array().context("no list")? {
            seen.push(query["query_id"].as_str().context("no id")?.to_owned());
        }
        pages += 1;
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (ids, 3));
    Ok(())
}
