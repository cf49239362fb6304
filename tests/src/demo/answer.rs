//! What became of a query of the demo, and whether that is right.

use serde::Deserialize;

use super::ask::{Ask, Wanted};

/// What became of a query.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The query.
    pub ask: Ask,
    /// What Warren decides, given the same facts.
    pub decision: Decision,
    /// Clusters whose coordinator knows the query, with their groups: Trino's own word.
    pub clusters: Vec<(String, String)>,
    /// The rows, or what the CLI said instead.
    pub result: Result<Vec<String>, String>,
}

/// The part of `warren rules decide`'s answer that the demo shows.
#[derive(Debug, Clone, Deserialize)]
pub struct Decision {
    /// `route` or `deny`.
    pub action: String,
    /// Groups, in order.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Name of the rule that decided.
    #[serde(default)]
    pub rule: Option<String>,
    /// What a denied user is told.
    #[serde(default)]
    pub message: Option<String>,
}

// === impl Answer ===

impl Answer {
    /// What is wrong with it; `None` if nothing is.
    pub fn astray(&self) -> Option<String> {
        let Ask { user, source, tags, rows, wanted, .. } = self.ask;
        let tags = if tags.is_empty() { String::new() } else { format!(", tags {tags}") };
        let who = format!("user {user}, source {source}{tags}");
        let places: Vec<String> = self.clusters.iter().map(|(name, group)| format!("{name} (group {group})")).collect();
        let went = if places.is_empty() { "no cluster".to_owned() } else { places.join(" and ") };
        match (wanted, self.clusters.as_slice(), &self.result) {
            (Wanted::Denied, [], Err(said)) => {
                let message = self.decision.message.as_deref().unwrap_or_default();
                (!said.contains(message)).then(|| format!("{who}: was denied, but not told `{message}`: {said}"))
            }
            (Wanted::Denied, _, _) => Some(format!("{who}: should be denied, was seen by {went}")),
            (Wanted::Group(_), _, Err(said)) => Some(format!("{who}: failed (seen by {went}): {said}")),
            (Wanted::Group(wanted), [(_, group)], Ok(got)) if group == wanted => {
                (got.len() != rows).then(|| format!("{who}: {} rows, wanted {rows}", got.len()))
            }
            (Wanted::Group(wanted), _, Ok(_)) => {
                Some(format!("{who}: wanted one cluster of group {wanted}, was seen by {went}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(wanted: Wanted, clusters: &[(&str, &str)], result: Result<usize, &str>) -> Option<String> {
        let message = Some("not for you".to_owned());
        let decision = Decision { action: "route".to_owned(), groups: Vec::new(), rule: None, message };
        let clusters = clusters.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let result = result.map(|rows| vec![String::new(); rows]).map_err(str::to_owned);
        Answer {
            ask: Ask { user: "u", source: "s", tags: "t", sql: "SELECT 1", rows: 1, wanted },
            decision,
            clusters,
            result,
        }
        .astray()
    }

    #[test]
    fn a_query_is_right_only_where_one_coordinator_of_its_group_ran_it() {
        let etl = Wanted::Group("etl");
        for (wanted, clusters, result, said) in [
            (etl, &[("etl-1", "etl")][..], Ok(1), None),
            (etl, &[("etl-1", "etl")], Ok(2), Some("2 rows, wanted 1")),
            (etl, &[("a-1", "adhoc")], Ok(1), Some("wanted one cluster of group etl, was seen by a-1 (group adhoc)")),
            (
                etl,
                &[("etl-1", "etl"), ("etl-2", "etl")],
                Ok(1),
                Some("wanted one cluster of group etl, was seen by etl-1 (group etl) and etl-2 (group etl)"),
            ),
            (etl, &[], Ok(1), Some("wanted one cluster of group etl, was seen by no cluster")),
            (etl, &[("etl-1", "etl")], Err("no such table"), Some("failed (seen by etl-1 (group etl)): no such table")),
            (Wanted::Denied, &[], Err("Query failed: not for you"), None),
            (Wanted::Denied, &[], Err("bad"), Some("was denied, but not told `not for you`: bad")),
            (Wanted::Denied, &[], Ok(1), Some("should be denied, was seen by no cluster")),
            (Wanted::Denied, &[("etl-1", "etl")], Err("x"), Some("should be denied, was seen by etl-1 (group etl)")),
        ] {
            let said = said.map(|said| format!("user u, source s, tags t: {said}"));
            assert_eq!(answer(wanted, clusters, result), said);
        }
    }
}
