//! PostgreSQL: the only folder with SQL.

mod access;
mod audit;
mod candidate;
mod clusters;
mod column;
mod groups;
mod history;
mod judge;
mod lifecycle;
mod place;
mod rules;
mod state;
mod trino_gateway;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::OnceCell;

pub(crate) use access::{LONGEST, TokenEntry};
pub(crate) use audit::AuditEntry;
pub(crate) use candidate::{CandidateCount, CandidateReport};
pub(crate) use history::{HistoryFilter, HistoryQuery, Page, QueryEnd};
pub(crate) use lifecycle::{Leaving, Operation};
pub(crate) use place::{certificate_mistakes, unverified};
pub(crate) use rules::RuleSetEntry;
pub(crate) use trino_gateway::HistoryEntry;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How long a connection may be waited for.
const PATIENCE: Duration = Duration::from_secs(5);

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
    #[error("PostgreSQL: {}", place::in_words(.0))]
    Database(#[from] sqlx::Error),
    #[error("PostgreSQL: no answer within {} seconds", .0.as_secs())]
    Silent(Duration),
    #[error("PostgreSQL: migration: {}", place::in_words(.0))]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("cluster `{0}` exists already")]
    ClusterExists(String),
    #[error("cluster `{name}` does not exist; known: {known}")]
    NoCluster { name: String, known: String },
    #[error("cluster `{name}`: {why}")]
    Refused { name: String, why: &'static str },
    #[error("rule set {0} does not exist")]
    NoRuleSet(i64),
    #[error("query `{0}` is not in the history")]
    NoQuery(String),
    #[error("token `{0}` exists already; revoke it first, or give another name")]
    TokenExists(String),
    #[error("there is no token `{0}` that could be revoked")]
    NoToken(String),
}

impl StoreError {
    /// PostgreSQL answered, and this is what it said; it is not away.
    pub(crate) fn is_databases_word(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(_)))
    }

    /// It is the fault of what was to be written, and trying again is no use: SQLSTATE classes 22, `data exception`, and 23,
    /// `integrity constraint violation`.
    pub(crate) fn is_of_the_data(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Encode(_)) => true,
            StoreError::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
            }
            _ => false,
        }
    }
}

impl Store {
    /// Prepares a pool; connects when first used.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(crate) fn new(url: &str, retired_for: Duration, default_group: &str) -> Result<Store, StoreError> {
        let lazy = PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE).connect_lazy(url)?;
        Ok(Store { lazy, migrated: Arc::default(), retired_for, default_group: default_group.to_owned() })
    }

    /// The pool, once the tables are up to date: on an empty database as on one that Trino Gateway made.
    async fn pool(&self) -> Result<&PgPool, StoreError> {
        self.migrated.get_or_try_init(async || self.migrate().await).await?;
        Ok(&self.lazy)
    }

    /// A database that takes no writes for a while is good enough to read from, if nothing is to be migrated.
    async fn migrate(&self) -> Result<(), StoreError> {
        // On a connection of its own, which ends with a migration that fails: the lock that others wait for goes with it.
        let options = self.lazy.connect_options().as_ref().clone();
        let own = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_lazy_with(options);
        let migrated = MIGRATIONS.run(&own).await;
        own.close().await;
        let Err(error) = migrated else { return Ok(()) };
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

    /// Hears of changes on one channel: `warren` (rows that snapshots are built from), or the table's own name.
    pub(crate) async fn listen(&self, channels: &[&str]) -> Result<PgListener, StoreError> {
        let mut listener = PgListener::connect_with(self.pool().await?).await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(listener)
    }
}

/// A transaction of which the audit says who it is for, and what it is, if that is more than the kind of change.
async fn transaction(pool: &PgPool, actor: &str, action: &str) -> Result<Transaction<'static, Postgres>, StoreError> {
    let mut tx = pool.begin().await?;
    sqlx::query("SELECT set_config('warren.actor', $1, true), set_config('warren.action', $2, true)")
        .bind(actor)
        .bind(action)
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}

/// SQLSTATE 25006, `read_only_sql_transaction`.
fn is_read_only(error: &sqlx::migrate::MigrateError) -> bool {
    let (sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _)) = error
    else {
        return false;
    };
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("25006"))
}
