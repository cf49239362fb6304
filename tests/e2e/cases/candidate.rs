//! A candidate beside the rules in force.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::SOON;

/// Reads what the rules in force do not: the text.
const CANDIDATE: &str = r#"
rule("writes", |q| if q.sql.writes { deny("not here") });
rule("dashboards", |q| if q.source == "superset" { route("etl").tag("x") });
rule("tiny", |q| if "tpch.tiny.nation" in q.sql.tables { route("etl") });
rule("asks", |q| if q.source == "asks" { external("router") });
otherwise(route("adhoc"));
"#;

fn begin(stack: &Stack, name: &str, rules: &str) -> Result<String> {
    let folder = stack.run.folder(name)?;
    std::fs::write(folder.join("rules.rhai"), rules).context("the rules cannot be written")?;
    stack.warren.cli(&["rules", "shadow", &folder.display().to_string(), "-m", "as a test"])
}

fn report(stack: &Stack) -> Result<Value> {
    let said = stack.warren.say(&["rules", "shadow", "--json"])?;
    Ok(serde_json::from_str(&said.stdout)?)
}

pub(super) fn a_candidate_is_asked_about_every_query_and_routes_none(stack: &Stack) -> Result<()> {
    stack.put_rules(&[(
        "rules.rhai".to_owned(),
        "rule(\"nation\", |q| if q.source == \"nation\" { route(\"adhoc\") });\notherwise(route(\"adhoc\"));\n"
            .to_owned(),
    )])?;
    let said = begin(stack, "candidate", CANDIDATE)?;
    ensure!(said.contains("is asked about every query, and routes none"), "{said}");
    // It is with the Envoys once it counts.
    for envoy in 0..stack.envoys.len() {
        eventually(SOON, "the candidate to be asked", || {
            Session::user("alice").run(&stack.url(envoy)?, "SELECT 0")?.success()?;
            let stats = stack.envoy(envoy)?.stats()?;
            ensure!(stats.contains("warren_candidate_same"), "it is not");
            Ok(())
        })?;
    }
    let before = stack.status()?["problems"].clone();
    let cases = [
        ("nation", "SELECT count(*) FROM tpch.tiny.nation", json!(["differs", "nation", "adhoc", "tiny", "etl"])),
        ("superset", "SELECT 1", json!(["differs", "otherwise", "adhoc", "dashboards", "etl"])),
        ("asks", "SELECT 2", json!(["unknown", "otherwise", "adhoc", "", ""])),
        (
            "writes",
            "CALL system.runtime.kill_query('20260101_000000_00000_aaaaa', '')",
            json!(["differs", "otherwise", "adhoc", "writes", "denied"]),
        ),
    ];
    for (source, sql, wanted) in &cases {
        let query = Session::user("alice").source(source).run(&stack.url(0)?, sql)?;
        assert_eq!(stack.who_knows(&query.id)?, ["adhoc-1"], "{source}: nothing is routed by it");
        eventually(SOON, &format!("{source} to be counted"), || {
            let counts = report(stack)?["counts"].clone();
            let counts = counts.as_array().context("no counts")?;
            let found = counts.iter().find(|count| count["last_query"] == *query.id).context("not yet")?;
            let said = ["comparison", "rule", "from", "candidate_rule", "to"].map(|name| found[name].clone());
            ensure!(Value::from(said.to_vec()) == *wanted, "{found}, wanted {wanted}");
            Ok(())
        })?;
    }
    let said = stack.warren.say(&["rules", "shadow"])?;
    ensure!(said.code == 1 && said.stdout.contains("adhoc → etl"), "{}", said.stdout);
    assert_eq!(stack.status()?["problems"], before);

    // Another takes its place; a broken one does not.
    let folder = stack.run.folder("candidate")?;
    std::fs::write(folder.join("rules.rhai"), "rule(\"a\", |q| rout(\"x\"));")
        .context("the rules cannot be written")?;
    let said = stack.warren.say(&["rules", "shadow", &folder.display().to_string()])?;
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (
            1,
            "not asked, nothing has changed:\n  rule `a`: line 1, column 15: unknown function `rout`; did you mean `route`?\n"
        )
    );
    let first = report(stack)?["candidate"].as_i64().context("no candidate")?;
    begin(stack, "candidate", "otherwise(route(\"adhoc\"));\n")?;
    let second = report(stack)?;
    assert_eq!((&second["candidate"], &second["counts"]), (&json!(first + 1), &json!([])));
    stack.warren.cli(&["rules", "shadow", "--stop"])?;
    let said = stack.warren.say(&["rules", "shadow"])?;
    assert_eq!((said.code, said.stderr.as_str()), (1, "there is no candidate; `warren rules shadow DIR` begins one\n"));
    Ok(())
}
