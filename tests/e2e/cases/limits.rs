//! Rules that say how often.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::{Query, Session};
use warren_tests::stack::Stack;

use super::history::{entry, found};

/// Each case has a rate of its own: a limit with another name has not been counted yet.
fn rules(rate: &str) -> Vec<(String, String)> {
    let rules = format!(
        "rule(\"few\", |q| if q.source == \"few\" {{ route(\"etl\").limit(\"user\", \"{rate}\") }});\n\
         rule(\"in all\", |q| if q.source == \"in all\" {{ route(\"adhoc\").limit(\"all\", \"{rate}\") }});\n\
         otherwise(route(\"adhoc\"));\n"
    );
    vec![("rules.rhai".to_owned(), rules)]
}

fn ask(stack: &Stack, user: &str, source: &str) -> Result<Query> {
    Session::user(user).source(source).run(&stack.url(0)?, "SELECT count(*) FROM tpch.tiny.nation")
}

/// How many of six queries went through, and what the others were told.
fn of_six(mut ask: impl FnMut() -> Result<Query>) -> Result<(usize, Vec<String>)> {
    let (mut through, mut told) = (0, Vec::new());
    for _ in 0..6 {
        match ask()?.error {
            None => through += 1,
            Some(error) => {
                assert_eq!((error.error_code, error.error_name.as_str()), (131_074, "QUERY_QUEUE_FULL"));
                told.push(error.message);
            }
        }
    }
    told.dedup();
    Ok((through, told))
}

pub(super) fn a_rule_says_how_often_queries_may_come(stack: &Stack) -> Result<()> {
    stack.put_rules(&rules("3/d"))?;
    let too_many = |whose: &str, line: u32| {
        vec![format!("too many queries: the rules allow 3/d for {whose} (rules.rhai, line {line}); try again later")]
    };
    for user in ["alice", "bob"] {
        assert_eq!(of_six(|| ask(stack, user, "few"))?, (3, too_many("each user", 1)), "{user}");
    }
    let mut users = ["carol", "dave"].iter().cycle();
    let next = || ask(stack, users.next().context("nobody")?, "in all");
    assert_eq!(of_six(next)?, (3, too_many("all together", 2)));
    assert_eq!(of_six(|| ask(stack, "alice", "else"))?, (6, Vec::new()), "no limit is written there");

    let refused = found(stack, &["--user", "bob", "--outcome", "refused", "--limit", "1"])?;
    let refused = refused.first().context("it is not in the history")?;
    let id = refused["query_id"].as_str().context("no id")?;
    let said = entry(stack, id)?;
    let (want, seen) = (json!(["few", "etl", "RL", 200]), ["rule", "group", "flags", "status"].map(|key| &said[key]));
    assert_eq!(json!(seen), want, "{said}");
    Ok(())
}

pub(super) fn nobody_takes_from_a_bucket_but_who_asks(stack: &Stack) -> Result<()> {
    stack.put_rules(&rules("2/d"))?;
    let names = [("x-warren-limit", "2/d for each user (rules.rhai, line 1)"), ("x-warren-limit-whose", "ab")];
    for (name, value) in names {
        for name in [name.to_owned(), name.to_uppercase(), name.replace('-', "_")] {
            let session = Session::user("alice").source("else").header(&name, value);
            for _ in 0..3 {
                session.run(&stack.url(0)?, "SELECT 1")?.success().context("a client counted itself")?;
            }
        }
    }
    let mine = || {
        let session = Session::user("alice").source("few").header("x-warren-limit-whose", "somebody else");
        session.run(&stack.url(0)?, "SELECT 1")
    };
    assert_eq!(of_six(mine)?.0, 2);

    // What changes beside the rules fills no bucket.
    let groups = |status: &Value| status["snapshot"].clone();
    let before = groups(&stack.status()?);
    stack.warren.cli(&["clusters", "deactivate", "etl-2"])?;
    super::eventually(super::SOON, "another snapshot to be served", || {
        let now = groups(&stack.status()?);
        ensure!(now != before, "still {now}");
        Ok(())
    })?;
    assert_eq!(of_six(|| ask(stack, "alice", "few"))?.0, 0);
    stack.warren.cli(&["clusters", "activate", "etl-2"])?;
    Ok(())
}
