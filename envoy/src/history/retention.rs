//! Forgets what is older than it should be.

use crate::store::Store;
use std::time::Duration;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(60);

/// Deletes old rows for ever, a few thousand at a time, so that nobody waits for it long; of several `warren`s, one at a time
/// does it. Old is what PostgreSQL's clock says, the one that all of them share.
pub(crate) async fn forget(store: Store, retention: Duration) {
    loop {
        match store.forget_history(retention).await {
            Ok(Some(0) | None) => tokio::time::sleep(EVERY).await,
            Ok(Some(rows)) => tracing::debug!(rows, "history forgotten"),
            Err(error) => {
                tracing::debug!(%error, "old history is not forgotten");
                tokio::time::sleep(EVERY).await;
            }
        }
    }
}
