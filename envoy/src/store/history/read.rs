//! Looking into the history: newest first, page by page.

use super::super::{Store, StoreError};
use crate::history::Client;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};
use utoipa::ToSchema;

/// What to look for; all of it must be so.
#[derive(Debug, Default, Clone)]
pub(crate) struct HistoryFilter {
    pub(crate) user: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) cluster: Option<String>,
    /// What became of it at the door.
    pub(crate) outcome: Option<String>,
    /// Trino's own last word: `FINISHED`, `FAILED`.
    pub(crate) state: Option<String>,
    /// Somewhere in the text; upper and lower case are the same.
    pub(crate) text: Option<String>,
    /// Either of the two hashes.
    pub(crate) hash: Option<String>,
    /// Came at or after this moment, in milliseconds since 1970.
    pub(crate) from: Option<i64>,
    /// Came before it.
    pub(crate) to: Option<i64>,
    pub(crate) before: Option<Page>,
}

/// Where a page ends and the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) created: i64,
    pub(crate) query_id: String,
}

/// A query of the past. What nobody told is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct HistoryQuery {
    pub(crate) query_id: String,
    /// When it came, in milliseconds since 1970.
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Version of the rule set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<String>,
    /// The cluster's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The text went on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_cut: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_query_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generic_query_hash: Option<String>,
    /// `accepted`, `denied`, `refused` or `failed`; none if Trino Gateway wrote the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<String>,
    /// Of the answer to the client; 0 if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<i32>,
    /// Envoy's short names for what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flags: Option<String>,
    /// Of the answer to the client; the query itself goes on after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<i64>,
    /// What the client said of it.
    #[serde(default, flatten)]
    pub(crate) client: Client,
    /// How it ended, if Trino told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<QueryEnd>,
}

/// How a query ended, by Trino's own word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QueryEnd {
    /// In milliseconds since 1970.
    pub(crate) ended: i64,
    /// `FINISHED` or `FAILED`.
    pub(crate) state: String,
    /// Name of the error, such as `TABLE_NOT_FOUND`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES`, `EXTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_rows: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_bytes: Option<i64>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_memory: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queued_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wall_ms: Option<i64>,
    /// Tables that it read, `catalog.schema.table`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tables: Vec<String>,
}

/// Of both tables. No view: one would keep Trino Gateway from ever changing a column of its table.
const COLUMNS: &str = "query_id, created, user_name, source, routing_group, query_text, backend_url, external_url,
    warren_cluster, warren_rule, warren_rules, warren_tags, warren_text_cut, warren_user_query_hash,
    warren_generic_query_hash, warren_outcome, warren_status, warren_flags, warren_latency_ms, warren_client";

impl Store {
    /// The newest queries of which all of this holds, newest first.
    pub(crate) async fn history(&self, filter: &HistoryFilter, limit: i64) -> Result<Vec<HistoryQuery>, StoreError> {
        let mut sql = select();
        filter.add_to(&mut sql);
        sql.push(" ORDER BY q.created DESC, q.query_id DESC LIMIT ").push_bind(limit);
        self.read_history(sql).await
    }

    /// One query.
    pub(crate) async fn history_query(&self, query_id: &str) -> Result<HistoryQuery, StoreError> {
        let mut sql = select();
        sql.push(" AND q.query_id = ").push_bind(query_id.to_owned());
        self.read_history(sql).await?.pop().ok_or_else(|| StoreError::NoQuery(query_id.to_owned()))
    }

    /// Whoever looks for something rare in a long history does not keep PostgreSQL busy for long.
    async fn read_history(&self, mut sql: QueryBuilder<Postgres>) -> Result<Vec<HistoryQuery>, StoreError> {
        let mut tx = self.pool().await?.begin().await?;
        sqlx::query("SET LOCAL statement_timeout = '20s'").execute(&mut *tx).await?;
        let rows = sql.build().fetch_all(&mut *tx).await?;
        Ok(rows.iter().map(query).collect::<Result<_, sqlx::Error>>()?)
    }
}

