//! The newest queries, and how many of them each cluster got.

use super::{Api, Fault};
use crate::access::Caller;
use crate::store::HistoryEntry;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use std::collections::BTreeMap;

/// As many as Trino Gateway looks at.
const NEWEST: i64 = 2000;

/// A query in Trino Gateway's JSON, which leaves out what is null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryDetail {
    query_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_url: Option<String>,
    capture_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<String>,
}

impl From<HistoryEntry> for QueryDetail {
    fn from(entry: HistoryEntry) -> QueryDetail {
        QueryDetail {
            query_id: entry.query_id,
            query_text: entry.query_text,
            user: entry.user,
            source: entry.source,
            backend_url: entry.backend_url,
            capture_time: entry.created,
            routing_group: entry.routing_group,
            external_url: entry.external_url,
        }
    }
}

pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<QueryDetail>>, Fault> {
    Ok(Json(api.store.recent_queries(caller.sees_only(), NEWEST).await?.into_iter().map(QueryDetail::from).collect()))
}

pub(super) async fn distribution(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<BTreeMap<String, i64>>, Fault> {
    Ok(Json(api.store.recent_queries_by_cluster(caller.sees_only(), NEWEST).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_trino_gateways_order_and_nulls_are_left_out() {
        let mut entry = HistoryEntry {
            query_id: "20260101_000000_00001_abcde".into(),
            query_text: Some("SELECT 1".into()),
            user: Some("alice".into()),
            source: Some("trino-cli".into()),
            backend_url: Some("http://t:8080".into()),
            created: 1767225600000,
            routing_group: Some("adhoc".into()),
            external_url: Some("http://t".into()),
        };
        assert_eq!(
            serde_json::to_string(&QueryDetail::from(entry.clone())).unwrap(),
            r#"{"queryId":"20260101_000000_00001_abcde","queryText":"SELECT 1","user":"alice","source":"trino-cli","backendUrl":"http://t:8080","captureTime":1767225600000,"routingGroup":"adhoc","externalUrl":"http://t"}"#
        );
        entry = HistoryEntry { user: None, source: None, routing_group: None, external_url: None, ..entry };
        assert_eq!(
            serde_json::to_string(&QueryDetail::from(entry)).unwrap(),
            r#"{"queryId":"20260101_000000_00001_abcde","queryText":"SELECT 1","backendUrl":"http://t:8080","captureTime":1767225600000}"#
        );
    }
}
