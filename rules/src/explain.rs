//! A decision, with what each rule read of the query to come to it.

use std::rc::Rc;

use serde::Serialize;

use crate::answer::{Answer, Fact, SqlFact};
use crate::decision::Decision;
use crate::query::Query;
use crate::ruleset::RuleSet;

/// Headers whose values are nobody's to see.
const SECRETS: &[&str] = &["authorization", "cookie", "proxy-authorization", "x-trino-extra-credential"];

/// A decision and what was read for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was decided.
    pub decision: Decision,
    /// What each rule read that was asked, in the order of the decision's trace.
    pub read: Vec<Vec<ReadFact>>,
}

/// One thing that a rule read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReadFact {
    /// `user`, `sql.tables`, `group etl`; a header by its name in lower case.
    pub name: String,
    /// What it said.
    pub value: String,
}

impl Explanation {
    /// Everything that was read, by name, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.read.iter().flatten().map(|read| read.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl RuleSet {
    /// As [`RuleSet::decide`], and tells what was read. Slower: nothing of it is remembered.
    pub fn explain(&self, query: &Rc<Query>) -> Explanation {
        let mut facts = Vec::new();
        query.record();
        let decision = self.ask(query, Some(&mut facts));
        query.recorded();
        let read = |facts: Vec<Fact>| facts.iter().map(|fact| read(query, fact)).collect();
        Explanation { decision, read: facts.into_iter().map(read).collect() }
    }
}

fn read(query: &Query, fact: &Fact) -> ReadFact {
    let name = match fact {
        Fact::User => "user".to_owned(),
        Fact::Header(name) => name.to_lowercase(),
        Fact::HasTag(tag) => format!("client tag {tag}"),
        Fact::Method => "method".to_owned(),
        Fact::Path => "url_path".to_owned(),
        Fact::Host => "host".to_owned(),
        Fact::RemoteAddress => "remote_address".to_owned(),
        Fact::Principal => "principal".to_owned(),
        Fact::Claims => "claims".to_owned(),
        Fact::HourAndWeekday(_) => "hour and weekday".to_owned(),
        Fact::MinuteOfDay(_) => "clock".to_owned(),
        Fact::Group(name) | Fact::Serving(name) => format!("group {name}"),
        Fact::Text => "sql.text".to_owned(),
        Fact::External(name) => format!("external {name}"),
        Fact::Sql(fact) => {
            let name = SqlFact::ALL.into_iter().find(|(known, _)| known == fact).map(|(_, name)| name);
            format!("sql.{}", name.unwrap_or_default())
        }
    };
    let value = if SECRETS.contains(&name.as_str()) { "(not shown)".to_owned() } else { said(&query.answer(fact)) };
    ReadFact { name, value }
}

fn said(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Answer::Text(text) => text.to_string(),
        Answer::Texts(texts) if texts.is_empty() => "none".to_owned(),
        Answer::Texts(texts) => texts.join(", "),
        Answer::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Answer::Time(Some((first, second))) => format!("{first}, {second}"),
        Answer::Time(None) => "not known".to_owned(),
        Answer::Group(Some(group)) => format!(
            "{} of {} clusters healthy, {} running, {} queued",
            group.healthy, group.clusters, group.running, group.queued
        ),
        Answer::Group(None) => "not known".to_owned(),
        Answer::Unique => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleFile;

    #[test]
    fn tells_what_each_rule_read() {
        let source = r#"
            rule("vip", |q| if q.user == "ceo" { route("vip") });
            rule("etl", |q| if q.source == "airflow" && q.has_tag("x") { route("etl") });
            rule("writes", |q| if q.sql.writes || q.header("Authorization") == "x" { route("etl") });
            rule("canary", |q| if q.group("canary").serving { route("canary") });
        "#;
        let file = RuleFile { name: "a.rhai".to_owned(), source: source.to_owned() };
        let headers = [("X-Trino-User", "ann"), ("X-Trino-Source", "airflow"), ("Authorization", "Bearer abc")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Rc::new(Query::new("POST", "/v1/statement", headers.into()).body("SELECT 1"));
        let explanation = RuleSet::compile(&[file]).unwrap().explain(&query);
        let read: Vec<Vec<String>> = explanation
            .read
            .iter()
            .map(|rule| rule.iter().map(|read| format!("{}: {}", read.name, read.value)).collect())
            .collect();
        let want: [&[&str]; 4] = [
            &["user: ann"],
            &["x-trino-source: airflow", "client tag x: no"],
            &["sql.writes: no", "authorization: (not shown)"],
            &["group canary: no"],
        ];
        assert_eq!(read, want);
        assert_eq!(explanation.names().first(), Some(&"authorization"));
    }
}
