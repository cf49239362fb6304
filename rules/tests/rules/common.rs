//! Short ways to compile rules and ask them.

use std::collections::BTreeMap;
use std::rc::Rc;

use warren_rules::{Decision, Query, QueryJson, RuleErrors, RuleFile, RuleSet};

pub(crate) fn compile(source: &str) -> Result<RuleSet, RuleErrors> {
    compile_files(&[("rules.rhai", source)])
}

pub(crate) fn compile_files(files: &[(&str, &str)]) -> Result<RuleSet, RuleErrors> {
    let files: Vec<RuleFile> = files
        .iter()
        .map(|(name, source)| RuleFile { name: (*name).to_owned(), source: (*source).to_owned() })
        .collect();
    RuleSet::compile(&files)
}

/// The mistakes, one a line.
pub(crate) fn mistakes(source: &str) -> String {
    match compile(source) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

pub(crate) fn query(json: &str) -> Rc<Query> {
    Rc::new(QueryJson::parse(json).unwrap().into_query())
}

/// What the rules say to a query of user `ann` with the tags `a` and `b`.
pub(crate) fn decide(rules: &RuleSet) -> Rc<Decision> {
    rules.decide(query(r#"{"headers": {"X-Trino-User": "ann", "X-Trino-Client-Tags": "a,b"}, "body": "SELECT 1"}"#))
}

/// In short: `etl by jobs`, `denied by x: message`, `default`; then the failed rules.
pub(crate) fn outcome(decision: &Decision) -> String {
    let json = decision.to_json("default");
    let by = decision.rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
    let groups: Vec<&str> = json["groups"].as_array().unwrap().iter().map(|g| g.as_str().unwrap()).collect();
    let mut text = match json["message"].as_str() {
        Some(message) => format!("denied{by}: {message}"),
        None => format!("{}{by}", groups.join(",")),
    };
    for (rule, why) in decision.failed_rules() {
        text.push_str(&format!("\n{rule} failed: {why}"));
    }
    text
}

/// Asks rules about many queries, each again some rounds later, so that some decisions are found and some are not. Each must be
/// what the same rules say who remember nothing. Gives the rules that decided, and how often.
pub(crate) fn rules_that_decide_again(source: &str, any: fn(&mut Numbers) -> Query) -> BTreeMap<String, usize> {
    let warm = compile(source).unwrap();
    let fresh = || -> RuleSet { compile(source).unwrap() };
    let mut decided_by = BTreeMap::new();
    for round in 0..300_u64 {
        let query = || Rc::new(any(&mut Numbers(round % 200)));
        let decision = warm.decide(query());
        assert_eq!(decision, fresh().decide(query()), "round {round}: {:?}", query());
        assert_eq!(decision, warm.decide(query()), "round {round}, at once again");
        *decided_by.entry(decision.rule.clone().unwrap()).or_insert(0) += 1;
    }
    decided_by
}

/// Numbers that look random and are the same in each run (Knuth's MMIX generator).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}
