//! Rules change under load.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::SOON;

fn file(text: &str) -> Vec<(String, String)> {
    vec![("rules.rhai".to_owned(), text.to_owned())]
}

fn rule_in_force(stack: &Stack, envoy: usize, source: &str) -> Result<String> {
    let query = Session::user("alice").source(source).start(&stack.url(envoy)?, "SELECT 1")?;
    let rule = query.first_headers.get("x-warren-rule").and_then(|v| v.to_str().ok());
    rule.map(str::to_owned).context("no X-Warren-Rule")
}

/// What Envoy counts when it lets go of connections or listeners.
const DRAINS: &[&str] = &[
    "http.warren.downstream_cx_drain_close",
    "listener_manager.listener_modified",
    "listener_manager.listener_removed",
    "listener_manager.total_listeners_draining",
    "http.warren.downstream_rq_5xx",
];

fn drains(stack: &Stack, envoy: usize) -> Result<Vec<u64>> {
    DRAINS.iter().map(|stat| stack.envoy(envoy)?.stat(stat)).collect()
}

pub(super) fn a_saved_rule_is_in_force_and_drains_nothing(stack: &Stack) -> Result<()> {
    let before: Vec<Vec<u64>> = (0..stack.envoys.len()).map(|e| drains(stack, e)).collect::<Result<_>>()?;
    let mut running = Session::user("alice").start(&stack.url(0)?, "SELECT * FROM tpch.sf1.orders LIMIT 100000")?;
    while running.rows.is_empty() && running.step()? {}
    stack.put_rules(&file(
        "rule(\"saved\", |q| if q.source == \"new\" { route(\"etl\") });\notherwise(route(\"adhoc\"));\n",
    ))?;
    for (envoy, before) in before.iter().enumerate() {
        assert_eq!(rule_in_force(stack, envoy, "new")?, "saved");
        assert_eq!(&drains(stack, envoy)?, before, "{DRAINS:?}");
    }
    running.finish()?;
    assert_eq!(running.success()?.rows.len(), 100_000);
    Ok(())
}

pub(super) fn a_broken_rule_is_refused_with_its_line_and_the_old_ones_serve(stack: &Stack) -> Result<()> {
    let version = stack.status()?["rules"].clone();
    std::fs::write(stack.rules().join("rules.rhai"), "rule(\"etl\", |q| {\n    route_too(\"etl\")\n});\n")?;
    let problem = eventually(SOON, "the status to say what is wrong", || {
        let status = stack.status()?;
        status["problems"]["rules folder"].as_str().map(str::to_owned).with_context(|| format!("{status}"))
    })?;
    assert_eq!(
        problem,
        "not published, the old rules serve on: rule `etl`: line 2, column 5: unknown function `route_too`; did you mean `route`?"
    );
    assert_eq!(stack.status()?["rules"], version);
    for envoy in 0..stack.envoys.len() {
        assert_eq!(rule_in_force(stack, envoy, "airflow")?, "etl");
    }
    // The same by the command line, with exit status 1.
    let said = stack.warren.say(&["rules", "check", &stack.rules().display().to_string()])?;
    let wanted = "rule `etl`: line 2, column 5: unknown function `route_too`; did you mean `route`?\n";
    assert_eq!((said.code, said.stderr.as_str()), (1, wanted));
    let said = stack.warren.say(&["rules", "publish", &stack.rules().display().to_string()])?;
    assert_eq!((said.code, said.stderr), (1, format!("not published, the old rules serve on:\n  {wanted}")));
    Ok(())
}

pub(super) fn rules_are_published_listed_and_rolled_back(stack: &Stack) -> Result<()> {
    let folder = stack.run.folder("published")?;
    let old = stack.status()?["rules"].as_i64().context("no rules in force")?;
    let new = file("rule(\"published\", |q| route(\"etl\"));\n");
    std::fs::write(folder.join("rules.rhai"), &new[0].1)?;
    let folder = folder.display().to_string();
    let said = stack.warren.cli(&["rules", "publish", &folder, "--message", "all to etl"])?;
    ensure!(said.starts_with(&format!("published as version {}", old + 1)), "{said}");
    stack.wait_rules(&new)?;
    assert_eq!(rule_in_force(stack, 0, "bi")?, "published");
    let list: serde_json::Value = serde_json::from_str(&stack.warren.cli(&["rules", "list", "--json"])?)?;
    assert_eq!((&list[0]["version"], &list[0]["message"]), (&(old + 1).into(), &"all to etl".into()));
    stack.warren.cli(&["rules", "rollback", &old.to_string()])?;
    eventually(SOON, "the old rules to be back on both Envoys", || {
        for envoy in 0..stack.envoys.len() {
            let rule = rule_in_force(stack, envoy, "bi")?;
            ensure!(rule == "otherwise", "rule `{rule}`");
        }
        Ok(())
    })?;
    let said = stack.warren.say(&["rules", "rollback", "999999"])?;
    assert_eq!((said.code, said.stderr.as_str()), (1, "rule set 999999 does not exist\n"));
    Ok(())
}

/// One Envoy is told to take no regular expressions: what Warren and the other Envoy find good, it refuses.
pub(super) fn what_only_envoy_refuses_is_shown_and_the_old_serves(stack: &Stack) -> Result<()> {
    let limit = |level: &str| stack.envoy(1)?.modify_runtime("re2.max_program_size.error_level", level);
    limit("1")?;
    // A change of the routes: the group `etl` serves nothing any more.
    stack.postgres.sql("UPDATE gateway_backend SET active = false WHERE routing_group = 'etl'")?;
    let routes = |status: &serde_json::Value, envoy: &str| status["envoys"][envoy]["kinds"]["routes"].clone();
    let refused = eventually(SOON, "the refusal to show", || {
        let routes = routes(&stack.status()?, "envoy-2");
        routes["rejected"]["error"].as_str().map(str::to_owned).with_context(|| format!("{routes}"))
    })?;
    ensure!(refused.contains("RE2 program size"), "{refused}");
    ensure!(routes(&stack.status()?, "envoy-1")["rejected"].is_null(), "the other Envoy refused, too");
    let said = stack.warren.say(&["status"])?;
    assert_eq!(said.code, 1, "a refusal is a finding");
    ensure!(said.stdout.contains("routes of snapshot"), "{}", said.stdout);
    for envoy in 0..stack.envoys.len() {
        Session::user("alice").source("bi").run(&stack.url(envoy)?, "SELECT 1")?.success()?;
    }
    limit("100000")?;
    stack.postgres.sql("UPDATE gateway_backend SET active = true WHERE routing_group = 'etl'")?;
    eventually(SOON, "the refusal to be over", || {
        let routes = routes(&stack.status()?, "envoy-2");
        ensure!(routes["rejected"].is_null(), "{routes}");
        Ok(())
    })
}
