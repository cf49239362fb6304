//! What authors do with rules beside publishing them: test, explain, replay.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::stack::Stack;

use super::SOON;

const NEW: &str = "rule(\"vip\", |q| if q.user == \"alice\" { route(\"etl\") });\n\
                   rule(\"host\", |q| if q.host == \"nowhere\" { route(\"etl\") });\n\
                   otherwise(route(\"adhoc\"));\n";

pub(super) fn rules_are_in_force_only_if_their_cases_pass(stack: &Stack) -> Result<()> {
    let before = stack.status()?["rules"].clone();
    let case = |group: &str| json!([{"name": "alice", "query": {"headers": {"X-Trino-User": "alice"}}, "expect": {"groups": [group]}}]);
    let folder = stack.run.folder("with-cases")?;
    std::fs::write(folder.join("rules.rhai"), NEW)?;
    std::fs::write(folder.join("cases.json"), case("adhoc").to_string())?;
    let name = folder.display().to_string();

    let wrong = "case `alice`: groups: [\"adhoc\"] expected, [\"etl\"] decided";
    let said = stack.warren.say(&["rules", "publish", &name])?;
    assert_eq!((said.code, said.stderr), (1, format!("not published, the old rules serve on:\n  {wrong}\n")));
    let said = stack.warren.say(&["rules", "test", &name])?;
    ensure!(
        said.code == 1 && said.stdout.contains("✗ alice\n    groups: [\"adhoc\"] expected, [\"etl\"] decided"),
        "{said:?}"
    );
    // The same for the folder that is watched.
    for file in ["cases.json", "rules.rhai"] {
        std::fs::copy(folder.join(file), stack.rules().join(file))?;
    }
    eventually(SOON, "the status to say which case failed", || {
        let problem = stack.status()?["problems"]["rules folder"].clone();
        ensure!(problem == format!("not published, the old rules serve on: {wrong}"), "{problem}");
        Ok(())
    })?;
    assert_eq!(stack.status()?["rules"], before);

    let said = stack.warren.say(&["rules", "test", "--update", &name])?;
    ensure!(said.code == 0 && said.stderr.contains("1 case(s) updated"), "{said:?}");
    assert_eq!(serde_json::from_str::<Value>(&std::fs::read_to_string(folder.join("cases.json"))?)?, case("etl"));
    let published = stack.warren.cli(&["rules", "publish", &name])?;
    ensure!(published.starts_with("published as version"), "{published}");
    stack.warren.cli(&["rules", "rollback", &before.to_string()])?;
    Ok(())
}

pub(super) fn the_playground_is_served_and_nothing_beside_it(stack: &Stack) -> Result<()> {
    let url = |path: &str| format!("{}{path}", stack.warren.api_url());
    let page = http::get(&url("/playground/"), &[])?;
    ensure!(page.status == 200 && page.body.contains("rules playground"), "{page:?}");
    let policy = page.headers.get("content-security-policy").and_then(|value| value.to_str().ok());
    ensure!(policy.is_some_and(|policy| policy.starts_with("default-src 'none'; script-src 'self'")), "{policy:?}");
    let module = http::send("HEAD", &url("/playground/engine/warren_playground_bg.wasm"), &[], "")?;
    assert_eq!((module.status.as_u16(), module.header("content-type")), (200, Some("application/wasm")));
    for path in
        ["/playground/engine", "/playground/../Cargo.toml", "/playground/%2e%2e/Cargo.toml", "/playground/build"]
    {
        assert_eq!(http::get(&url(path), &[])?.status, 404, "{path}");
    }
    Ok(())
}

pub(super) fn the_history_is_asked_again_with_other_rules(stack: &Stack) -> Result<()> {
    let run = |user: &str, source: &str| -> Result<String> {
        Ok(Session::user(user).source(source).tag("replayed").run(&stack.url(0)?, "SELECT 1")?.success()?.id)
    };
    // Two that go elsewhere, and one that does not: whoever has the tag `etl` goes to that group.
    let ids = [run("alice", "replay")?, run("alice", "replay")?, run("bob", "replay")?];
    let folder = stack.run.folder("replayed")?;
    std::fs::write(folder.join("rules.rhai"), NEW)?;
    let name = folder.display().to_string();
    let entry = |id: &String| stack.warren.cli(&["history", id]);
    eventually(SOON, "the queries to be in the history", || ids.iter().try_for_each(|id| entry(id).map(|_| ())))?;

    let said = stack.warren.say(&["rules", "replay", &name, "--since", "1h", "--json"])?;
    let replay: Value = serde_json::from_str(&said.stdout).with_context(|| format!("{said:?}"))?;
    let moved = replay["moved"].as_array().context("no list")?;
    let moved: Vec<&Value> = moved.iter().filter(|moved| moved["source"] == "replay").collect();
    let want = json!({"queries": 2, "user": "alice", "source": "replay", "old_rule": "otherwise", "old": "adhoc",
                      "new_rule": "vip", "new": "etl", "example": ids[1]});
    assert_eq!((said.code, moved), (1, vec![&want]));
    let not_kept = replay["not_kept"].as_array().context("no list")?;
    ensure!(not_kept.contains(&"host".into()) && !not_kept.contains(&"user".into()), "{replay}");

    let explained = stack.warren.cli(&["rules", "explain", "--id", &ids[0]])?;
    let lines: Vec<&str> = explained.lines().collect();
    assert_eq!(lines.first(), Some(&"adhoc"));
    ensure!(explained.contains("client tag etl no\n"), "{explained}");
    ensure!(explained.contains("└─ ✓ otherwise (line "), "{explained}");
    ensure!(explained.contains("then: otherwise decided, adhoc, cluster "), "{explained}");
    let tried = stack.warren.cli(&["rules", "explain", &name, "--id", &ids[0]])?;
    ensure!(tried.starts_with("etl\n└─ ✓ vip (line 1) decided in line 1\n      user alice\n"), "{tried}");
    Ok(())
}
