//! What the access log says of a query and its decision.
//!
//! A piece of a JSON object rather than values: Envoy escapes nothing that it puts into a line of text, and each value that
//! the filter hands over by itself costs as much as a rule.

use serde::{Serialize, Serializer};

use crate::decision::{Action, Decision};
use crate::query::Query;

/// Characters of what comes from the client that are logged.
const CHARACTERS: usize = 256;

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(serialize_with = "cut")]
    user: &'a str,
    #[serde(serialize_with = "cut")]
    source: &'a str,
    /// Empty if it is the user, too.
    #[serde(skip_serializing_if = "str::is_empty", serialize_with = "cut")]
    principal: &'a str,
    rules: &'a str,
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    denied: bool,
    #[serde(skip_serializing_if = "str::is_empty", serialize_with = "cut")]
    client_tags: &'a str,
    #[serde(skip_serializing_if = "str::is_empty", serialize_with = "cut")]
    catalog: &'a str,
    #[serde(skip_serializing_if = "str::is_empty", serialize_with = "cut")]
    schema: &'a str,
}

/// `,"user":"ann","source":"","rules":"7","rule":"etl","group":"etl"`: to be put before the last brace of an object.
///
/// `principal` is there if who logged in is another than the user, `"denied":true` if a rule denied it, `client_tags`, `catalog` and `schema` if the client named them. `rules` is the version of the rule set, `group` where the query goes, if it goes anywhere. Without any serialization
/// error, which there is no cause for; with one it is empty.
pub fn access_log_fields(query: &Query, rules: &str, decision: &Decision, group: Option<&str>) -> String {
    let header = |name| query.header(name).unwrap_or_default();
    let fields = Fields {
        user: query.user(),
        source: query.source(),
        principal: if query.logged_in() == query.user() { "" } else { query.logged_in() },
        rules,
        rule: decision.rule.as_deref(),
        group,
        tags: &decision.tags,
        denied: matches!(decision.action, Action::Deny { .. }),
        client_tags: header("x-trino-client-tags"),
        catalog: header("x-trino-catalog"),
        schema: header("x-trino-schema"),
    };
    let mut piece = serde_json::to_string(&fields).unwrap_or_default();
    if piece.pop().is_some() {
        piece.replace_range(..1, ",");
    }
    piece
}

fn cut<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let end = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(end, _)| end);
    serializer.serialize_str(text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RuleFile, RuleSet};
    use std::rc::Rc;

    fn fields(user: &str, rule: &str, group: Option<&str>) -> String {
        let source = format!("rule(\"a\", |q| {{ {rule} }});");
        let rules = RuleSet::compile(&[RuleFile { name: "a.rhai".to_owned(), source }]).unwrap();
        let query = Rc::new(Query::new("POST", "/v1/statement", vec![("x-trino-user".to_owned(), user.to_owned())]));
        access_log_fields(&query, "7", &rules.decide(query.clone()), group)
    }

    #[test]
    fn is_a_piece_of_json_whatever_the_client_sent() {
        let route = "if q.user != \"zoe\" { route(\"etl\").tag(\"x\") }";
        for (user, group, want) in [
            ("ann", Some("etl"), r#","user":"ann","source":"","rules":"7","rule":"a","group":"etl","tags":["x"]"#),
            (
                "a\"},\n{\"user\":\"bob",
                None,
                r#","user":"a\"},\n{\"user\":\"bob","source":"","rules":"7","rule":"a","tags":["x"]"#,
            ),
            ("zoe", None, r#","user":"zoe","source":"","rules":"7","rule":null"#),
        ] {
            assert_eq!(fields(user, route, group), want);
        }
    }

    #[test]
    fn says_who_logged_in_if_that_is_another_than_the_user() {
        let rules = RuleSet::compile(&[]).unwrap();
        let fields = |principal: &str| {
            let query = Query::new("POST", "/v1/statement", vec![("x-trino-user".to_owned(), "ann".to_owned())]);
            let query = Rc::new(query.principal(principal));
            access_log_fields(&query, "7", &rules.decide(query.clone()), None)
        };
        assert_eq!(fields("airflow"), r#","user":"ann","source":"","principal":"airflow","rules":"7","rule":null"#);
        assert_eq!(fields("ann"), r#","user":"ann","source":"","rules":"7","rule":null"#);
    }

    #[test]
    fn says_that_a_rule_denied_the_query() {
        let want = r#","user":"ann","source":"","rules":"7","rule":"a","denied":true"#;
        assert_eq!(fields("ann", "deny(\"no\")", None), want);
    }

    #[test]
    fn says_what_the_client_asked_for() {
        let source = "rule(\"a\", |q| if q.user == \"x\" { route(\"a\") });".to_owned();
        let rules = RuleSet::compile(&[RuleFile { name: "a.rhai".to_owned(), source }]).unwrap();
        let headers = [("x-trino-client-tags", "a,b"), ("x-trino-catalog", "lake"), ("x-trino-schema", "")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Rc::new(Query::new("POST", "/v1/statement", headers.into()));
        let want = r#","user":"","source":"","rules":"7","rule":null,"client_tags":"a,b","catalog":"lake""#;
        assert_eq!(access_log_fields(&query, "7", &rules.decide(query.clone()), None), want);
    }

    #[test]
    fn says_no_more_of_a_user_than_fits_a_line() {
        let want = format!(r#","user":"{}","source":"","rules":"7","rule":"a""#, "ä".repeat(256));
        assert_eq!(fields(&"ä".repeat(1000), "if q.user != \"zoe\" { route(\"etl\") }", None), want);
    }
}
