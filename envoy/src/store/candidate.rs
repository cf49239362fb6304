//! Candidates: rule sets that are asked beside the one in force, and what they would have done.

use super::column::{encode, utc, word};
use super::{Store, StoreError, transaction};
use crate::history;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use utoipa::ToSchema;
use warren_rules::{Comparison, RuleFile};

/// A candidate, and what became of it so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CandidateReport {
    pub(crate) candidate: i64,
    pub(crate) created_at: String,
    pub(crate) author: String,
    pub(crate) message: String,
    /// What it would have done, the most frequent difference first.
    pub(crate) counts: Vec<CandidateCount>,
}

/// Queries about which both decided alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct CandidateCount {
    /// Version of the rules in force then.
    pub(crate) rules: String,
    /// The rule of theirs that decided; empty if none did.
    pub(crate) rule: String,
    /// Where the queries went.
    pub(crate) from: String,
    /// The candidate's rule that decided; empty if none did.
    pub(crate) candidate_rule: String,
    /// Where it would have sent them.
    pub(crate) to: String,
    /// `same`, `differs`, or `unknown`.
    #[schema(value_type = String)]
    pub(crate) comparison: Comparison,
    pub(crate) queries: i64,
    /// Id of the last of them.
    pub(crate) last_query: String,
    /// When that came, in milliseconds since 1970.
    pub(crate) last_at: i64,
}

impl Store {
    /// Asks a rule set beside the one in force from now on, in place of another candidate; gives its number.
    pub(crate) async fn begin_candidate(
        &self,
        actor: &str,
        files: &[RuleFile],
        author: &str,
        message: &str,
    ) -> Result<i64, StoreError> {
        let files = encode(files)?;
        let mut tx = transaction(self.pool().await?, actor, "shadow").await?;
        sqlx::query("UPDATE warren_candidate SET ended_at = now() WHERE ended_at IS NULL").execute(&mut *tx).await?;
        let number = sqlx::query_scalar(
            "INSERT INTO warren_candidate (author, message, files) VALUES ($1, $2, $3::jsonb) RETURNING candidate",
        )
        .bind(author)
        .bind(message)
        .bind(files)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(number)
    }

    /// Asks it no more. Whether there was one.
    pub(crate) async fn end_candidate(&self, actor: &str) -> Result<bool, StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "end").await?;
        let ended = sqlx::query("UPDATE warren_candidate SET ended_at = now() WHERE ended_at IS NULL")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ended.rows_affected() > 0)
    }

    /// The candidate that is asked now, with its counts.
    pub(crate) async fn candidate_report(&self) -> Result<Option<CandidateReport>, StoreError> {
        let pool = self.pool().await?;
        let sql = format!(
            "SELECT candidate, {}, author, message FROM warren_candidate WHERE ended_at IS NULL ORDER BY candidate DESC LIMIT 1",
            utc("created_at")
        );
        let Some(row) = sqlx::query(AssertSqlSafe(sql)).fetch_optional(pool).await? else { return Ok(None) };
        let candidate: i64 = row.try_get("candidate")?;
        let rows = sqlx::query(
            "SELECT rules, rule, origin, candidate_rule, destination, comparison, queries, last_query, last_at
             FROM warren_candidate_count WHERE candidate = $1
             ORDER BY comparison = 'same', queries DESC, rule, candidate_rule LIMIT 1000",
        )
        .bind(candidate)
        .fetch_all(pool)
        .await?;
        let counts = rows.iter().map(|row| {
            let comparison: String = row.try_get("comparison")?;
            Ok(CandidateCount {
                rules: row.try_get("rules")?,
                rule: row.try_get("rule")?,
                from: row.try_get("origin")?,
                candidate_rule: row.try_get("candidate_rule")?,
                to: row.try_get("destination")?,
                comparison: word(&comparison)?,
                queries: row.try_get("queries")?,
                last_query: row.try_get("last_query")?,
                last_at: row.try_get("last_at")?,
            })
        });
        Ok(Some(CandidateReport {
            candidate,
            created_at: row.try_get("created_at")?,
            author: row.try_get("author")?,
            message: row.try_get("message")?,
            counts: counts.collect::<Result<_, sqlx::Error>>()?,
        }))
    }
}

/// Adds what candidates would have done with these queries.
pub(super) async fn count(connection: &mut PgConnection, rows: &[history::Row]) -> Result<(), StoreError> {
    let compared: Vec<_> = rows.iter().filter_map(|row| Some((row, row.shadow.as_ref()?))).collect();
    if compared.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        ($of:expr) => {
            compared.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "INSERT INTO warren_candidate_count
         SELECT t.candidate, rules, rule, origin, candidate_rule, destination, comparison,
                count(*), (array_agg(query ORDER BY at DESC))[1], max(at)
         FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
              AS t (candidate, rules, rule, origin, candidate_rule, destination, comparison, query, at)
              JOIN warren_candidate USING (candidate)
         GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
         ON CONFLICT (candidate, rules, rule, origin, candidate_rule, destination, comparison) DO UPDATE
         SET queries = warren_candidate_count.queries + excluded.queries,
             last_query = excluded.last_query, last_at = excluded.last_at",
    )
    .bind(column!(|(_, shadow)| shadow.candidate))
    .bind(column!(|(row, _)| row.rules.as_str()))
    .bind(column!(|(row, _)| row.rule.as_deref().unwrap_or_default()))
    .bind(column!(|(_, shadow)| shadow.from.as_str()))
    .bind(column!(|(_, shadow)| shadow.rule.as_deref().unwrap_or_default()))
    .bind(column!(|(_, shadow)| shadow.to.as_str()))
    .bind(column!(|(_, shadow)| shadow.comparison.name()))
    .bind(column!(|(row, _)| row.id.as_str()))
    .bind(column!(|(row, _)| row.created))
    .execute(connection)
    .await?;
    Ok(())
}
