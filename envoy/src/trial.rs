//! What a rule set must pass before it is put in force.

use warren_rules::{RuleFile, RuleSet, cases};

/// The rules, if they have no mistake and decide as their cases say; else everything that is wrong.
pub(crate) fn compile(files: &[RuleFile], default_group: &str) -> Result<RuleSet, Vec<String>> {
    let words = |errors: warren_rules::RuleErrors| errors.0.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (rules, cases) = match (RuleSet::compile(files), cases::read(files)) {
        (Ok(rules), Ok(cases)) => (rules, cases),
        (rules, cases) => {
            let mistakes = [rules.map(drop), cases.map(drop)].into_iter().filter_map(Result::err);
            return Err(mistakes.flat_map(words).collect());
        }
    };
    let report = cases::run(&rules, cases, default_group);
    let failed = report.failed().flat_map(|case| {
        case.differences.iter().map(|difference| match &difference.expected {
            Some(_) => format!("case `{}`: {difference}", case.name),
            None => {
                format!("case `{}` expects nothing; `warren rules test --update` writes what is decided", case.name)
            }
        })
    });
    let mut failed: Vec<String> = failed.collect();
    failed.dedup();
    if failed.is_empty() { Ok(rules) } else { Err(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_everything_that_is_wrong() {
        let good = r#"rule("a", |q| if q.user == "ann" { route("a") });"#;
        for (source, cases, want) in [
            (
                good,
                r#"[{"name": "ann", "query": {"headers": {"X-Trino-User": "ann"}}, "expect": {"groups": ["a"]}}]"#,
                &[] as &[&str],
            ),
            (
                good,
                r#"[{"name": "bob", "query": {"headers": {"X-Trino-User": "bob"}}, "expect": {"groups": ["a"], "rule": "a"}},
                    {"name": "new"}]"#,
                &[
                    "case `bob`: groups: [\"a\"] expected, [\"d\"] decided",
                    "case `bob`: rule: \"a\" expected, null decided",
                    "case `new` expects nothing; `warren rules test --update` writes what is decided",
                ],
            ),
            (
                "rule(\"a\", |q| rout(\"a\"));",
                "[{}]",
                &[
                    "rule `a`: line 1, column 15: unknown function `rout`; did you mean `route`?",
                    "cases.json: line 1, column 3: missing field `name` at line 1 column 3; write `[{\"name\": \"…\", \
                     \"query\": {…}, \"expect\": {…}}]`",
                ],
            ),
        ] {
            let files = [("a.rhai", source), ("cases.json", cases)];
            let files = files.map(|(name, source)| RuleFile { name: name.into(), source: source.into() });
            assert_eq!(compile(&files, "d").map(drop).err().unwrap_or_default(), want);
        }
    }
}
