//! Published rule sets.

use super::column::{decode, encode, utc};
use super::{Store, StoreError, transaction};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Row};
use utoipa::ToSchema;
use warren_rules::RuleFile;

/// A rule set as it is listed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RuleSetEntry {
    pub(crate) version: i64,
    pub(crate) created_at: String,
    pub(crate) author: String,
    pub(crate) message: String,
    pub(crate) files: Vec<String>,
}

impl Store {
    /// Puts a rule set in force; gives its version.
    pub(crate) async fn publish(
        &self,
        actor: &str,
        files: &[RuleFile],
        author: &str,
        message: &str,
    ) -> Result<i64, StoreError> {
        let files = encode(files)?;
        let mut tx = transaction(self.pool().await?, actor, "publish").await?;
        let version = sqlx::query_scalar(
            "INSERT INTO warren_rule_set (author, message, files) VALUES ($1, $2, $3::jsonb) RETURNING version",
        )
        .bind(author)
        .bind(message)
        .bind(files)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(version)
    }

    /// The files of one rule set.
    pub(crate) async fn rule_files(&self, version: i64) -> Result<Vec<RuleFile>, StoreError> {
        let files: Option<String> = sqlx::query_scalar("SELECT files::text FROM warren_rule_set WHERE version = $1")
            .bind(version)
            .fetch_optional(self.pool().await?)
            .await?;
        Ok(decode(&files.ok_or(StoreError::NoRuleSet(version))?)?)
    }

    /// The newest rule sets, newest first.
    pub(crate) async fn rule_sets(&self, limit: i64) -> Result<Vec<RuleSetEntry>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT version, {}, author, message, files::text AS files FROM warren_rule_set ORDER BY version DESC LIMIT $1",
            utc("created_at")
        )))
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
                    files: decode::<Vec<RuleFile>>(row.try_get("files")?)?.into_iter().map(|f| f.name).collect(),
                })
            })
            .collect()
    }
}
