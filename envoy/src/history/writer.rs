//! The one task that writes rows into PostgreSQL.

use super::{Queue, Row};
use crate::status::Status;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Until PostgreSQL is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Writes until the queue is closed and empty. While PostgreSQL is away rows wait, as many as the queue takes; at the end
/// each batch is tried once more.
pub(crate) async fn write(queue: Arc<Queue>, store: Store, status: Arc<Status>, mut shutdown: watch::Receiver<bool>) {
    while let Some(mut rows) = queue.next().await {
        loop {
            match write_batch(&queue, &store, &mut rows).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::debug!(%error, rows = rows.len(), "history is not written");
                    // That PostgreSQL is away is said already, by whoever reads the state.
                    let problem = error.is_databases_word().then(|| format!("rows wait: {error}"));
                    status.problem("history", problem);
                }
            }
            if *shutdown.borrow() {
                tracing::warn!(rows = queue.counts().waiting, "history that PostgreSQL did not take is lost");
                return;
            }
            let _ = tokio::time::timeout(AGAIN, shutdown.wait_for(|down| *down)).await;
        }
        status.problem("history", None);
    }
}

/// All rows at once; if there is one among them that PostgreSQL does not take, each by itself. What is settled, one way or
/// the other, is taken out of them.
async fn write_batch(queue: &Queue, store: &Store, rows: &mut Vec<Row>) -> Result<(), StoreError> {
    match store.add_history(rows).await {
        Ok(()) => queue.written(&std::mem::take(rows)),
        Err(error) if error.is_of_the_data() => {
            while let Some(row) = rows.last() {
                match store.add_history(std::slice::from_ref(row)).await {
                    Ok(()) => queue.written(std::slice::from_ref(row)),
                    Err(error) if error.is_of_the_data() => {
                        tracing::warn!(%error, id = row.id, "a query is not in the history");
                        queue.refused(row);
                    }
                    Err(error) => return Err(error),
                }
                rows.pop();
            }
        }
        Err(error) => return Err(error),
    }
    Ok(())
}
