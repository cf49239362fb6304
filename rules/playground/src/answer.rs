//! What the page wants to know at every key stroke.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use warren_rules::cases::{self, Report};
use warren_rules::sql::body_hashes;
use warren_rules::{Query, QueryJson, ReadFact, RuleError, RuleFile, RuleSet, notes};

/// A rule set and a query.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Scripts, tables and cases, as in a folder of rules.
    pub files: Vec<RuleFile>,
    /// A `query.json`, as text, so that its mistakes are told too.
    pub query: String,
    /// Group of queries that no rule sends elsewhere.
    pub default_group: String,
}

/// What the rules make of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Mistakes of the rules and of their cases.
    pub errors: Vec<RuleError>,
    /// What is worth a look.
    pub notes: Vec<RuleError>,
    /// What is wrong with the query.
    pub query_error: Option<String>,
    /// The decision, as `warren rules decide` prints it; none where something is wrong.
    pub decision: Option<Value>,
    /// What each rule read that was asked.
    pub read: Vec<Vec<ReadFact>>,
    /// What became of the cases.
    pub cases: Option<Report>,
    /// What the statement says, as `warren sql` prints it; none without a statement.
    pub sql: Option<Value>,
}

/// Asks the rules about the query and about all cases.
pub fn answer(question: Question) -> Answer {
    let mut answer = Answer::default();
    let query = QueryJson::parse(&question.query).map(QueryJson::into_query);
    let query = query.map_err(|error| answer.query_error = Some(error.to_string())).ok().map(Rc::new);
    answer.sql = query.as_deref().and_then(sql);
    let rules = RuleSet::compile(&question.files).map_err(|errors| answer.errors.extend(errors.0)).ok();
    let cases = cases::read(&question.files).map_err(|errors| answer.errors.extend(errors.0)).ok();
    let Some(rules) = rules else { return answer };
    answer.notes = notes(&rules);
    if let Some(query) = &query {
        let explanation = rules.explain(query);
        answer.decision = Some(explanation.decision.to_json(&question.default_group));
        answer.read = explanation.read;
    }
    answer.cases = cases.map(|cases| cases::run(&rules, cases, &question.default_group));
    answer
}

fn sql(query: &Query) -> Option<Value> {
    let body = query.statement();
    (!body.is_empty()).then(|| query.sql_facts().to_json(&body_hashes(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(rules: &str, cases: &str, query: &str) -> Answer {
        let files = [("rules.rhai", rules), ("cases.json", cases)];
        let files = files.map(|(name, source)| RuleFile { name: name.into(), source: source.into() });
        answer(Question { files: files.into(), query: query.into(), default_group: "adhoc".into() })
    }

    #[test]
    fn answers_all_that_is_asked() {
        let answer = asked(
            r#"rule("writes", |q| if q.sql.writes { route("etl") });"#,
            r#"[{"name": "reads", "query": {"body": "SELECT 1"}, "expect": {"groups": ["adhoc"]}}]"#,
            r#"{"body": "DROP TABLE a.b.c"}"#,
        );
        assert_eq!(answer.errors, []);
        let decision = answer.decision.unwrap();
        assert_eq!((&decision["groups"][0], &decision["rule"]), (&"etl".into(), &"writes".into()));
        assert_eq!(answer.read, [[ReadFact { name: "sql.writes".into(), value: "yes".into() }]]);
        assert_eq!(answer.sql.unwrap()["tables"], serde_json::json!(["a.b.c"]));
        assert_eq!(answer.cases.unwrap().failed().count(), 0);
    }

    #[test]
    fn tells_every_mistake_at_once() {
        let answer = asked("rule(\"a\", |q| rout(\"x\"));", "[{}]", "{\"user\": 1}");
        let errors: Vec<String> = answer.errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(answer.query_error.unwrap().starts_with("query.json: unknown field `user`"));
        assert_eq!(answer.decision, None);
    }
}
