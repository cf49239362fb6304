//! Tables and time zones.

use warren_rules::{RuleFile, RuleSet};

use crate::common::{compile_files, outcome, query};

const TEAMS: (&str, &str) = ("tables/teams.csv", "user,team,floor\nann,blue,2\nbob,red\n");
const LIMITS: (&str, &str) =
    ("tables/limits.toml", "[ann]\nrunning = 3\nnight = true\njobs = [\"etl\", \"bi\"]\n[bob]\nrunning = 5\n");

#[test]
fn tables_say_what_they_hold_and_a_missing_row_is_empty() {
    for (expression, want) in [
        ("TEAMS[q.user].team", "blue"),
        ("`${TEAMS[\"bob\"].team}${TEAMS[\"bob\"].floor}.`", "red."),
        ("`${TEAMS[\"eve\"].team}.`", "."),
        ("`${\"ann\" in TEAMS} ${\"eve\" in TEAMS} ${TEAMS.contains(\"bob\")} ${TEAMS.len()}`", "true false true 2"),
        ("{ let row = TEAMS[q.user]; row.team }", "blue"),
        ("TEAMS[q.user][\"team\"]", "blue"),
        ("team(q.user)", "blue"),
        ("`${LIMITS[q.user].running + 1} ${LIMITS[\"eve\"].running}`", "4 0"),
        ("`${LIMITS[q.user].night} ${LIMITS[\"bob\"].night}`", "true false"),
        ("`${\"bi\" in LIMITS[q.user].jobs} ${LIMITS[\"bob\"].jobs.len()}`", "true 0"),
    ] {
        let source = format!(
            "const TEAMS = table(\"teams.csv\"); const LIMITS = table(\"limits.toml\"); fn team(u) {{ TEAMS[u].team }} \
             rule(\"a\", |q| deny({expression}));"
        );
        let rules =
            compile_files(&[("rules.rhai", &source), TEAMS, LIMITS]).unwrap_or_else(|e| panic!("{e}\n{source}"));
        let decision = rules.decide(query(r#"{"headers": {"X-Trino-User": "ann"}}"#));
        assert_eq!(outcome(&decision), format!("denied by a: {want}"), "{expression}");
    }
}

#[test]
fn a_column_may_have_a_name_that_rhai_has_a_meaning_for() {
    let table = ("tables/t.csv", "user,tag,len,values,keys\nann,a,b,c,d\n");
    let source = "const T = table(\"t.csv\"); \
                  rule(\"a\", |q| { let t = T[q.user]; deny(`${t.tag}${t.len}${t.values}${t.keys}${T[\"eve\"].tag}`) });";
    let rules = compile_files(&[("rules.rhai", source), table]).unwrap();
    let decision = rules.decide(query(r#"{"headers": {"X-Trino-User": "ann"}}"#));
    assert_eq!(outcome(&decision), "denied by a: abcd");
}

#[test]
fn clocks_go_by_the_time_zone() {
    // Saturday, 2026-07-04 22:30 UTC.
    let at = r#"{"now": 1783204200}"#;
    for (expression, want) in [
        ("`${q.hour} ${q.weekday} ${q.clock}`", "22 6 22:30"),
        ("`${q.hour(\"Europe/Berlin\")} ${q.weekday(\"Europe/Berlin\")} ${q.clock(\"Europe/Berlin\")}`", "0 7 00:30"),
        ("`${q.clock(\"Asia/Kolkata\")} ${q.clock(ZONE)}`", "04:00 18:30"),
        ("`${q.clock >= \"22:00\" && q.clock < \"23:00\"}`", "true"),
    ] {
        let source = format!("const ZONE = \"America/New_York\"; rule(\"a\", |q| deny({expression}));");
        let rules = compile_files(&[("rules.rhai", &source)]).unwrap_or_else(|e| panic!("{e}\n{source}"));
        assert_eq!(outcome(&rules.decide(query(at))), format!("denied by a: {want}"), "{expression}");
        assert!(rules.reads_time());
    }
}

/// The filter has neither CSV nor a time zone database.
#[test]
fn scripts_and_what_was_read_for_them_make_the_same_rule_set() {
    let script = RuleFile {
        name: "rules.rhai".to_owned(),
        source:
            "const T = table(\"teams.csv\"); rule(\"a\", |q| if q.hour(\"Asia/Tokyo\") == 9 { route(T[q.user].team) });"
                .to_owned(),
    };
    let table = RuleFile { name: TEAMS.0.to_owned(), source: TEAMS.1.to_owned() };
    let whole = RuleSet::compile(&[script.clone(), table]).unwrap();
    let data = serde_json::from_str(&serde_json::to_string(&whole.data()).unwrap()).unwrap();
    let loaded = RuleSet::load(&[script], data).unwrap();
    for rules in [whole, loaded] {
        let decision = rules.decide(query(r#"{"headers": {"X-Trino-User": "ann"}, "now": 0}"#));
        assert_eq!(outcome(&decision), "blue by a");
    }
}
