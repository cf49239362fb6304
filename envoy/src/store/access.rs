//! Tokens of programs, sessions of people, and what of both the audit tells.

use super::column::utc;
use super::{Store, StoreError, transaction};
use crate::access::{DeniedRow, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgExecutor, Row};
use std::time::Duration;
use utoipa::ToSchema;

/// A session that nobody uses ends after so long, and any after so long.
const IDLE: Duration = Duration::from_secs(3600);
pub(crate) const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Sessions that one person has at a time; a newer one ends the oldest.
const SESSIONS: i64 = 20;

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TokenEntry {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created_at: String,
    pub(crate) created_by: String,
    pub(crate) expires_at: String,
    /// It is of no use any more.
    pub(crate) expired: bool,
    pub(crate) revoked_at: Option<String>,
    /// To the minute.
    pub(crate) last_used_at: Option<String>,
}

impl Store {
    /// Keeps a new token; gives when it expires.
    pub(crate) async fn add_token(
        &self,
        actor: &str,
        name: &str,
        role: Role,
        hash: &[u8; 32],
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "create").await?;
        let sql = format!(
            "INSERT INTO warren_token (name, role, hash, created_by, expires_at)
             VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
             ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING {}",
            utc("expires_at")
        );
        let expires: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(name)
            .bind(role.name())
            .bind(hash.as_slice())
            .bind(actor)
            .bind(lifetime.as_secs_f64())
            .fetch_optional(&mut *tx)
            .await?;
        let expires = expires.ok_or_else(|| StoreError::TokenExists(name.to_owned()))?;
        tx.commit().await?;
        Ok(expires)
    }

    /// All tokens there ever were, the newest first.
    pub(crate) async fn tokens(&self) -> Result<Vec<TokenEntry>, StoreError> {
        let columns = ["created_at", "expires_at", "revoked_at", "last_used_at"].map(utc).join(", ");
        let sql = format!(
            "SELECT name, role, created_by, expires_at <= now() AS expired, {columns} FROM warren_token ORDER BY id DESC"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.pool().await?).await?;
        let entries = rows.iter().map(|row| {
            Ok(TokenEntry {
                name: row.try_get("name")?,
                role: role(row.try_get("role")?)?,
                created_at: row.try_get("created_at")?,
                created_by: row.try_get("created_by")?,
                expires_at: row.try_get("expires_at")?,
                expired: row.try_get("expired")?,
                revoked_at: row.try_get("revoked_at")?,
                last_used_at: row.try_get("last_used_at")?,
            })
        });
        Ok(entries.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Makes a token of no use, at once and on every `warren`.
    pub(crate) async fn revoke_token(&self, actor: &str, name: &str) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "revoke").await?;
        let revoked = sqlx::query("UPDATE warren_token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL")
            .bind(name)
            .execute(&mut *tx)
            .await?;
        if revoked.rows_affected() == 0 {
            return Err(StoreError::NoToken(name.to_owned()));
        }
        Ok(tx.commit().await?)
    }

    /// Name and role of a token that is good now. Asked for each request, so that one that is revoked is of no use at once.
    pub(crate) async fn token(&self, hash: &[u8; 32]) -> Result<Option<(String, Role)>, StoreError> {
        let row = sqlx::query(
            "SELECT name, role, coalesce(last_used_at < now() - interval '1 minute', true) AS stale
             FROM warren_token WHERE hash = $1 AND revoked_at IS NULL AND expires_at > now()",
        )
        .bind(hash.as_slice())
        .fetch_optional(self.pool().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get("stale")? {
            self.touch("UPDATE warren_token SET last_used_at = date_trunc('minute', now()) WHERE hash = $1", hash)
                .await;
        }
        Ok(Some((row.try_get("name")?, role(row.try_get("role")?)?)))
    }

    /// Begins a session, and forgets those that are over.
    pub(crate) async fn begin_session(&self, actor: &str, user: &str, hash: &[u8; 32]) -> Result<(), StoreError> {
        let mut tx = self.pool().await?.begin().await?;
        sqlx::query(
            "DELETE FROM warren_session WHERE created_at < now() - make_interval(secs => $1)
                 OR seen_at < now() - make_interval(secs => $2)
                 OR hash IN (SELECT hash FROM warren_session WHERE user_name = $3 ORDER BY created_at DESC OFFSET $4)",
        )
        .bind(LONGEST.as_secs_f64())
        .bind(IDLE.as_secs_f64())
        .bind(user)
        .bind(SESSIONS - 1)
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO warren_session (hash, user_name) VALUES ($1, $2)")
            .bind(hash.as_slice())
            .bind(user)
            .execute(&mut *tx)
            .await?;
        note(&mut *tx, actor, "log in", "session", user, &Value::Null).await?;
        Ok(tx.commit().await?)
    }

    /// Whose session this is, if it is not over.
    pub(crate) async fn session(&self, hash: &[u8; 32]) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "SELECT user_name, seen_at < now() - interval '1 minute' AS stale FROM warren_session
             WHERE hash = $1 AND created_at > now() - make_interval(secs => $2) AND seen_at > now() - make_interval(secs => $3)",
        )
        .bind(hash.as_slice())
        .bind(LONGEST.as_secs_f64())
        .bind(IDLE.as_secs_f64())
        .fetch_optional(self.pool().await?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get("stale")? {
            self.touch("UPDATE warren_session SET seen_at = now() WHERE hash = $1", hash).await;
        }
        Ok(Some(row.try_get("user_name")?))
    }

    /// Ends one session.
    pub(crate) async fn end_session(&self, actor: &str, user: &str, hash: &[u8; 32]) -> Result<(), StoreError> {
        let mut tx = self.pool().await?.begin().await?;
        sqlx::query("DELETE FROM warren_session WHERE hash = $1").bind(hash.as_slice()).execute(&mut *tx).await?;
        note(&mut *tx, actor, "log out", "session", user, &Value::Null).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a person; how many.
    pub(crate) async fn end_sessions(&self, actor: &str, user: &str) -> Result<u64, StoreError> {
        let mut tx = self.pool().await?.begin().await?;
        let ended = sqlx::query("DELETE FROM warren_session WHERE user_name = $1").bind(user).execute(&mut *tx).await?;
        let ended = ended.rows_affected();
        note(&mut *tx, actor, "log out everywhere", "session", user, &json!({"sessions": ended})).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Adds to the audit what no row of another table tells of.
    pub(crate) async fn record(
        &self,
        actor: &str,
        action: &str,
        kind: &str,
        subject: &str,
        what: &Value,
    ) -> Result<(), StoreError> {
        note(self.pool().await?, actor, action, kind, subject, what).await
    }

    /// Adds attempts that were refused.
    pub(crate) async fn add_denied(&self, row: &DeniedRow) -> Result<(), StoreError> {
        let what = json!({"status": row.denied.status, "why": row.denied.why, "times": row.times});
        self.record(&row.denied.actor, "denied", "request", &row.denied.endpoint, &what).await
    }

    /// Notes a use. A PostgreSQL that takes no writes for a while keeps nobody out.
    async fn touch(&self, sql: &'static str, hash: &[u8; 32]) {
        if let Ok(pool) = self.pool().await
            && let Err(error) = sqlx::query(sql).bind(hash.as_slice()).execute(pool).await
        {
            tracing::debug!(%error, "a use is not noted");
        }
    }
}

async fn note(
    executor: impl PgExecutor<'_>,
    actor: &str,
    action: &str,
    kind: &str,
    subject: &str,
    what: &Value,
) -> Result<(), StoreError> {
    // PostgreSQL's text holds no NUL.
    let storable = |text: &str| text.replace('\0', "\u{fffd}");
    sqlx::query(
        "INSERT INTO warren_audit (actor, action, kind, subject, after) VALUES ($1, $2, $3, $4, nullif($5::jsonb, 'null'))",
    )
    .bind(storable(actor))
    .bind(action)
    .bind(kind)
    .bind(storable(subject))
    .bind(what.to_string().replace("\\u0000", "\u{fffd}"))
    .execute(executor)
    .await?;
    Ok(())
}

fn role(name: String) -> Result<Role, sqlx::Error> {
    Role::of(&name).ok_or_else(|| sqlx::Error::Decode(format!("role `{name}` is not known").into()))
}
