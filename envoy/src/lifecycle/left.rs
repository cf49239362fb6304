//! What is left to do until a cluster is drained or stopped, for whoever watches.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// Progress of an operation, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Left {
    /// Queries that run and that wait; none before they could be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) running: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queued: Option<u32>,
    /// Workers that were told to stop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) workers: Vec<WorkerLeft>,
    /// What stops the coordinator was called.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stop_called: bool,
    /// What is to be known besides: why it waits, or why it ended.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

/// One worker on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorkerLeft {
    /// Trino's `node_id`.
    pub(crate) node_id: String,
    /// Where it answers, `http://host:port`.
    pub(crate) uri: String,
    /// It answers no more.
    pub(crate) gone: bool,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let (Some(running), Some(queued)) = (self.running, self.queued) {
            parts.push(format!("{running} running, {queued} queued"));
        }
        if !self.workers.is_empty() {
            let gone = self.workers.iter().filter(|w| w.gone).count();
            parts.push(format!("{gone} of {} workers stopped", self.workers.len()));
        }
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        }
        f.write_str(&parts.join("; "))
    }
}
