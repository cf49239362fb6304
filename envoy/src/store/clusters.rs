//! Clusters: rows of `gateway_backend`.

use super::{Store, StoreError};
use crate::state::Cluster;

impl Store {
    /// Adds a cluster; it takes no queries before it is activated.
    pub(crate) async fn add_cluster(&self, cluster: &Cluster) -> Result<(), StoreError> {
        let done = sqlx::query(
            "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&cluster.name)
        .bind(&cluster.group)
        .bind(&cluster.url)
        .bind(&cluster.external_url)
        .bind(cluster.active)
        .execute(self.pool().await?)
        .await?;
        if done.rows_affected() == 0 { Err(StoreError::ClusterExists(cluster.name.clone())) } else { Ok(()) }
    }

    /// Lets a cluster take new queries, or stops it from taking them.
    pub(crate) async fn set_active(&self, name: &str, active: bool) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE gateway_backend SET active = $2 WHERE name = $1")
            .bind(name)
            .bind(active)
            .execute(self.pool().await?)
            .await?;
        self.found(name, done.rows_affected()).await
    }

    /// Forgets a cluster; its address is kept for running queries.
    pub(crate) async fn remove_cluster(&self, name: &str) -> Result<(), StoreError> {
        let done =
            sqlx::query("DELETE FROM gateway_backend WHERE name = $1").bind(name).execute(self.pool().await?).await?;
        self.found(name, done.rows_affected()).await
    }

    async fn found(&self, name: &str, rows: u64) -> Result<(), StoreError> {
        if rows > 0 {
            return Ok(());
        }
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM gateway_backend ORDER BY name").fetch_all(self.pool().await?).await?;
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        };
        Err(StoreError::NoCluster { name: name.to_owned(), known })
    }
}
