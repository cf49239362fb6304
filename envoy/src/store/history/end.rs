//! How queries ended.

use super::super::{Store, StoreError};
use super::read::QueryEnd;

impl Store {
    /// Notes how a query ended. Trino may tell it twice; the first time holds.
    pub(crate) async fn add_query_end(&self, query_id: &str, end: &QueryEnd) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO warren_query_end (query_id, ended, state, error, error_type, error_message, output_rows, input_bytes,
                 peak_memory, queued_ms, cpu_ms, wall_ms, tables)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::jsonb) ON CONFLICT (query_id) DO NOTHING",
        )
        .bind(query_id)
        .bind(end.ended)
        .bind(&end.state)
        .bind(&end.error)
        .bind(&end.error_type)
        .bind(&end.error_message)
        .bind(end.output_rows)
        .bind(end.input_bytes)
        .bind(end.peak_memory)
        .bind(end.queued_ms)
        .bind(end.cpu_ms)
        .bind(end.wall_ms)
        .bind(serde_json::json!(end.tables).to_string())
        .execute(self.pool().await?)
        .await?;
        Ok(())
    }
}
