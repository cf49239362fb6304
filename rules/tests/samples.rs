//! Every sample is a test: `samples/<name>/*.rhai` and `cases.json`, a list of `{name, query, expect}`, where `query` is a
//! `query.json` and `expect` holds the parts of the decision that matter.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::rc::Rc;
use std::{fs, io};

use serde::Deserialize;
use serde_json::Value;
use warren_rules::{QueryJson, RuleFile, RuleSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    query: QueryJson,
    expect: serde_json::Map<String, Value>,
}

#[test]
fn every_sample_decides_as_its_cases_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut cases = 0;
    for sample in fs::read_dir(&folder).unwrap() {
        cases += run(&sample.unwrap().path()).unwrap();
    }
    assert!(cases > 0, "no case in {}", folder.display());
}

fn run(sample: &Path) -> io::Result<usize> {
    let mut files = Vec::new();
    for entry in fs::read_dir(sample)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rhai") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push(RuleFile { name, source: fs::read_to_string(&path)? });
        }
    }
    let rules = RuleSet::compile(&files).unwrap_or_else(|errors| panic!("{}:\n{errors}", sample.display()));
    let cases: Vec<Case> = serde_json::from_str(&fs::read_to_string(sample.join("cases.json"))?)?;
    let count = cases.len();
    for case in cases {
        let decision = rules.decide(Rc::new(case.query.into_query())).to_json("default");
        for (key, want) in &case.expect {
            assert_eq!(&decision[key], want, "{}: {}: {key}\n{decision:#}", sample.display(), case.name);
        }
    }
    Ok(count)
}
