//! Routing services: a rule that asks one is decided again with the answer.

use std::rc::Rc;

use crate::common::{compile, outcome, query};
use warren_rules::{Action, Decision, ExternalAnswer, Query, RuleSet};

const RULES: &str = r#"
rule("limits", |q| header("X-Team", "a"));
fn first(q) { external("first").or("adhoc") }
rule("first", |q| if q.user == "ann" { first(q) });
rule("second", |q| if q.user != "" { external("second").tag("b").header("X-Team", "c") });
otherwise(route("adhoc"));
"#;

fn asking(user: &str) -> Rc<Query> {
    let headers = vec![("X-Trino-User".to_owned(), user.to_owned())];
    Rc::new(Query::new("POST", "/v1/statement", headers).body("SELECT 1").asks_services())
}

fn group(name: &str, headers: &[(&str, &str)]) -> Result<ExternalAnswer, String> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(ExternalAnswer::Group { group: name.to_owned(), headers })
}

/// Lets a query of `user` be decided, with these answers; gives the decision and the services that were asked.
fn decided(
    rules: &RuleSet,
    user: &str,
    says: &[(&str, Result<ExternalAnswer, String>)],
) -> (Rc<Decision>, Vec<String>) {
    let query = asking(user);
    let mut asked = Vec::new();
    loop {
        let decision = rules.decide(query.clone());
        let Some(service) = &decision.asks else { return (decision, asked) };
        assert_eq!(decision.action, Action::Default, "nothing is decided yet");
        asked.push(service.clone());
        let said = says.iter().find(|(name, _)| name == service).map(|(_, said)| said.clone());
        query.tell(service.as_str(), said.unwrap_or_else(|| Err("it is down".to_owned())));
    }
}

#[test]
fn a_rule_gets_the_group_that_a_service_names() {
    let rules = compile(RULES).unwrap();
    assert!(rules.reads_body() && rules.reads_address(), "both are told to the service");
    let (decision, asked) = decided(&rules, "ann", &[("first", group("etl", &[("x-team", "z")]))]);
    assert_eq!((outcome(&decision).as_str(), asked), ("etl,adhoc by first", vec!["first".to_owned()]));
    let team = |value: &str| ("X-Team".to_owned(), value.to_owned());
    assert_eq!(decision.headers, [team("a"), ("x-team".to_owned(), "z".to_owned())]);
    assert_eq!(decision.line, Some(3), "where `external` stands");

    let (decision, asked) = decided(&rules, "bob", &[("second", group("bi", &[]))]);
    assert_eq!((outcome(&decision).as_str(), asked), ("bi by second", vec!["second".to_owned()]));
    assert_eq!((decision.tags.as_slice(), decision.headers.last()), (&["b".to_owned()][..], Some(&team("c"))));
    let (_, asked) = decided(&rules, "", &[]);
    assert_eq!(asked, Vec::<String>::new());
}

#[test]
fn a_service_of_no_help_is_passed_over_and_one_without_a_group_too() {
    let rules = compile(RULES).unwrap();
    let both = vec!["first".to_owned(), "second".to_owned()];
    let (decision, asked) = decided(&rules, "ann", &[("second", group("bi", &[]))]);
    assert_eq!(asked, both);
    assert_eq!(
        outcome(&decision),
        "bi by second\nfirst failed: line 3, column 15: in function `first`: the routing service `first` was of no help: it is down"
    );
    let (decision, asked) =
        decided(&rules, "ann", &[("first", group("", &[("x-a", "1")])), ("second", group("", &[]))]);
    assert_eq!((outcome(&decision).as_str(), asked), ("adhoc by otherwise", both));
    assert_eq!(decision.headers.last(), Some(&("x-a".to_owned(), "1".to_owned())), "it goes on to what decides");
}

#[test]
fn errors_that_are_to_be_told_end_it() {
    let rules = compile(RULES).unwrap();
    let errors = Ok(ExternalAnswer::Errors(vec!["too large".to_owned(), "ask first".to_owned()]));
    let (decision, _) = decided(&rules, "ann", &[("first", errors)]);
    assert_eq!(outcome(&decision), "denied by first: too large; ask first");
}

#[test]
fn no_rule_can_catch_the_question() {
    let rules =
        compile(r#"rule("a", |q| { try { return external("first"); } catch (e) { return route("caught"); } });"#)
            .unwrap();
    assert_eq!(decided(&rules, "ann", &[]).1, ["first"]);
    assert_eq!(outcome(&decided(&rules, "ann", &[("first", group("etl", &[]))]).0), "etl by a");
    // That there was no answer is an error like others.
    assert_eq!(outcome(&decided(&rules, "ann", &[]).0), "caught by a");
}

#[test]
fn nobody_is_asked_where_answers_are_written_down() {
    let rules = compile(RULES).unwrap();
    let said = |json: &str| outcome(&rules.decide(query(json)));
    let user = r#""headers": {"X-Trino-User": "bob"}"#;
    assert_eq!(said(&format!(r#"{{{user}, "external": {{"second": {{"routingGroup": "etl"}}}}}}"#)), "etl by second");
    assert_eq!(said(&format!(r#"{{{user}, "external": {{"second": {{"errors": ["no"]}}}}}}"#)), "denied by second: no");
    assert_eq!(
        said(&format!("{{{user}}}")),
        "adhoc by otherwise\nsecond failed: line 5, column 38: the routing service `second` was of no help: it is not \
         asked here; `external` in query.json says what it answers"
    );
}

#[test]
fn what_is_said_of_a_query_is_not_remembered_for_another() {
    let rules = compile(RULES).unwrap();
    for name in ["etl", "bi", "etl"] {
        let (decision, asked) = decided(&rules, "ann", &[("first", group(name, &[]))]);
        assert_eq!((outcome(&decision), asked.len()), (format!("{name},adhoc by first"), 1));
    }
}
