//! A section's blocks with a file's name are that file: `json cases.json`, `csv tables/teams.csv`, `rhai shared.rhai`. A
//! `rhai` block without one is a rule set of its own, with the other files of its section. `json query.json` and
//! `json decision.json` are a query, and what is decided about it.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;
use warren_rules::cases::{self, CASES};
use warren_rules::{QueryJson, RuleFile, RuleSet};

use crate::markdown::{Block, blocks};
use crate::page;

/// Where the page sends a query that no rule decides about.
const DEFAULT_GROUP: &str = "adhoc";
/// What is no file of a rule set.
const ASIDE: &[&str] = &["query.json", "decision.json"];

/// The blocks of one section.
struct Section<'a> {
    heading: &'a str,
    blocks: Vec<Block<'a>>,
}

fn sections(page: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for block in blocks(page) {
        match sections.last_mut() {
            Some(section) if section.heading == block.heading => section.blocks.push(block),
            _ => sections.push(Section { heading: block.heading, blocks: vec![block] }),
        }
    }
    sections
}

fn is_script(block: &Block<'_>) -> bool {
    block.language() == "rhai"
}

impl Section<'_> {
    /// The rule sets of the section, each with its files.
    fn rule_sets(&self) -> Vec<Vec<RuleFile>> {
        let file = |block: &Block<'_>, name: &str| RuleFile { name: name.to_owned(), source: block.text.to_owned() };
        let named: Vec<RuleFile> = self
            .blocks
            .iter()
            .filter_map(|block| block.file().map(|name| file(block, name)))
            .filter(|file| !ASIDE.contains(&&*file.name))
            .collect();
        let alone = self.blocks.iter().filter(|block| is_script(block) && block.file().is_none());
        let mut sets: Vec<Vec<RuleFile>> =
            alone.map(|block| named.iter().cloned().chain([file(block, "rules.rhai")]).collect()).collect();
        if sets.is_empty() && named.iter().any(RuleFile::is_script) {
            sets.push(named);
        }
        sets
    }

    fn block(&self, info: &str) -> Option<&str> {
        self.blocks.iter().find(|block| block.info == info).map(|block| block.text)
    }
}

fn compile(section: &Section<'_>, files: &[RuleFile]) -> RuleSet {
    RuleSet::compile(files).unwrap_or_else(|errors| panic!("{}:\n{errors}", section.heading))
}

fn passes(section: &Section<'_>, files: &[RuleFile]) -> usize {
    let rules = compile(section, files);
    let cases = cases::read(files).unwrap_or_else(|errors| panic!("{}:\n{errors}", section.heading));
    let count = cases.len();
    let report = cases::run(&rules, cases, DEFAULT_GROUP);
    assert_eq!(report.failed().collect::<Vec<_>>(), [] as [&cases::CaseResult; 0], "{}", section.heading);
    if count > 0 {
        assert_eq!(report.coverage.missing(), (Vec::new(), Vec::new()), "{}: not covered", section.heading);
    }
    count
}

#[test]
fn every_script_is_a_rule_set_that_passes_the_cases_beside_it() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    for path in [page("rules.md"), readme] {
        let text = fs::read_to_string(&path).unwrap();
        let sections = sections(&text);
        let sets = sections.iter().flat_map(|section| section.rule_sets().into_iter().map(move |set| (section, set)));
        let mut scripts = 0;
        for (section, files) in sets {
            passes(section, &files);
            scripts += files.iter().filter(|file| file.is_script()).count();
        }
        assert!(scripts > 0, "no script in {}", path.display());
    }
}

#[test]
fn a_query_on_the_page_is_decided_as_the_page_says() {
    let text = fs::read_to_string(page("rules.md")).unwrap();
    let mut decisions = 0;
    for section in sections(&text) {
        let Some(decision) = section.block("json decision.json") else { continue };
        let rules = compile(&section, &section.rule_sets()[0]);
        let query = QueryJson::parse(section.block("json query.json").unwrap()).unwrap();
        let decided = rules.decide(Rc::new(query.into_query())).to_json(DEFAULT_GROUP);
        let said: Value = serde_json::from_str(decision).unwrap();
        assert_eq!(decided, said, "{}:\n{decided:#}", section.heading);
        decisions += 1;
    }
    assert!(decisions > 0);
}

#[test]
fn ten_exercises_have_an_answer_that_passes_their_cases() {
    let text = fs::read_to_string(page("rules.md")).unwrap();
    let (_, exercises) = text.split_once("\n## Exercises\n").unwrap();
    let (exercises, _) = exercises.split_once("\n## ").unwrap();
    let exercises = sections(exercises);
    assert_eq!(exercises.len(), 10);
    for section in &exercises {
        let sets = section.rule_sets();
        assert_eq!(sets.len(), 1, "{}: one answer", section.heading);
        assert!(sets[0].iter().any(|file| file.name == CASES), "{}: no cases", section.heading);
        assert!(passes(section, &sets[0]) > 1, "{}: one case tells little", section.heading);
    }
}
