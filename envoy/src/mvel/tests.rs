//! Cases in folders: rules of Trino Gateway, what becomes of them (`rules.rhai`, `report.txt`), and the groups of some queries.
//! `UPDATE=1` writes the first two. The real Trino Gateway is asked about the same queries by
//! `cargo test -p warren-tests --test trino_gateway`.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize;
use warren_rules::{QueryJson, RuleFile, RuleSet};

use super::{Import, import};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    query: QueryJson,
    /// None is the default group.
    group: Option<String>,
    /// Trino Gateway fails the query here. For the other test.
    #[serde(default, rename = "gateway_fails")]
    _gateway_fails: bool,
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mvel/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn imported(case: &Path) -> Import {
    import("gateway.yaml", &fs::read_to_string(case.join("gateway.yaml")).unwrap()).unwrap()
}

fn report(import: &Import) -> String {
    let notes = import.notes.iter().map(|note| format!("note: {note}\n"));
    notes.chain(import.refused.iter().map(|refused| format!("not translated: {refused}\n"))).collect()
}

#[test]
fn rules_and_report_are_as_written_down() {
    for case in cases() {
        let import = imported(&case);
        for (file, found) in [("rules.rhai", import.rhai.clone()), ("report.txt", report(&import))] {
            let path = case.join(file);
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&path, &found).unwrap();
            }
            let kept = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == kept, "{} is another (UPDATE=1 writes it):\n{found}", path.display());
        }
    }
}

#[test]
fn queries_go_to_the_group_that_trino_gateway_chooses() {
    for folder in cases() {
        let source = imported(&folder).rhai;
        let file = RuleFile { name: "rules.rhai".to_owned(), source };
        let rules = RuleSet::compile(&[file]).unwrap_or_else(|errors| panic!("{}: {errors}", folder.display()));
        let cases = fs::read_to_string(folder.join("cases.json")).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
        for case in cases {
            let decision = rules.decide(Rc::new(case.query.into_query())).to_json("default");
            let wanted = case.group.as_deref().unwrap_or("default");
            assert_eq!(decision["groups"][0], wanted, "{}: {}\n{decision:#}", folder.display(), case.name);
        }
    }
}

#[test]
fn what_is_not_yaml_is_told_with_its_line() {
    let error = import("gateway.yaml", "name: a\nactions: [\n").unwrap_err();
    assert_eq!(error.to_string(), "line 3: not YAML: while parsing a node, did not find expected node content");
}
