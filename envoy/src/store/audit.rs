//! Who changed what. Written by triggers, so that Trino Gateway's changes and psql's are in it, too. Nothing in it is ever changed.

use super::column::{decode, utc};
use super::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};
use utoipa::ToSchema;

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditEntry {
    pub(crate) id: i64,
    /// In UTC.
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    /// `cluster`, `cluster settings`, `group`, `operation`, `rules`, `candidate`, `worker`, `token`, `session`; `request`: one that
    /// was refused.
    pub(crate) kind: String,
    pub(crate) subject: String,
    /// The row before and after.
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl Store {
    /// The newest entries below `before`, newest first; of one cluster or group, or of all.
    pub(crate) async fn audit(
        &self,
        subject: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, {}, actor, action, kind, subject, before::text AS before, after::text AS after
             FROM warren_audit WHERE ($1::text IS NULL OR subject = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
            utc("at")
        )))
        .bind(subject)
        .bind(before)
        .bind(limit)
        .fetch_all(self.pool().await?)
        .await?;
        let json = |text: Option<String>| text.as_deref().map(decode).transpose();
        let entries = rows.iter().map(|row| {
            Ok(AuditEntry {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                kind: row.try_get("kind")?,
                subject: row.try_get("subject")?,
                before: json(row.try_get("before")?)?,
                after: json(row.try_get("after")?)?,
            })
        });
        Ok(entries.collect::<Result<_, sqlx::Error>>()?)
    }
}
