//! The judge's bench: an advisory lock on a connection of its own, and a row that says who sits there.

use super::column::{decode, encode};
use super::{Store, StoreError};
use crate::health::Report;
use sqlx::{PgConnection, Row};
use std::time::Duration;

/// Key of the lock, among all advisory locks of a database.
const LOCK: i64 = 0x0077_6172_7265_6e01;

/// A connection that holds the lock, or tries to.
pub(crate) struct Bench {
    connection: PgConnection,
    mine: bool,
}

impl Store {
    /// A connection to stand at. Never from the pool: the lock is the session's.
    pub(crate) async fn bench(&self) -> Result<Bench, StoreError> {
        let mut connection = self.pool().await?.acquire().await?.detach();
        // Whoever is cut off without a word loses the lock within ten seconds. Session settings, so no rights are needed.
        for setting in ["tcp_keepalives_idle = 4", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 3"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("SET {setting}"))).execute(&mut connection).await?;
        }
        Ok(Bench { connection, mine: false })
    }

    /// Tells the other Warrens.
    pub(crate) async fn share_health(&self, reports: &[Report]) -> Result<(), StoreError> {
        let slugs: Vec<&str> = reports.iter().map(|r| r.slug.as_str()).collect();
        let judgements: Vec<String> = reports.iter().map(encode).collect::<Result<_, _>>()?;
        sqlx::query(
            "INSERT INTO warren_health (slug, judgement) SELECT slug, judgement::jsonb FROM unnest($1::text[], $2::text[]) AS t(slug, judgement)
             ON CONFLICT (slug) DO UPDATE SET judgement = excluded.judgement WHERE warren_health.judgement <> excluded.judgement",
        )
        .bind(slugs)
        .bind(judgements)
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }

    /// What the judge found out, of all that have not been retired since.
    pub(crate) async fn shared_health(&self) -> Result<Vec<Report>, StoreError> {
        let rows = sqlx::query(
            "SELECT judgement::text AS judgement FROM warren_health JOIN warren_endpoint USING (slug) WHERE retired_at IS NULL ORDER BY slug",
        )
        .fetch_all(self.pool().await?)
        .await?;
        rows.iter().map(|row| Ok(decode(row.try_get("judgement")?)?)).collect()
    }
}

impl Bench {
    /// Takes the lock, or sees that it is still held; whether it is.
    pub(crate) async fn take(&mut self) -> Result<bool, StoreError> {
        if !self.mine {
            self.mine = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                .bind(LOCK)
                .fetch_one(&mut self.connection)
                .await?;
        }
        Ok(self.mine)
    }

    /// Says that the judge lives. Fails on a database that takes no writes, where there is nothing to share.
    pub(crate) async fn beat(&mut self, name: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO warren_judge (name) VALUES ($1) ON CONFLICT (seat) DO UPDATE SET name = excluded.name, at = now()",
        )
        .bind(name)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// How long the judge has not said so; none before there was one.
    pub(crate) async fn silent_for(&mut self) -> Result<Option<Duration>, StoreError> {
        let seconds: Option<f64> =
            sqlx::query_scalar("SELECT extract(epoch FROM now() - at)::float8 FROM warren_judge")
                .fetch_optional(&mut self.connection)
                .await?;
        Ok(seconds.map(|s| Duration::try_from_secs_f64(s.max(0.0)).unwrap_or(Duration::MAX)))
    }
}
