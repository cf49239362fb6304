//! Mistakes of authors, in `tests/mistakes/*.md`: under each heading the files of a rule set with a mistake, then all that is
//! said of it. `UPDATE=1` writes what is said now.

use std::fs;
use std::path::Path;

use warren_rules::{RuleFile, RuleSet, check_references};

use crate::common::{compile_files, decide, mistakes, outcome};
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
        (Ok(rules), Some(known)) => check_references(&rules, &names(known, "groups: "), &names(known, "clusters: ")),
        (Ok(_), None) => Vec::new(),
    };
    assert!(!errors.is_empty(), "{}: nothing is said", case[0].heading);
    errors.iter().map(|error| format!("{error}\n")).collect()
}

fn names(known: &Block<'_>, of: &str) -> Vec<String> {
    let line = known.text.lines().find_map(|line| line.strip_prefix(of)).unwrap_or_default();
    line.split(", ").map(str::to_owned).collect()
}

/// What cannot be seen in a page.
#[test]
fn reads_files_of_any_editor() {
    for source in [
        "\u{feff}rule(\"a\", |q| route(\"x\"));\n",
        "const A = \"x\";\r\nrule(\"a\", |q| {\r\n\troute(A)\r\n});\r\n",
        "rule(\"a\",\t|q|\troute(\"x\"));",
    ] {
        assert_eq!(mistakes(source), "", "{source:?}");
    }
    for (source, want) in [
        (
            "\u{feff}rule(\"a\", |q| q.usr);",
            "rule `a`: line 1, column 17: the query has no property `usr`; did you mean `user`?",
        ),
        (
            "// a\r\nrule(\"a\",\r\n\t|q| q.usr);\r\n",
            "rule `a`: line 3, column 8: the query has no property `usr`; did you mean `user`?",
        ),
        (
            "rule(\"a\",\u{a0}|q| route(\"x\"));",
            "rule `a`: line 1, column 10: the character U+00A0 cannot stand here; take it out; it may be invisible, or look like another",
        ),
    ] {
        assert_eq!(mistakes(source), want, "{source:?}");
    }
    for (name, source) in [
        ("tables/vips.csv", "\u{feff}user,group\r\nann,vip\r\n"),
        ("tables/vips.json", "\u{feff}{\"ann\": {\"group\": \"vip\"}}\r\n"),
        ("tables/vips.toml", "\u{feff}[ann]\r\ngroup = \"vip\"\r\n"),
    ] {
        let file = name.trim_start_matches("tables/");
        let rule = format!("const T = table(\"{file}\"); rule(\"a\", |q| route(T[q.user].group));");
        let rules = compile_files(&[("rules.rhai", &rule), (name, source)]).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(outcome(&decide(&rules)), "vip by a", "{name}");
    }
}
