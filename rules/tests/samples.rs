//! Every sample is a rule set that does what its cases say, in all of its lines.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use warren_rules::cases::{self, CASES};
use warren_rules::data::TABLES;
use warren_rules::{RuleFile, RuleSet};

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
