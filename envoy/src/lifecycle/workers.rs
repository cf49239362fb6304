//! Workers of a cluster: which there are, what they do, and telling them to stop.

use super::WorkerLeft;
use crate::state::Address;
use crate::trino::{Coordinator, Failure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// All nodes that are no coordinator, with the tasks that run there (`system.runtime`).
const WORKERS: &str = "SELECT n.node_id, n.http_uri, n.state, count(t.task_id) FROM system.runtime.nodes n \
     LEFT JOIN system.runtime.tasks t ON t.node_id = n.node_id AND t.state IN ('PLANNED', 'RUNNING', 'FLUSHING') \
     WHERE NOT n.coordinator GROUP BY 1, 2, 3 ORDER BY 1";

/// A worker, as its coordinator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Worker {
    /// Trino's name of it.
    pub(crate) node_id: String,
    /// Where it answers, `http://host:port`.
    pub(crate) uri: String,
    /// `active`, `inactive`, `shutting_down` … The coordinator lags by some seconds.
    pub(crate) state: String,
    /// Tasks of running queries there.
    pub(crate) tasks: u32,
}

/// Lists them.
pub(crate) async fn list(coordinator: &Coordinator) -> Result<Vec<Worker>, Failure> {
    let answered = coordinator.query("the query for its workers", WORKERS).await?;
    answered
        .rows
        .iter()
        .map(|row| match row.as_slice() {
            [Value::String(node_id), Value::String(uri), Value::String(state), tasks] => Ok(Worker {
                node_id: node_id.clone(),
                uri: uri.clone(),
                state: state.clone(),
                tasks: tasks.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(u32::MAX),
            }),
            _ => Err(Failure::Other("the query for its workers gave other columns than it should".to_owned())),
        })
        .collect()
}

/// Tells one to shut down: it takes no new tasks, waits for those it has, and ends (`shutdown.grace-period`, twice).
/// Telling it again changes nothing.
///
/// # Errors
/// In words, with what to do.
pub(crate) async fn tell(coordinator: &Coordinator, worker: &Worker) -> Result<WorkerLeft, String> {
    let failed = |why: String| format!("worker `{}` at {}: {why}", worker.node_id, worker.uri);
    let address = Address::parse(&worker.uri).map_err(failed)?;
    let told = WorkerLeft { node_id: worker.node_id.clone(), uri: worker.uri.clone(), gone: false };
    match coordinator.worker(address).shut_down().await {
        Ok(()) => Ok(told),
        // It has just ended by itself.
        Err(Failure::Refused) => Ok(WorkerLeft { gone: true, ..told }),
        Err(Failure::NotAllowed(status)) => Err(failed(format!(
            "it does not let `{}` stop it ({status}); allow {{\"user\": \"{0}\", \"allow\": [\"read\", \"write\"]}} under \
             system_information in its file-based access control",
            coordinator.credentials.user()
        ))),
        Err(failure) => Err(failed(failure.to_string())),
    }
}

/// Looks which of them are gone: nothing answers at their address any more.
pub(crate) async fn look(coordinator: &Coordinator, workers: &mut [WorkerLeft]) {
    for worker in workers.iter_mut().filter(|w| !w.gone) {
        let Ok(address) = Address::parse(&worker.uri) else { continue };
        worker.gone = matches!(coordinator.worker(address).info().await, Err(Failure::Refused));
    }
}
