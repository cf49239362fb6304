//! PostgreSQL: the only file with SQL.

use crate::slug::Upkeep;
use crate::state::{Cluster, Endpoint, Group, RuleSetVersion, State};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sqlx::{Acquire, PgConnection, Row};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::OnceCell;
use warren_rules::RuleFile;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// A connection pool. Made without connecting: Warren starts when PostgreSQL is down. Whoever uses it first brings the
/// tables up to date.
#[derive(Clone)]
pub(crate) struct Store {
    lazy: PgPool,
    migrated: Arc<OnceCell<()>>,
    retired_for: Duration,
    default_group: String,
}

/// Why the database did not do as asked.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("PostgreSQL: {0}")]
    Database(#[from] sqlx::Error),
    #[error("PostgreSQL: migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("cluster `{0}` exists already")]
    ClusterExists(String),
    #[error("cluster `{name}` does not exist; known: {known}")]
    NoCluster { name: String, known: String },
    #[error("rule set {0} does not exist")]
    NoRuleSet(i64),
}

/// A rule set as it is listed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RuleSetEntry {
    pub(crate) version: i64,
    pub(crate) created_at: String,
    pub(crate) author: String,
    pub(crate) message: String,
    pub(crate) files: Vec<String>,
}

impl Store {
    /// Prepares a pool; connects when first used.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(crate) fn new(url: &str, retired_for: Duration, default_group: &str) -> Result<Store, StoreError> {
        let lazy = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(5)).connect_lazy(url)?;
        Ok(Store { lazy, migrated: Arc::default(), retired_for, default_group: default_group.to_owned() })
    }

    /// The pool, once the tables are up to date: on an empty database as on one that Trino Gateway made.
    async fn pool(&self) -> Result<&PgPool, StoreError> {
        self.migrated.get_or_try_init(async || self.migrate().await).await?;
        Ok(&self.lazy)
    }

    /// A database that takes no writes for a while is good enough to read from, if nothing is to be migrated.
    async fn migrate(&self) -> Result<(), StoreError> {
        let error = match MIGRATIONS.run(&self.lazy).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
        if is_read_only(&error)
            && let Ok(there) = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
                .fetch_one(&self.lazy)
                .await
            && newest == there
        {
            return Ok(());
        }
        Err(error.into())
    }

    /// Hears of changes.
    pub(crate) async fn listen(&self) -> Result<PgListener, StoreError> {
        let mut listener = PgListener::connect_with(self.pool().await?).await?;
        listener.listen("warren").await?;
        Ok(listener)
    }

    /// Everything, as of one moment. Writes only when an address has no slug yet or is gone.
    pub(crate) async fn load(&self) -> Result<State, StoreError> {
        let mut connection = self.pool().await?.acquire().await?;
        let (mut state, mut expired) = self.read(&mut connection).await?;
        let upkeep = Upkeep::plan(&state.clusters, &state.endpoints);
        if !upkeep.is_empty() {
            write_upkeep(&mut connection, &upkeep).await?;
            (state, expired) = self.read(&mut connection).await?;
        }
        state.endpoints.retain(|e| !expired.contains(&e.slug));
        Ok(state)
    }

    async fn read(&self, connection: &mut PgConnection) -> Result<(State, Vec<String>), StoreError> {
        let mut tx = connection.begin().await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut *tx).await?;
        let clusters = sqlx::query(
            "SELECT name, coalesce(nullif(routing_group, ''), $1) AS routing_group, rtrim(coalesce(backend_url, ''), '/') AS backend_url,
                    coalesce(nullif(external_url, ''), backend_url, '') AS external_url, coalesce(active, false) AS active
             FROM gateway_backend ORDER BY name",
        )
        .bind(&self.default_group)
        .fetch_all(&mut *tx)
        .await?
        .iter()
        .map(|row| {
            Ok(Cluster {
                name: row.try_get("name")?,
                group: row.try_get("routing_group")?,
                active: row.try_get("active")?,
                url: row.try_get("backend_url")?,
                external_url: row.try_get("external_url")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()?;

        let rows = sqlx::query(
            "SELECT slug, cluster_name, backend_url, coordinator_id, retired_at IS NOT NULL AS retired,
                    coalesce(retired_at < now() - make_interval(secs => $1), false) AS expired
             FROM warren_endpoint ORDER BY slug",
        )
        .bind(self.retired_for.as_secs_f64())
        .fetch_all(&mut *tx)
        .await?;
        let mut endpoints = Vec::new();
        let mut expired = Vec::new();
        for row in &rows {
            let slug: String = row.try_get("slug")?;
            if row.try_get("expired")? {
                expired.push(slug.clone());
            }
            endpoints.push(Endpoint {
                slug,
                cluster: row.try_get("cluster_name")?,
                url: row.try_get("backend_url")?,
                coordinator_id: row.try_get("coordinator_id")?,
                retired: row.try_get("retired")?,
            });
        }

        let groups = sqlx::query("SELECT name, fall_back, strict FROM warren_group ORDER BY name")
            .fetch_all(&mut *tx)
            .await?
            .iter()
            .map(|row| {
                Ok(Group {
                    name: row.try_get("name")?,
                    fall_back: row.try_get("fall_back")?,
                    strict: row.try_get("strict")?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()?;

        let rule_set =
            sqlx::query("SELECT version, files::text AS files FROM warren_rule_set ORDER BY version DESC LIMIT 1")
                .fetch_optional(&mut *tx)
                .await?
                .map(|row| {
                    Ok::<_, sqlx::Error>(RuleSetVersion {
                        version: row.try_get("version")?,
                        files: read_files(row.try_get("files")?)?,
                    })
                })
                .transpose()?;
        tx.commit().await?;
        Ok((State { clusters, endpoints, groups, rule_set }, expired))
    }

    /// Writes the last part of a coordinator's query ids.
    pub(crate) async fn learned(&self, slug: &str, coordinator_id: &str) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE warren_endpoint SET coordinator_id = $2 WHERE slug = $1 AND coordinator_id IS DISTINCT FROM $2",
        )
        .bind(slug)
        .bind(coordinator_id)
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }

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

    /// Puts a rule set in force; gives its version.
    pub(crate) async fn publish(&self, files: &[RuleFile], author: &str, message: &str) -> Result<i64, StoreError> {
        let files = serde_json::to_string(files).map_err(|e| sqlx::Error::Encode(e.into()))?;
        Ok(sqlx::query_scalar(
            "INSERT INTO warren_rule_set (author, message, files) VALUES ($1, $2, $3::jsonb) RETURNING version",
        )
        .bind(author)
        .bind(message)
        .bind(files)
        .fetch_one(self.pool().await?)
        .await?)
    }

    /// The files of one rule set.
    pub(crate) async fn rule_files(&self, version: i64) -> Result<Vec<RuleFile>, StoreError> {
        let files: Option<String> = sqlx::query_scalar("SELECT files::text FROM warren_rule_set WHERE version = $1")
            .bind(version)
            .fetch_optional(self.pool().await?)
            .await?;
        Ok(read_files(files.ok_or(StoreError::NoRuleSet(version))?)?)
    }

    /// The newest rule sets, newest first.
    pub(crate) async fn rule_sets(&self, limit: i64) -> Result<Vec<RuleSetEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT version, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS created_at, author, message, files::text AS files
             FROM warren_rule_set ORDER BY version DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.pool().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RuleSetEntry {
                    version: row.try_get("version")?,
                    created_at: row.try_get("created_at")?,
                    author: row.try_get("author")?,
                    message: row.try_get("message")?,
                    files: read_files(row.try_get("files")?)?.into_iter().map(|f| f.name).collect(),
                })
            })
            .collect()
    }
}

