use super::*;

const RULES: &str = r#"rule("jobs", |q| if q.source == "airflow" { route("etl") });
rule("tagged", |q| if q.has_tag("x") { tag("x") });
rule("night", |q| if q.source == "cron" {
    if q.user == "" { return deny("who?"); }
    route("night")
});
otherwise(route("adhoc"));"#;

fn files(cases: &str) -> Vec<RuleFile> {
    [("rules.rhai", RULES), (CASES, cases)]
        .map(|(name, source)| RuleFile { name: name.into(), source: source.into() })
        .into()
}

fn report(cases: &str) -> Report {
    let files = files(cases);
    run(&RuleSet::compile(&files).unwrap(), read(&files).unwrap(), "default")
}

#[test]
fn tells_what_is_not_as_expected() {
    let report = report(
        r#"[{"name": "a job", "query": {"headers": {"X-Trino-Source": "airflow"}}, "expect": {"groups": ["etl"]}},
            {"name": "another", "query": {"headers": {"X-Trino-Source": "cron"}},
             "expect": {"action": "route", "groups": ["night"], "rule": "night"}}]"#,
    );
    let found: Vec<String> = report
        .failed()
        .flat_map(|case| &case.differences)
        .map(|d| format!("{}: {} not {}", d.field, d.found, d.expected.clone().unwrap_or_default()))
        .collect();
    assert_eq!(found, ["action: \"deny\" not \"route\"", "groups: [] not [\"night\"]"]);
}

#[test]
fn tells_which_rules_and_lines_no_case_came_to() {
    let report = report(
        r#"[{"name": "a", "query": {"headers": {"X-Trino-Client-Tags": "x"}}, "expect": {"groups": ["adhoc"]}},
            {"name": "b", "query": {"headers": {"X-Trino-Source": "cron"}}, "expect": {"message": "who?"}}]"#,
    );
    let (rules, decisions) = report.coverage.missing();
    assert_eq!(rules.iter().map(|rule| rule.rule.as_deref()).collect::<Vec<_>>(), [Some("jobs")]);
    assert_eq!(decisions.iter().map(|decision| decision.line).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn says_what_is_wrong_with_a_file_of_cases() {
    for (cases, want) in [
        (
            r#"[{"name": "a", "expect": {"grups": [], "line": 1}}]"#,
            "cases.json: case `a`: a decision has no `grups`; did you mean `groups`?",
        ),
        (
            "[\n{\"nam\": \"a\"}]",
            "cases.json: line 2, column 6: unknown field `nam`, expected one of `name`, `query`, `expect` at line 2 \
             column 6; write `[{\"name\": \"…\", \"query\": {…}, \"expect\": {…}}]`",
        ),
    ] {
        assert_eq!(read(&files(cases)).unwrap_err().to_string(), want);
    }
}

#[test]
fn an_update_changes_nothing_but_what_was_not_as_expected() {
    let text = r#"[
  {"name": "good",   "query": {"headers": {"X-Trino-Source": "airflow"}}, "expect": { "rule":"jobs" }},
  {
    "name": "bad",
    "query": {},
    "expect": {"groups": ["etl"], "rule": null, "tags": []}
  },
  {
    "name": "new",
    "query": {"headers": {"X-Trino-Source": "cron"}}
  }
]
"#;
    let want = r#"[
  {"name": "good",   "query": {"headers": {"X-Trino-Source": "airflow"}}, "expect": { "rule":"jobs" }},
  {
    "name": "bad",
    "query": {},
    "expect": {"groups": ["adhoc"], "rule": "otherwise", "tags": []}
  },
  {
    "name": "new",
    "query": {"headers": {"X-Trino-Source": "cron"}},
    "expect": {"action": "deny", "groups": [], "rule": "night"}
  }
]
"#;
    let updated = update(text, &report(text)).unwrap();
    assert_eq!(updated, want);
    assert_eq!(report(&updated).failed().count(), 0);
}
