//! Rules and Trino see the same user. Where they do not, a client walks past the rules that name it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use warren_tests::stack::Stack;
use warren_tests::{http, raw};

use super::{bytes, each_is_answered, query, serves_on};

pub(in super::super) fn rules_and_trino_see_the_same_user(stack: &Stack) -> Result<()> {
    let rules = "rule(\"who\", |q| route(\"adhoc\").header(\"X-Trino-Source\", q.user));\n";
    stack.put_rules(&[("rules.rhai".to_owned(), rules.to_owned())])?;
    serves_on(stack, |base| {
        let mut wrong = Vec::new();
        for (headers, user) in [
            ("X-Trino-User: ann\r\n", "ann"),
            ("X-Trino-User: ann\r\nX-Trino-User: bob\r\n", "ann"),
            ("X-Trino-User:  ann \r\n", "ann"),
            ("X-Trino-User: ann\r\nx_trino_user: bob\r\n", "ann"),
            ("X-Trino-User: ann\r\n\tbob\r\n", "ann\tbob"),
            ("X-Trino-User: ann,bob\r\n", "ann,bob"),
            ("X-Trino-User: ann\r\nAuthorization: Basic Ym9iOg==\r\n", "ann"),
            ("X-Trino-User: %61nn\r\n", "%61nn"),
            ("X-Trino-User: ANN\r\n", "ANN"),
            ("X-Trino-User: zürich\r\n", "zürich"),
            ("X-Trino-User: zÃ¼rich\r\n", "zÃ¼rich"),
            ("X-Trino-User: \u{a0}ann\r\n", "\u{a0}ann"),
            ("X-Trino-User: ann\r\nX-A: x\rX-Trino-User: bob\r\n", "ann"),
            ("X-Trino-Original-User: ann\r\n", "ann"),
            ("X-Trino-Original-User: ann\r\nAuthorization: Bearer x\r\n", "ann"),
            ("Authorization: Basic YW5uOg==\r\n", "ann"),
            ("Authorization: Basic YW5u\r\n", "ann"),
            ("Authorization: basic  YW5uOg\r\n", "ann"),
            ("Authorization: Basic YW5uOh==\r\n", "ann"),
            ("Authorization: Basic IGFubiA6\r\n", "ann"),
            ("Authorization: Basic /zo=\r\n", "ÿ"),
        ] {
            let seen = seen(stack, base, headers).with_context(|| format!("{headers:?}"))?;
            let both = (user.to_owned(), user.to_owned());
            if seen.as_ref().map_err(String::as_str) != Ok(&both) {
                wrong.push(format!("{headers:?}: (Trino, rules) saw {seen:?}"));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    })
}

/// The user as Trino and as the rules saw it; what came instead when the query was refused.
fn seen(stack: &Stack, base: &str, headers: &str) -> Result<Result<(String, String), String>> {
    let host = base.trim_start_matches("http://");
    let request = query(headers, "SELECT 1").replace("gw.test", host);
    let reply = raw::ask(base, &bytes(&request))?.context("closed without a reply")?;
    let Ok(mut page) = serde_json::from_str::<Value>(&reply.body) else { return Ok(Err(reply.body)) };
    while let Some(next) = page["nextUri"].as_str() {
        page = http::get(next, &[])?.json(next)?;
    }
    let known = stack.trino("adhoc-1")?.queries()?;
    let known = known.into_iter().find(|known| page["id"] == known.query_id.as_str());
    let session = known.with_context(|| format!("Trino does not know the query: {page}"))?.session;
    Ok(Ok((session.user, session.source.unwrap_or_default())))
}

pub(in super::super) fn what_names_no_user_is_refused(stack: &Stack) -> Result<()> {
    let nobody = "Basic authentication or X-Trino-Original-User or X-Trino-User must be sent";
    let who = |headers: &str| query(headers, "SELECT 1");
    serves_on(stack, |base| {
        each_is_answered(
            base,
            &[
                (who(""), 401, nobody),
                (who("X-Trino-User:\r\nX-Trino-User: bob\r\n"), 401, nobody),
                (who("x_trino_user: bob\r\n"), 401, nobody),
                // A header that `Connection` names is for the next hop only: gone before the rules see it.
                (who("X-Trino-User: bob\r\nConnection: X-Trino-User\r\n"), 401, nobody),
                (who("X-Presto-User: bob\r\n"), 401, nobody),
                (
                    who("Authorization: Basic Ym9iOg==\r\nAuthorization: Basic YW5uOg==\r\n"),
                    401,
                    "Invalid base64 encoded credentials",
                ),
                (who("X-Trino-User: \u{85}bob\r\n"), 401, "No user mapping patterns match the principal"),
                (who("X-Trino-User: bob\0\r\n"), 400, "Bad Request"),
                (who("X-Trino-User: \u{1}bob\r\n"), 400, "Bad Request"),
                // The rules of this stack deny interns, by whatever name Trino knows one.
                (who("X-Trino-User: intern\r\nX-Trino-User: bob\r\n"), 200, "interns read the dashboards"),
                (who("Authorization: Basic aW50ZXJu\r\n"), 200, "interns read the dashboards"),
                (who("X-Trino-Original-User: intern\r\n"), 200, "interns read the dashboards"),
            ],
        )
    })
}
