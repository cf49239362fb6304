//! Which Warren judges health and carries out operations: one of all that use the same database. The others show what it found.
//!
//! The one that holds an advisory lock of PostgreSQL is it. A Warren that cannot reach PostgreSQL, or sees that the judge no
//! longer says that it lives, judges for itself, and changes nothing that others see.

use crate::store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;
use utoipa::ToSchema;

/// How often the judge says that it lives, and the others look.
const BEAT: Duration = Duration::from_secs(1);
/// A judge that has not said so for as long hangs.
const SILENT: Duration = Duration::from_secs(10);
/// How long PostgreSQL may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What this Warren is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// It judges for all, and carries out operations.
    Judge,
    /// Another one does.
    Follower,
    /// It judges for itself: PostgreSQL is away, or the judge hangs.
    Alone,
}

impl Role {
    /// Does it ask coordinators itself?
    pub(crate) fn asks(self) -> bool {
        self != Role::Follower
    }
}

/// Runs for ever. `name` is how this Warren is shown to people.
pub(crate) async fn stand(store: Store, name: String, role: watch::Sender<Role>) {
    loop {
        if let Err(error) = stand_once(&store, &name, &role).await {
            tracing::debug!(%error, "no word from PostgreSQL on who judges");
        }
        become_(&role, Role::Alone);
        tokio::time::sleep(BEAT).await;
    }
}

async fn stand_once(store: &Store, name: &str, role: &watch::Sender<Role>) -> Result<(), StoreError> {
    let mut bench = in_time(store.bench()).await?;
    loop {
        let now = if in_time(bench.take()).await? {
            in_time(bench.beat(name)).await?;
            Role::Judge
        } else {
            match in_time(bench.silent_for()).await? {
                Some(silent) if silent < SILENT => Role::Follower,
                _ => Role::Alone,
            }
        };
        become_(role, now);
        tokio::time::sleep(BEAT).await;
    }
}

fn become_(role: &watch::Sender<Role>, new: Role) {
    role.send_if_modified(|old| {
        let changed = *old != new;
        if changed {
            tracing::info!(role = ?new, "who judges health");
            *old = new;
        }
        changed
    });
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or(Err(StoreError::Silent(PATIENCE)))
}
