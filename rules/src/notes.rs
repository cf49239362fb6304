//! What is worth a look in a rule set that has no mistake.

use crate::error::{RuleError, RuleErrors};
use crate::ruleset::RuleSet;

/// Remarks on rules that are never asked, on what costs time, and on what a client can make up, in order of their places.
pub fn notes(rules: &RuleSet) -> Vec<RuleError> {
    let mut notes = unreachable(rules);
    notes.extend(rules.statements().first().map(|first| {
        first
            .error("this reads the statement, so Envoy holds every query until the whole of it is there")
            .help("where a header tells the same, read that; a few milliseconds matter to small queries only")
    }));
    notes.extend(rules.users().first().map(|first| {
        first
            .error(format!("nothing authenticates `q.{}`: a client may send any name", first.name))
            .help("do not decide by it who may do what; Trino checks its users, wherever their queries go")
    }));
    RuleErrors::sorted(notes, rules.file_count()).0
}

/// Rules that stand after one which always decides.
fn unreachable(rules: &RuleSet) -> Vec<RuleError> {
    let all = rules.rules();
    let always = rules.always();
    let Some(last) = all.iter().position(|rule| always.iter().any(|found| found.name == rule.name)) else {
        return Vec::new();
    };
    let Some(decides) = all.get(last) else { return Vec::new() };
    let after = all.iter().skip(last + 1);
    after
        .map(|rule| {
            rule.error("this rule is never asked").help(format!(
                "rule `{}` in line {} decides about every query: move this one before it, or put a condition there",
                decides.name,
                decides.line.unwrap_or_default()
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleFile;

    #[test]
    fn says_what_is_worth_a_look() {
        for (source, want) in [
            ("rule(\"a\", |q| if q.source == \"x\" { route(\"a\") });\notherwise(route(\"b\"));", &[] as &[&str]),
            (
                "rule(\"all\", |q| if q.source == \"x\" { route(\"a\") } else { route(\"b\") });\n\
                 rule(\"late\", |q| if q.source == \"y\" { deny(\"no\") });",
                &["rule `late`: line 2: this rule is never asked; rule `all` in line 1 decides about every query: \
                     move this one before it, or put a condition there"],
            ),
            (
                "fn big(q) { q.sql.tables.len() > 9 }\n\
                 rule(\"a\", |q| if big(q) { route(\"a\") });\n\
                 rule(\"b\", |q| if q.user == \"ann\" && q.sql.writes { route(\"b\") });",
                &[
                    "line 1, column 15: this reads the statement, so Envoy holds every query until the whole of it is \
                     there; where a header tells the same, read that; a few milliseconds matter to small queries only",
                    "rule `b`: line 3, column 20: nothing authenticates `q.user`: a client may send any name; do not \
                     decide by it who may do what; Trino checks its users, wherever their queries go",
                ],
            ),
        ] {
            let file = RuleFile { name: "a.rhai".to_owned(), source: source.to_owned() };
            let found: Vec<String> =
                notes(&RuleSet::compile(&[file]).unwrap()).iter().map(ToString::to_string).collect();
            assert_eq!(found, want, "{source}");
        }
    }
}
