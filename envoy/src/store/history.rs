//! The history: Trino Gateway's `query_history` with columns of Warren's own, and a table for queries without an id.

mod end;
mod read;

pub(crate) use read::{HistoryFilter, HistoryQuery, Page, QueryEnd};

use super::{Store, StoreError, candidate};
use crate::history::{Outcome, Row};
use sqlx::PgConnection;
use std::time::Duration;

/// Rows that are deleted in one transaction, from each table.
const FORGOTTEN_AT_ONCE: i64 = 5_000;

/// Of the advisory lock that one `warren` at a time holds while it deletes; any number, as long as it is no other's.
const FORGET_LOCK: i64 = 0x7761_7272_656e_0005;

/// The address is the one that stood under the slug; the row of the cluster may be gone by now. Trino Gateway's columns get
/// nothing instead of NULL: one NULL among them, and it answers 500 to whoever asks for its history.
const INSERT: &str = "
    SELECT DISTINCT ON (query_id)
           t.query_id, t.created, t.user_name, t.source, coalesce(t.routing_group, ''), coalesce(t.query_text, ''),
           coalesce(e.backend_url, ''), coalesce(nullif(b.external_url, ''), e.backend_url, ''), e.cluster_name, t.rule, t.rules, t.tags::jsonb, t.text_cut,
           t.user_hash, t.generic_hash, t.outcome, t.status, t.flags, t.latency_ms, t.client::jsonb
    FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::bool[], $12::text[], $13::text[], $14::text[], $15::int[], $16::text[],
                $17::bigint[], $18::text[])
         AS t (query_id, created, user_name, source, routing_group, query_text, slug, rule, rules, tags, text_cut,
               user_hash, generic_hash, outcome, status, flags, latency_ms, client)
         LEFT JOIN warren_endpoint e ON e.slug = t.slug
         LEFT JOIN gateway_backend b ON b.name = e.cluster_name
    ON CONFLICT (query_id) DO NOTHING";

impl Store {
    /// Adds rows, all or none. A row that is there already stays as it is, so a batch may be sent twice.
    pub(crate) async fn add_history(&self, rows: &[Row]) -> Result<(), StoreError> {
        let (with_id, without): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.outcome == Outcome::Accepted);
        let mut tx = self.pool().await?.begin().await?;
        insert(&mut tx, "query_history", &with_id).await?;
        insert(&mut tx, "warren_query_without_id", &without).await?;
        candidate::count(&mut tx, rows).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deletes some of what is older than this, and says how many rows; none if another `warren` is at it. Rows that Trino
    /// Gateway wrote stay: how long they are kept is its own affair.
    pub(crate) async fn forget_history(&self, retention: Duration) -> Result<Option<u64>, StoreError> {
        let mut tx = self.pool().await?.begin().await?;
        let mine: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(FORGET_LOCK).fetch_one(&mut *tx).await?;
        if !mine {
            return Ok(None);
        }
        let mut deleted = 0;
        for (table, column, ours) in [
            ("query_history", "created", "warren_outcome IS NOT NULL"),
            ("warren_query_without_id", "created", "TRUE"),
            ("warren_query_end", "ended", "TRUE"),
        ] {
            let sql = format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table}
                 WHERE {ours} AND {column} < (extract(epoch FROM now()) * 1000)::bigint - $1 ORDER BY {column} LIMIT $2))"
            );
            let age = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
            deleted += sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(age)
                .bind(FORGOTTEN_AT_ONCE)
                .execute(&mut *tx)
                .await?
                .rows_affected();
        }
        tx.commit().await?;
        Ok(Some(deleted))
    }
}

async fn insert(connection: &mut PgConnection, table: &'static str, rows: &[&Row]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {table} (query_id, created, user_name, source, routing_group, query_text, backend_url, external_url,
             warren_cluster, warren_rule, warren_rules, warren_tags, warren_text_cut, warren_user_query_hash,
             warren_generic_query_hash, warren_outcome, warren_status, warren_flags, warren_latency_ms, warren_client) {INSERT}"
    );
    macro_rules! column {
        ($of:expr) => {
            rows.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(column!(|row| row.id.as_str()))
        .bind(column!(|row| row.created))
        .bind(column!(|row| row.user.as_str()))
        .bind(column!(|row| row.source.as_str()))
        .bind(column!(|row| row.group.as_deref()))
        .bind(column!(|row| row.text.as_deref()))
        .bind(column!(|row| row.slug.as_deref()))
        .bind(column!(|row| row.rule.as_deref()))
        .bind(column!(|row| row.rules.as_str()))
        .bind(column!(|row| serde_json::json!(row.tags).to_string()))
        .bind(column!(|row| row.text_cut))
        .bind(column!(|row| row.user_query_hash.as_deref()))
        .bind(column!(|row| row.generic_query_hash.as_deref()))
        .bind(column!(|row| row.outcome.name()))
        .bind(column!(|row| row.status))
        .bind(column!(|row| row.flags.as_str()))
        .bind(column!(|row| row.latency_ms))
        .bind(column!(|row| serde_json::json!(row.client).to_string()))
        .execute(connection)
        .await?;
    Ok(())
}
