use std::rc::Rc;

use super::{Type, table};
use crate::ExternalAnswer;
use crate::{Outcome, Query, RuleFile, RuleSet};

fn rules(source: &str) -> RuleSet {
    let file = |name: &str, source: &str| RuleFile { name: name.to_owned(), source: source.to_owned() };
    let files = [file("rules.rhai", source), file("tables/teams.csv", "user,team\nann,blue\n")];
    RuleSet::compile(&files).unwrap_or_else(|errors| panic!("{errors}\n{source}"))
}

/// The engine has every entry of the table, and it gives the type that the table says.
#[test]
fn every_entry_is_there() {
    for entry in table() {
        let example = entry.example;
        if matches!(entry.name, "rule" | "otherwise") {
            rules(&format!("{example};"));
            continue;
        }
        // What a rule gives is named in its failure. The check cannot see through `??`, so it lets the value pass.
        if entry.name == "table" {
            rules(&format!("const T = {example};"));
            continue;
        }
        let source = format!(
            "const TEAMS = table(\"teams.csv\"); fn example(q) {{ {example} }} rule(\"a\", |q| example(q) ?? example(q));"
        );
        let query = Query::new("POST", "/v1/statement", vec![]).now(0);
        query.tell("router", Ok(ExternalAnswer::Group { group: "a".to_owned(), headers: Vec::new() }));
        let decision = rules(&source).decide(Rc::new(query));
        let outcome = decision.trace.entries().next().map(|entry| entry.outcome);
        let want = match entry.returns {
            Type::Addition => Outcome::Added,
            returns if returns.is_decision() => Outcome::Matched,
            Type::Unit => Outcome::Passed,
            // An empty list says nothing of its elements; `find` gives what the list holds.
            Type::Any => Outcome::Failed(gave(Type::Number)),
            returns => Outcome::Failed(gave(returns)),
        };
        let same = outcome.as_ref() == Some(&want)
            || (entry.returns == Type::List && outcome == Some(Outcome::Failed(gave(Type::Strings))));
        assert!(same, "{}: {example}: {outcome:?}, not {want:?}", entry.signature());
    }
}

fn gave(kind: Type) -> String {
    format!("gave {}; a rule gives a decision such as `route(\"adhoc\")`, or nothing", kind.words())
}

#[test]
fn entries_are_written_as_authors_write_them() {
    let signatures: Vec<String> = table().map(super::Entry::signature).collect();
    for want in ["route(group)", ".or(group)", ".user", ".bucket(value, n)", ".only()"] {
        assert!(signatures.iter().any(|signature| signature == want), "{want}");
    }
}
