//! Trino Gateway's two tables as its own API shows them: the rows as they are written, whoever wrote them.

use super::{Store, StoreError, transaction};
use crate::state::Cluster;
use sqlx::Row;
use std::collections::BTreeMap;

/// A row of `query_history`. What is not known is left out, as Trino Gateway does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryEntry {
    pub(crate) query_id: String,
    pub(crate) query_text: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) backend_url: Option<String>,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) routing_group: Option<String>,
    pub(crate) external_url: Option<String>,
}

impl Store {
    /// Every cluster as its row says, by name. Unlike in a state that is served, no address is trimmed, no group filled in.
    pub(crate) async fn backends(&self) -> Result<Vec<Cluster>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, coalesce(routing_group, '') AS routing_group, coalesce(backend_url, '') AS backend_url,
                    coalesce(external_url, backend_url, '') AS external_url, coalesce(active, false) AS active
             FROM gateway_backend ORDER BY name",
        )
        .fetch_all(self.pool().await?)
        .await?;
        let cluster = |row: &sqlx::postgres::PgRow| {
            Ok(Cluster {
                name: row.try_get("name")?,
                group: row.try_get("routing_group")?,
                active: row.try_get("active")?,
                url: row.try_get("backend_url")?,
                external_url: row.try_get("external_url")?,
                ..Cluster::default()
            })
        };
        Ok(rows.iter().map(cluster).collect::<Result<_, sqlx::Error>>()?)
    }

    /// Adds a cluster, or makes the one of that name as given.
    pub(crate) async fn put_cluster(&self, actor: &str, cluster: &Cluster) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "").await?;
        sqlx::query(
            "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET routing_group = excluded.routing_group, backend_url = excluded.backend_url,
                                              external_url = excluded.external_url, active = excluded.active",
        )
        .bind(&cluster.name)
        .bind(&cluster.group)
        .bind(&cluster.url)
        .bind(&cluster.external_url)
        .bind(cluster.active)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// The newest queries of the history, newest first; of one user, or of all.
    pub(crate) async fn recent_queries(&self, user: Option<&str>, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT query_id, query_text, user_name, source, backend_url, coalesce(created, 0) AS created, routing_group,
                    external_url
             FROM query_history WHERE $2::text IS NULL OR user_name = $2
             ORDER BY query_history.created DESC, query_id DESC LIMIT $1",
        )
        .bind(limit)
        .bind(user)
        .fetch_all(self.pool().await?)
        .await?;
        let entry = |row: &sqlx::postgres::PgRow| {
            Ok(HistoryEntry {
                query_id: row.try_get("query_id")?,
                query_text: row.try_get("query_text")?,
                user: row.try_get("user_name")?,
                source: row.try_get("source")?,
                backend_url: row.try_get("backend_url")?,
                created: row.try_get("created")?,
                routing_group: row.try_get("routing_group")?,
                external_url: row.try_get("external_url")?,
            })
        };
        Ok(rows.iter().map(entry).collect::<Result<_, sqlx::Error>>()?)
    }

    /// How many of the newest queries went to which cluster; under its address if no cluster has that any more.
    pub(crate) async fn recent_queries_by_cluster(
        &self,
        user: Option<&str>,
        limit: i64,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows = sqlx::query(
            "SELECT coalesce(names.name, recent.backend_url, '') AS cluster, count(*) AS queries
             FROM (SELECT backend_url FROM query_history WHERE $2::text IS NULL OR user_name = $2
                   ORDER BY created DESC, query_id DESC LIMIT $1) AS recent
             LEFT JOIN (SELECT backend_url, max(name) AS name FROM gateway_backend GROUP BY backend_url) AS names
                    USING (backend_url)
             GROUP BY 1",
        )
        .bind(limit)
        .bind(user)
        .fetch_all(self.pool().await?)
        .await?;
        let count = |row: &sqlx::postgres::PgRow| Ok((row.try_get("cluster")?, row.try_get("queries")?));
        Ok(rows.iter().map(count).collect::<Result<_, sqlx::Error>>()?)
    }
}
