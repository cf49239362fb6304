//! `warren rules diff`: what differs between two rule sets, and what their cases make of it.

use super::{Source, past};
use crate::cli::status::table;
use crate::cli::{ApiArgs, Outcome};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::rc::Rc;
use warren_rules::{QueryJson, RuleFile, RuleSet, cases};

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// Folder of rules, or number of a published version
    old: Source,
    /// Another one
    new: Source,
    /// Group of queries that no rule sends elsewhere
    #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
    default_group: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct RulesDiff {
    rules: Vec<RuleChange>,
    /// Cases of either that are decided otherwise.
    cases: Vec<CaseChange>,
}

#[derive(Debug, PartialEq, Serialize)]
struct RuleChange {
    rule: String,
    change: Change,
    /// Where it stands now, or stood if it is gone.
    place: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Added,
    Removed,
    Changed,
}

#[derive(Debug, PartialEq, Serialize)]
struct CaseChange {
    case: String,
    old: String,
    new: String,
}

type Compiled = (Vec<RuleFile>, RuleSet);

pub(super) async fn run(api: &ApiArgs, args: DiffArgs) -> Result<Outcome> {
    let (old, new) = match (args.old.compiled(api).await?, args.new.compiled(api).await?) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(outcome), _) | (_, Err(outcome)) => return Ok(outcome),
    };
    let diff = RulesDiff { rules: changes(&old, &new), cases: case_changes(&old, &new, &args.default_group) };
    if args.json {
        say!("{}", serde_json::to_string_pretty(&diff)?);
    } else {
        show(&diff, &args)?;
    }
    let same = diff.rules.is_empty() && diff.cases.is_empty();
    Ok(if same { Outcome::Good } else { Outcome::Findings })
}

fn show(diff: &RulesDiff, args: &DiffArgs) -> Result<()> {
    if diff.rules.is_empty() {
        say!("the same rules");
    } else {
        let rows = diff.rules.iter().map(|change| {
            let word = match change.change {
                Change::Added => "added",
                Change::Removed => "removed",
                Change::Changed => "changed",
            };
            vec![word.to_owned(), change.rule.clone(), change.place.clone()]
        });
        say!("{}", table(&["", "rule", "place"], rows));
    }
    if diff.cases.is_empty() {
        say!("no case is decided otherwise (`warren rules replay` asks about queries of the past)");
    } else {
        let rows = diff.cases.iter().map(|case| vec![case.case.clone(), case.old.clone(), case.new.clone()]);
        say!("\n{}", table(&["case", &args.old.name(), &args.new.name()], rows));
    }
    Ok(())
}

fn changes((old_files, old): &Compiled, (new_files, new): &Compiled) -> Vec<RuleChange> {
    let (before, after) = (old.rules(), new.rules());
    let change = |rule: &warren_rules::Mention, change| RuleChange {
        rule: rule.name.clone(),
        change,
        place: format!("{}:{}", rule.file, rule.line.unwrap_or_default()),
    };
    let mut changes = Vec::new();
    for rule in &after {
        match before.iter().find(|old| old.name == rule.name) {
            None => changes.push(change(rule, Change::Added)),
            Some(old) if text(old_files, old) != text(new_files, rule) => changes.push(change(rule, Change::Changed)),
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|old| after.iter().all(|rule| rule.name != old.name));
    changes.extend(gone.map(|rule| change(rule, Change::Removed)));
    changes
}

/// Lines of a rule: from where it stands to the next thing at the beginning of a line.
fn text<'a>(files: &'a [RuleFile], rule: &warren_rules::Mention) -> Vec<&'a str> {
    let Some(file) = files.iter().find(|file| file.name == rule.file) else { return Vec::new() };
    let mut lines = file.source.lines().skip(rule.line.unwrap_or(1).saturating_sub(1));
    let first = lines.next();
    let next = |line: &&str| !["rule(", "const ", "fn ", "otherwise(", "//"].iter().any(|word| line.starts_with(word));
    first.into_iter().chain(lines.take_while(next)).map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

fn case_changes(old: &Compiled, new: &Compiled, default_group: &str) -> Vec<CaseChange> {
    let mut known: Vec<(String, QueryJson)> = Vec::new();
    for (files, _) in [old, new] {
        for case in cases::read(files).unwrap_or_default() {
            if !known.iter().any(|(_, query)| *query == case.query) {
                known.push((case.name, case.query));
            }
        }
    }
    let decide = |rules: &RuleSet, query: &QueryJson| {
        past::place(&rules.decide(Rc::new(query.clone().into_query())), default_group)
    };
    known
        .into_iter()
        .map(|(case, query)| CaseChange { case, old: decide(&old.1, &query), new: decide(&new.1, &query) })
        .filter(|change| change.old != change.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(source: &str, cases: &str) -> Compiled {
        let files = [("a.rhai", source), ("cases.json", cases)];
        let files: Vec<RuleFile> =
            files.map(|(name, source)| RuleFile { name: name.into(), source: source.into() }).into();
        let rules = RuleSet::compile(&files).unwrap();
        (files, rules)
    }

    #[test]
    fn tells_rules_and_cases_that_differ() {
        let old = compiled(
            "rule(\"a\", |q| if q.user == \"ann\" { route(\"a\") });\n\n// about b\nrule(\"b\", |q| route(\"b\"));",
            r#"[{"name": "ann", "query": {"headers": {"X-Trino-User": "ann"}}, "expect": {"groups": ["a"]}}]"#,
        );
        let new = compiled(
            "rule(\"c\", |q| if q.user == \"ann\" { route(\"c\") });\n\n// on b\nrule(\"b\", |q| {\n  route(\"b\")\n});",
            "[]",
        );
        let change = |rule: &str, change, place: &str| RuleChange { rule: rule.into(), change, place: place.into() };
        assert_eq!(
            changes(&old, &new),
            [
                change("c", Change::Added, "a.rhai:1"),
                change("b", Change::Changed, "a.rhai:4"),
                change("a", Change::Removed, "a.rhai:1"),
            ]
        );
        assert_eq!(
            case_changes(&old, &new, "d"),
            [CaseChange { case: "ann".into(), old: "a".into(), new: "c".into() }]
        );
    }
}
