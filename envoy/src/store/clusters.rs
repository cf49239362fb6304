//! Clusters: rows of `gateway_backend`, and Warren's settings beside them. Each change says who makes it, for the audit.

use super::column::encode;
use super::state::{CLUSTER, read_cluster};
use super::{Store, StoreError, transaction};
use crate::lifecycle::{Life, Outcome, Step};
use crate::state::Cluster;
use sqlx::{AssertSqlSafe, PgConnection, PgExecutor};

impl Store {
    /// Adds a cluster.
    pub(crate) async fn add_cluster(&self, actor: &str, cluster: &Cluster) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "add").await?;
        let done = sqlx::query(
            "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(&cluster.name)
        .bind(&cluster.group)
        .bind(&cluster.url)
        .bind(&cluster.external_url)
        .bind(cluster.active)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::ClusterExists(cluster.name.clone()));
        }
        write_settings(&mut tx, cluster).await?;
        Ok(tx.commit().await?)
    }

    /// Changes a cluster's address, group and settings: `change` gets what is there. Whether it is active, and how far it is on
    /// its way out, stays as it is.
    ///
    /// # Errors
    /// The inner one is `change`'s own; then nothing was changed.
    pub(crate) async fn change_cluster<E>(
        &self,
        actor: &str,
        name: &str,
        change: impl FnOnce(Cluster) -> Result<Cluster, E>,
    ) -> Result<Result<Cluster, E>, StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "update").await?;
        let cluster = match change(self.lock(&mut tx, name).await?) {
            Ok(cluster) => cluster,
            Err(error) => return Ok(Err(error)),
        };
        sqlx::query(
            "UPDATE gateway_backend SET routing_group = $2, backend_url = $3, external_url = $4 WHERE name = $1",
        )
        .bind(name)
        .bind(&cluster.group)
        .bind(&cluster.url)
        .bind(&cluster.external_url)
        .execute(&mut *tx)
        .await?;
        write_settings(&mut tx, &cluster).await?;
        tx.commit().await?;
        Ok(Ok(cluster))
    }

    /// One cluster, as PostgreSQL has it.
    pub(crate) async fn cluster(&self, name: &str) -> Result<Cluster, StoreError> {
        self.find(self.pool().await?, name, "").await
    }

    /// Gives a cluster another name. Its address keeps its slug, so its running queries go on.
    pub(crate) async fn rename_cluster(&self, actor: &str, from: &str, to: &str) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "rename").await?;
        self.lock(&mut tx, from).await?;
        let taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM gateway_backend WHERE name = $1)")
            .bind(to)
            .fetch_one(&mut *tx)
            .await?;
        if taken {
            return Err(StoreError::ClusterExists(to.to_owned()));
        }
        // Settings and addresses that an earlier cluster of the new name left behind are not this one's.
        sqlx::query("DELETE FROM warren_cluster WHERE name = $1").bind(to).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM warren_endpoint a USING warren_endpoint b WHERE a.cluster_name = $2 AND b.cluster_name = $1 AND a.backend_url = b.backend_url")
            .bind(from)
            .bind(to)
            .execute(&mut *tx)
            .await?;
        for sql in [
            "UPDATE gateway_backend SET name = $2 WHERE name = $1",
            "UPDATE warren_cluster SET name = $2 WHERE name = $1",
            "UPDATE warren_endpoint SET cluster_name = $2 WHERE cluster_name = $1",
            "UPDATE warren_operation SET cluster_name = $2 WHERE cluster_name = $1",
        ] {
            sqlx::query(sql).bind(from).bind(to).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Lets a cluster take new queries, or stops it from taking them. An operation that leads it out ends.
    pub(crate) async fn set_active(&self, actor: &str, name: &str, active: bool) -> Result<(), StoreError> {
        let (step, action) = if active { (Step::Activate, "activate") } else { (Step::Deactivate, "deactivate") };
        let mut tx = transaction(self.pool().await?, actor, action).await?;
        if self.may(&mut tx, name, step).await? == Outcome::Already {
            return Ok(());
        }
        sqlx::query("UPDATE gateway_backend SET active = $2 WHERE name = $1")
            .bind(name)
            .bind(active)
            .execute(&mut *tx)
            .await?;
        if active {
            for sql in [
                "INSERT INTO warren_cluster (name, stage) VALUES ($1, 'live') ON CONFLICT (name) DO UPDATE SET stage = 'live'",
                "UPDATE warren_operation SET step = 'undone', ended_at = now() WHERE cluster_name = $1 AND ended_at IS NULL",
            ] {
                sqlx::query(sql).bind(name).execute(&mut *tx).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Forgets a cluster; its address is kept for running queries. `now`: whatever it is doing.
    pub(crate) async fn remove_cluster(&self, actor: &str, name: &str, now: bool) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "remove").await?;
        if now {
            self.lock(&mut tx, name).await?;
        } else {
            self.may(&mut tx, name, Step::Remove).await?;
        }
        for sql in ["DELETE FROM gateway_backend WHERE name = $1", "DELETE FROM warren_cluster WHERE name = $1"] {
            sqlx::query(sql).bind(name).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What a step leads to, of a cluster that nobody else changes until the transaction ends.
    pub(super) async fn may(
        &self,
        connection: &mut PgConnection,
        name: &str,
        step: Step,
    ) -> Result<Outcome, StoreError> {
        let cluster = self.lock(connection, name).await?;
        // Whether it is healthy makes no difference to what may be done with it.
        match Life::of(cluster.active, cluster.active, cluster.stage).after(step) {
            Outcome::Refused(why) => Err(StoreError::Refused { name: name.to_owned(), why }),
            outcome => Ok(outcome),
        }
    }

    async fn lock(&self, connection: &mut PgConnection, name: &str) -> Result<Cluster, StoreError> {
        self.find(connection, name, "FOR UPDATE OF b").await
    }

    async fn find(&self, executor: impl PgExecutor<'_>, name: &str, lock: &'static str) -> Result<Cluster, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!("{CLUSTER} WHERE b.name = $2 {lock}")))
            .bind(&self.default_group)
            .bind(name)
            .fetch_optional(executor)
            .await?;
        match row {
            Some(row) => Ok(read_cluster(&row)?),
            None => Err(self.no_cluster(name).await?),
        }
    }

    /// An error that names the known clusters.
    async fn no_cluster(&self, name: &str) -> Result<StoreError, StoreError> {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM gateway_backend ORDER BY name").fetch_all(self.pool().await?).await?;
        let known = warren_rules::known(names.iter().map(String::as_str));
        Ok(StoreError::NoCluster { name: name.to_owned(), known })
    }
}

/// How far it is on its way out stays as it is.
async fn write_settings(connection: &mut PgConnection, cluster: &Cluster) -> Result<(), StoreError> {
    let settings = &cluster.settings;
    let health = encode(&settings.health)?;
    sqlx::query(
        "INSERT INTO warren_cluster (name, weight, max_running, health, tls) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)
         ON CONFLICT (name) DO UPDATE SET weight = excluded.weight, max_running = excluded.max_running, health = excluded.health, tls = excluded.tls",
    )
    .bind(&cluster.name)
    .bind(i32::try_from(settings.weight).unwrap_or(i32::MAX))
    .bind(settings.max_running.map(|m| i32::try_from(m).unwrap_or(i32::MAX)))
    .bind(health)
    .bind(encode(&settings.tls)?)
    .execute(connection)
    .await?;
    Ok(())
}