fn select() -> QueryBuilder<Postgres> {
    QueryBuilder::new(format!(
        "SELECT q.query_id, q.created, q.user_name, q.source, nullif(q.routing_group, '') AS routing_group,
                nullif(q.query_text, '') AS query_text, nullif(q.backend_url, '') AS backend_url,
                nullif(q.external_url, '') AS external_url, q.warren_cluster, q.warren_rule, q.warren_rules, q.warren_tags::text AS warren_tags, q.warren_text_cut,
                q.warren_user_query_hash, q.warren_generic_query_hash, q.warren_outcome, q.warren_status, q.warren_flags,
                q.warren_latency_ms, q.warren_client::text AS warren_client, e.ended, e.state, e.error, e.error_type, e.error_message, e.output_rows,
                e.input_bytes, e.peak_memory, e.queued_ms, e.cpu_ms, e.wall_ms, e.tables::text AS tables
         FROM (SELECT {COLUMNS} FROM query_history UNION ALL SELECT {COLUMNS} FROM warren_query_without_id) q
              LEFT JOIN warren_query_end e ON e.query_id = q.query_id
         WHERE q.created IS NOT NULL"
    ))
}

impl HistoryFilter {
    fn add_to(&self, sql: &mut QueryBuilder<Postgres>) {
        for (column, value) in [
            ("q.user_name", &self.user),
            ("q.source", &self.source),
            ("q.warren_rule", &self.rule),
            ("q.routing_group", &self.group),
            ("q.warren_cluster", &self.cluster),
            ("q.warren_outcome", &self.outcome),
            ("e.state", &self.state),
        ] {
            if let Some(value) = value {
                sql.push(" AND ").push(column).push(" = ").push_bind(value.clone());
            }
        }
        if let Some(text) = &self.text {
            let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            sql.push(" AND q.query_text ILIKE ").push_bind(pattern);
        }
        if let Some(hash) = &self.hash {
            sql.push(" AND (q.warren_user_query_hash = ").push_bind(hash.clone());
            sql.push(" OR q.warren_generic_query_hash = ").push_bind(hash.clone()).push(")");
        }
        if let Some(from) = self.from {
            sql.push(" AND q.created >= ").push_bind(from);
        }
        if let Some(to) = self.to {
            sql.push(" AND q.created < ").push_bind(to);
        }
        if let Some(before) = &self.before {
            sql.push(" AND (q.created, q.query_id) < (").push_bind(before.created);
            sql.push(", ").push_bind(before.query_id.clone()).push(")");
        }
    }
}

fn query(row: &PgRow) -> Result<HistoryQuery, sqlx::Error> {
    let ended: Option<i64> = row.try_get("ended")?;
    let end = match ended {
        None => None,
        Some(ended) => Some(QueryEnd {
            ended,
            state: row.try_get("state")?,
            error: row.try_get("error")?,
            error_type: row.try_get("error_type")?,
            error_message: row.try_get("error_message")?,
            output_rows: row.try_get("output_rows")?,
            input_bytes: row.try_get("input_bytes")?,
            peak_memory: row.try_get("peak_memory")?,
            queued_ms: row.try_get("queued_ms")?,
            cpu_ms: row.try_get("cpu_ms")?,
            wall_ms: row.try_get("wall_ms")?,
            tables: strings(row.try_get("tables")?),
        }),
    };
    Ok(HistoryQuery {
        query_id: row.try_get("query_id")?,
        created: row.try_get("created")?,
        user: row.try_get("user_name")?,
        source: row.try_get("source")?,
        tags: strings(row.try_get("warren_tags")?),
        rule: row.try_get("warren_rule")?,
        rules: row.try_get("warren_rules")?,
        group: row.try_get("routing_group")?,
        cluster: row.try_get("warren_cluster")?,
        url: row.try_get("backend_url")?,
        external_url: row.try_get("external_url")?,
        text: row.try_get("query_text")?,
        text_cut: row.try_get("warren_text_cut")?,
        user_query_hash: row.try_get("warren_user_query_hash")?,
        generic_query_hash: row.try_get("warren_generic_query_hash")?,
        outcome: row.try_get("warren_outcome")?,
        status: row.try_get("warren_status")?,
        flags: row.try_get("warren_flags")?,
        latency_ms: row.try_get("warren_latency_ms")?,
        client: client(row.try_get("warren_client")?),
        end,
    })
}

fn client(json: Option<String>) -> Client {
    json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// A JSON list of texts.
fn strings(json: Option<String>) -> Vec<String> {
    let list = json.and_then(|json| serde_json::from_str::<Vec<Value>>(&json).ok()).unwrap_or_default();
    list.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