/// SQLSTATE 25006, `read_only_sql_transaction`.
fn is_read_only(error: &sqlx::migrate::MigrateError) -> bool {
    let (sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _)) = error
    else {
        return false;
    };
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("25006"))
}

fn read_files(text: String) -> Result<Vec<RuleFile>, sqlx::Error> {
    serde_json::from_str(&text).map_err(|e| sqlx::Error::Decode(e.into()))
}

async fn write_upkeep(connection: &mut PgConnection, upkeep: &Upkeep) -> Result<(), StoreError> {
    let mut tx = connection.begin().await?;
    for endpoint in &upkeep.add {
        // Another Warren may have been faster; then its slug holds.
        sqlx::query(
            "INSERT INTO warren_endpoint (slug, cluster_name, backend_url) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(&endpoint.slug)
        .bind(&endpoint.cluster)
        .bind(&endpoint.url)
        .execute(&mut *tx)
        .await?;
    }
    for (slugs, sql) in [
        (&upkeep.revive, "UPDATE warren_endpoint SET retired_at = NULL WHERE slug = ANY($1)"),
        (&upkeep.retire, "UPDATE warren_endpoint SET retired_at = now() WHERE slug = ANY($1) AND retired_at IS NULL"),
    ] {
        if !slugs.is_empty() {
            sqlx::query(sql).bind(slugs).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
