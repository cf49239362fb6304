//! Every sample is a rule set that does what its cases say, in all of its lines; `docs/rules.md` lists them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use warren_rules::cases::{self, CASES};
use warren_rules::data::TABLES;
use warren_rules::{RuleFile, RuleSet};

const BEGIN: &str = "<!-- samples -->\n";
const END: &str = "<!-- /samples -->";

fn samples() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut samples: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    samples.sort();
    samples
}

fn files(sample: &Path) -> Vec<RuleFile> {
    let mut files = read(sample, "");
    if sample.join(TABLES).is_dir() {
        files.extend(read(&sample.join(TABLES), TABLES));
    }
    files
}

fn read(folder: &Path, prefix: &str) -> Vec<RuleFile> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    entries
        .map(|path| {
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            RuleFile { name, source: fs::read_to_string(&path).unwrap() }
        })
        .collect()
}

#[test]
fn every_sample_decides_as_its_cases_say_and_they_come_to_every_line() {
    for (name, sample) in samples() {
        let files = files(&sample);
        let rules = RuleSet::compile(&files).unwrap_or_else(|errors| panic!("{name}:\n{errors}"));
        let cases = cases::read(&files).unwrap_or_else(|errors| panic!("{name}:\n{errors}"));
        assert!(!cases.is_empty(), "{name} has no {CASES}");
        let report = cases::run(&rules, cases, "default");
        assert_eq!(report.failed().collect::<Vec<_>>(), [] as [&cases::CaseResult; 0], "{name}");
        assert_eq!(report.coverage.missing(), (Vec::new(), Vec::new()), "{name}");
    }
}

#[test]
fn the_list_of_samples_is_made_from_them() {
    let mut list = String::from("| sample | what it is about |\n| --- | --- |\n");
    for (name, sample) in samples() {
        let source = fs::read_to_string(sample.join("rules.rhai")).unwrap();
        let about: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("// ")).collect();
        assert!(!about.is_empty(), "{name} does not begin with what it is about");
        list += &format!("| [{name}](../rules/samples/{name}/rules.rhai) | {} |\n", about.join(" "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}{list}{END}{after}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(page == wanted, "docs/rules.md is outdated: UPDATE=1 cargo test -p warren-rules --test samples writes it");
}
