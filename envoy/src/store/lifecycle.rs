//! Clusters on their way out, and the operations that lead them there.

use super::column::{decode, decode_or_usual, encode, utc, word};
use super::{Store, StoreError, transaction};
use crate::lifecycle::{Left, OperationStep, Outcome, Step};
use crate::state::Stage;
use crate::trino::TrinoTls;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use std::time::Duration;
use utoipa::ToSchema;

/// A drain or a shutdown, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Operation {
    pub(crate) id: i64,
    pub(crate) cluster: String,
    /// `drain` or `shutdown`.
    pub(crate) kind: String,
    pub(crate) step: OperationStep,
    pub(crate) actor: String,
    /// When it began and when it is given up, in UTC.
    pub(crate) started_at: String,
    pub(crate) deadline: String,
    /// The deadline has passed.
    pub(crate) late: bool,
    pub(crate) ended_at: Option<String>,
    pub(crate) left: Left,
}

/// A cluster that someone may have to look after: inactive and not at rest, or with an operation under way.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) url: String,
    pub(crate) tls: TrinoTls,
    pub(crate) active: bool,
    pub(crate) stage: Stage,
    pub(crate) credentials: Option<String>,
    pub(crate) operation: Option<Operation>,
}

/// An operation, of `warren_operation o`.
fn columns() -> String {
    let [started_at, deadline, ended_at] = ["o.started_at", "o.deadline", "o.ended_at"].map(utc);
    format!(
        "o.id, o.cluster_name, o.kind, o.step, o.actor, {started_at}, {deadline}, o.deadline < now() AS late, {ended_at},
         o.progress::text AS progress"
    )
}

impl Store {
    /// Deactivates a cluster and begins an operation; one that is under way goes on, and a drain becomes a shutdown if that is
    /// what is asked for. For a cluster that is there already it is the last operation that led there, if any.
    pub(crate) async fn begin(
        &self,
        actor: &str,
        cluster: &str,
        shutdown: bool,
        deadline: Duration,
    ) -> Result<Option<Operation>, StoreError> {
        let kind = if shutdown { "shutdown" } else { "drain" };
        let step = if shutdown { Step::Shutdown } else { Step::Drain };
        let mut tx = transaction(self.pool().await?, actor, kind).await?;
        if self.may(&mut tx, cluster, step).await? == Outcome::Already {
            drop(tx);
            return self.operation(cluster).await;
        }
        sqlx::query("UPDATE gateway_backend SET active = false WHERE name = $1")
            .bind(cluster)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO warren_cluster (name, stage) SELECT $1, 'live' ON CONFLICT DO NOTHING")
            .bind(cluster)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO warren_operation AS o (cluster_name, kind, step, actor, deadline)
             VALUES ($1, $2, 'draining', $3, now() + make_interval(secs => $4))
             ON CONFLICT (cluster_name) WHERE ended_at IS NULL DO UPDATE SET
                 kind = CASE WHEN o.kind = 'shutdown' THEN o.kind ELSE excluded.kind END,
                 deadline = greatest(o.deadline, excluded.deadline)
             RETURNING {}",
            columns()
        )))
        .bind(cluster)
        .bind(kind)
        .bind(actor)
        .bind(deadline.as_secs_f64())
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(read_operation(&row)?))
    }

    /// The newest operation of a cluster.
    pub(crate) async fn operation(&self, cluster: &str) -> Result<Option<Operation>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {} FROM warren_operation o WHERE o.cluster_name = $1 ORDER BY o.id DESC LIMIT 1",
            columns()
        )))
        .bind(cluster)
        .fetch_optional(self.pool().await?)
        .await?;
        Ok(row.as_ref().map(read_operation).transpose()?)
    }

    /// Everyone on the way out, or one of them.
    pub(crate) async fn leaving(&self, only: Option<&str>) -> Result<Vec<Leaving>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT b.name, e.slug, e.backend_url, e.tls::text AS tls, coalesce(b.active, false) AS active, coalesce(w.stage, 'added') AS cluster_stage,
                    w.health ->> 'credentials' AS credentials, {}
             FROM gateway_backend b
             JOIN warren_endpoint e ON e.cluster_name = b.name AND e.backend_url = rtrim(coalesce(b.backend_url, ''), '/')
             LEFT JOIN warren_cluster w ON w.name = b.name
             LEFT JOIN warren_operation o ON o.cluster_name = b.name AND o.ended_at IS NULL
             WHERE ($1::text IS NULL OR b.name = $1) AND (o.id IS NOT NULL OR (NOT coalesce(b.active, false) AND w.stage = 'live')) ORDER BY b.name",
            columns()
        )))
        .bind(only)
        .fetch_all(self.pool().await?)
        .await?;
        let leaving = rows.iter().map(|row| {
            let stage: String = row.try_get("cluster_stage")?;
            Ok(Leaving {
                name: row.try_get("name")?,
                slug: row.try_get("slug")?,
                url: row.try_get("backend_url")?,
                tls: decode_or_usual(row.try_get("tls")?)?,
                active: row.try_get("active")?,
                stage: word(&stage)?,
                credentials: row.try_get("credentials")?,
                operation: match row.try_get::<Option<i64>, _>("id")? {
                    Some(_) => Some(read_operation(row)?),
                    None => None,
                },
            })
        });
        Ok(leaving.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Operations whose cluster is gone end.
    pub(crate) async fn end_orphans(&self) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, "warren", "").await?;
        sqlx::query(
            "UPDATE warren_operation o SET step = 'undone', ended_at = now(), progress = progress || '{\"note\": \"the cluster was removed\"}'
             WHERE ended_at IS NULL AND NOT EXISTS (SELECT FROM gateway_backend b WHERE b.name = o.cluster_name)",
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Notes how far an inactive cluster is. Nothing if it was activated meanwhile.
    pub(crate) async fn set_stage(&self, cluster: &str, stage: Stage) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, "warren", stage.name()).await?;
        sqlx::query(
            "INSERT INTO warren_cluster (name, stage) SELECT name, $2 FROM gateway_backend WHERE name = $1 AND NOT coalesce(active, false)
             ON CONFLICT (name) DO UPDATE SET stage = excluded.stage",
        )
        .bind(cluster)
        .bind(stage.name())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Notes how far an operation is and what is left; ends it if the step is an end. Nothing if it has ended.
    pub(crate) async fn note(&self, operation: i64, step: OperationStep, left: &Left) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, "warren", "").await?;
        // The audit leaves progress out, so it takes down a new step alone.
        sqlx::query(
            "UPDATE warren_operation SET step = $2, ended_at = CASE WHEN $3 THEN now() END, progress = $4::jsonb
             WHERE id = $1 AND ended_at IS NULL AND (step <> $2 OR progress <> $4::jsonb)",
        )
        .bind(operation)
        .bind(step.name())
        .bind(step.ended())
        .bind(encode(left)?)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

fn read_operation(row: &PgRow) -> Result<Operation, sqlx::Error> {
    let step: String = row.try_get("step")?;
    let progress: String = row.try_get("progress")?;
    Ok(Operation {
        id: row.try_get("id")?,
        cluster: row.try_get("cluster_name")?,
        kind: row.try_get("kind")?,
        step: word(&step)?,
        actor: row.try_get("actor")?,
        started_at: row.try_get("started_at")?,
        deadline: row.try_get("deadline")?,
        late: row.try_get("late")?,
        ended_at: row.try_get("ended_at")?,
        left: decode(&progress)?,
    })
}
