//! Queries of the history, asked again: what is known of them, what is not, and where a decision sends them.

use crate::cli::ApiArgs;
use crate::cli::client::Client;
use crate::status::StatusReport;
use crate::store::HistoryQuery;
use anyhow::Result;
use std::collections::BTreeMap;
use warren_rules::{Action, ClusterJson, Decision, Explanation, HeaderValues, Query, QueryJson};

/// What the history keeps of each query, by the names that explanations give. Of the statement it may keep less.
const KEPT: &[&str] = &[
    "user",
    "x-trino-source",
    "x-trino-client-tags",
    "x-trino-catalog",
    "x-trino-schema",
    "method",
    "url_path",
    "clock",
    "hour and weekday",
];

/// Groups and their clusters, for rules that ask for them.
pub(super) type Groups = BTreeMap<String, Vec<ClusterJson>>;

/// As they are now: how they were when a query came is not known.
pub(super) async fn groups(api: &ApiArgs) -> Result<Groups> {
    let report: StatusReport = Client::new(api)?.get("status").await?;
    let mut groups = Groups::new();
    for cluster in report.clusters.into_iter().filter(|cluster| !cluster.retired) {
        groups.entry(cluster.group).or_default().push(ClusterJson {
            cluster: cluster.name,
            healthy: cluster.active && cluster.healthy,
            running: cluster.load.map_or(0, |load| load.running.into()),
            queued: cluster.load.map_or(0, |load| load.queued.into()),
        });
    }
    Ok(groups)
}

/// The query as far as it is known.
pub(super) fn query(past: &HistoryQuery, groups: &Groups) -> Query {
    let said = &past.client;
    let headers = [
        ("X-Trino-User", past.user.as_deref().unwrap_or_default()),
        ("X-Trino-Source", past.source.as_deref().unwrap_or_default()),
        ("X-Trino-Client-Tags", &said.client_tags),
        ("X-Trino-Catalog", &said.catalog),
        ("X-Trino-Schema", &said.schema),
    ];
    let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
    QueryJson {
        headers: headers.map(|(name, value)| (name.to_owned(), HeaderValues(vec![value.to_owned()]))).collect(),
        body: past.text.clone().unwrap_or_default(),
        now: Some(past.created.div_euclid(1000)),
        groups: groups.clone(),
        ..QueryJson::default()
    }
    .into_query()
}

/// What rules read of a query that the history does not keep.
pub(super) fn guessed<'a>(explanation: &'a Explanation, past: &HistoryQuery) -> Vec<&'a str> {
    let whole = past.text.is_some() && past.text_cut != Some(true);
    let known =
        |name: &str| KEPT.contains(&name) || name.starts_with("client tag ") || (whole && name.starts_with("sql."));
    explanation.names().into_iter().filter(|name| !known(name)).collect()
}

/// Where a decision sends a query, in words.
pub(super) fn place(decision: &Decision, default_group: &str) -> String {
    match &decision.action {
        Action::Route { groups, cluster, only } => {
            let cluster = cluster.as_deref().map(|cluster| format!(", cluster {cluster}")).unwrap_or_default();
            let only = if *only { " only" } else { "" };
            format!("{}{cluster}{only}", groups.join(", else "))
        }
        Action::Deny { message } => format!("denied: {message}"),
        Action::Default => format!("{default_group} (by default)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Client as Said;
    use std::rc::Rc;
    use warren_rules::{RuleFile, RuleSet};

    #[test]
    fn asks_again_with_all_that_is_known_and_tells_what_is_not() {
        let source = r#"
            rule("host", |q| if q.host == "x" { route("x") });
            rule("etl", |q| if q.user == "ann" && q.has_tag("b") && q.catalog == "lake" && q.sql.is_query { route("etl").or("adhoc") });
        "#;
        let rules = RuleSet::compile(&[RuleFile { name: "a.rhai".into(), source: source.into() }]).unwrap();
        let past = HistoryQuery {
            user: Some("ann".into()),
            client: Said { client_tags: "a,b".into(), catalog: "lake".into(), schema: String::new() },
            text: Some("SELECT 1".into()),
            ..HistoryQuery::default()
        };
        let explanation = rules.explain(&Rc::new(query(&past, &Groups::new())));
        assert_eq!(place(&explanation.decision, "adhoc"), "etl, else adhoc");
        assert_eq!(guessed(&explanation, &past), ["host"]);
        let cut = HistoryQuery { text_cut: Some(true), ..past };
        assert_eq!(guessed(&explanation, &cut), ["host", "sql.is_query"]);
    }
}
