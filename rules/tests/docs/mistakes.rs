//! Mistakes of authors, in `tests/mistakes/*.md`: under each heading the files of a rule set with a mistake, then all that is
//! said of it. `UPDATE=1` writes what is said now.

use std::fs;
use std::path::Path;

use warren_rules::{Known, RuleFile, RuleSet, check_references};

use crate::markdown::{Block, blocks};

/// The language of the block that holds what is said.
const SAID: &str = "text";
/// The language of a block with the groups and clusters that there are.
const KNOWN: &str = "known";

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let now = with_what_is_said(&page);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &now).unwrap();
            continue;
        }
        for (before, after) in blocks(&page).iter().zip(blocks(&now)) {
            assert_eq!(before.text, after.text, "{}: {}", path.display(), before.heading);
        }
    }
}

/// The page, with what is said now of each mistake.
fn with_what_is_said(page: &str) -> String {
    let mut now = String::new();
    let mut done = 0;
    let mut case = Vec::new();
    for block in blocks(page) {
        if block.info == SAID {
            now += &page[done..block.place.start];
            done = block.place.end;
            now += &said(&case);
            case.clear();
        } else {
            case.push(block);
        }
    }
    assert!(case.is_empty(), "no block of what is said follows: {case:?}");
    now + &page[done..]
}

fn said(case: &[Block<'_>]) -> String {
    let files: Vec<RuleFile> = case
        .iter()
        .filter(|block| block.language() != KNOWN)
        .map(|block| RuleFile {
            name: block.file().unwrap_or("rules.rhai").to_owned(),
            source: block.text.strip_suffix('\n').unwrap_or(block.text).to_owned(),
        })
        .collect();
    let errors = match (RuleSet::compile(&files), case.iter().find(|block| block.language() == KNOWN)) {
        (Err(errors), _) => errors.0,
        (Ok(rules), Some(known)) => {
            let names = |of| Some(names(known, of));
            let (groups, clusters, services) = (names("groups: "), names("clusters: "), names("routing services: "));
            check_references(&rules, &Known { groups, clusters, services })
        }
        (Ok(_), None) => Vec::new(),
    };
    assert!(!errors.is_empty(), "{}: nothing is said", case[0].heading);
    for error in &errors {
        assert!(error.help.is_some(), "{}: what is to be done? {error}", case[0].heading);
    }
    errors.iter().map(|error| format!("{error}\n")).collect()
}

fn names(known: &Block<'_>, of: &str) -> Vec<String> {
    let line = known.text.lines().find_map(|line| line.strip_prefix(of)).unwrap_or_default();
    line.split(", ").map(str::to_owned).collect()
}

#[test]
fn what_may_be_true_passes() {
    for condition in [
        r#"q.header("A") == "1" && q.header("B") == "2""#,
        r#"q.clock("UTC") == "08:00" && q.clock("Asia/Tokyo") == "17:00""#,
        r#"q.clock < "24:00" && q.weekday != 7"#,
        r#"q.user != "ann" && q.user != "bob""#,
        r#"q.user == "ann" || q.user == "bob""#,
        r#"q.source == "dbt" && q.user == "ann""#,
        r#"q.catalog == "" || q.catalog in ["hive", ""]"#,
        r#""hive.web.a\"b" in q.sql.tables || q.sql.tables == []"#,
        r#"q.sql.query_type == "" || q.sql.query_type in ["Insert", "CreateTableAsSelect"]"#,
        r#"q.session["a.b"] == "" && parse_int(q.session.limit) > 5"#,
        r#""," in q.user || q.user in "ann""#,
        r#"[1, 2].some(|n| n == q.hour)"#,
    ] {
        let source = format!("rule(\"a\", |q| if {condition} {{ route(\"x\") }});");
        let file = RuleFile { name: "rules.rhai".to_owned(), source };
        let said = RuleSet::compile(&[file]).err().map(|errors| errors.to_string());
        assert_eq!(said, None, "{condition}");
    }
}
