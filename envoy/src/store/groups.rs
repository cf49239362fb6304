//! Groups' own rows.

use super::{Store, StoreError, transaction};
use crate::state::Group;

impl Store {
    /// Writes a group's settings.
    pub(crate) async fn put_group(&self, actor: &str, group: &Group) -> Result<(), StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "").await?;
        sqlx::query(
            "INSERT INTO warren_group (name, fall_back, strict, policy, hash_on) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET fall_back = excluded.fall_back, strict = excluded.strict, policy = excluded.policy, hash_on = excluded.hash_on",
        )
        .bind(&group.name)
        .bind(&group.fall_back)
        .bind(group.strict)
        .bind(group.policy.name())
        .bind(&group.hash_on)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Gives a group the default settings again; whether it had others.
    pub(crate) async fn reset_group(&self, actor: &str, name: &str) -> Result<bool, StoreError> {
        let mut tx = transaction(self.pool().await?, actor, "").await?;
        let done = sqlx::query("DELETE FROM warren_group WHERE name = $1").bind(name).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
