//! The gRPC service that Envoys send their access log to, beside xDS on the same port.

use super::places::Places;
use super::{KeptText, Queue, Row};
use crate::xds::server::Served;
use envoy_types::pb::envoy::service::accesslog::v3::access_log_service_server::AccessLogService;
use envoy_types::pb::envoy::service::accesslog::v3::stream_access_logs_message::LogEntries;
use envoy_types::pb::envoy::service::accesslog::v3::{StreamAccessLogsMessage, StreamAccessLogsResponse};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

/// Takes what comes as fast as it comes: an Envoy is never made to wait.
#[derive(Clone)]
pub(crate) struct AccessLogs {
    pub(crate) queue: Arc<Queue>,
    pub(crate) text: KeptText,
    pub(crate) served: Served,
    pub(crate) ids: Arc<OwnIds>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// Ids for queries to which no cluster gave one. They begin with `none_`, and no two are the same, in two `warren`s neither.
#[derive(Debug)]
pub(crate) struct OwnIds {
    process: u64,
    next: AtomicU64,
}

impl OwnIds {
    pub(crate) fn new() -> OwnIds {
        // Keys of the standard library's hash maps are random.
        OwnIds { process: RandomState::new().build_hasher().finish(), next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        format!("none_{:016x}_{}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

#[tonic::async_trait]
impl AccessLogService for AccessLogs {
    async fn stream_access_logs(
        &self,
        request: Request<Streaming<StreamAccessLogsMessage>>,
    ) -> Result<Response<StreamAccessLogsResponse>, Status> {
        let mut stream = request.into_inner();
        let (mut shutdown, mut served) = (self.shutdown.clone(), self.served.clone());
        let mut places = Places::default();
        loop {
            let message = tokio::select! {
                message = stream.message() => message?,
                _ = shutdown.wait_for(|down| *down) => None,
            };
            let Some(message) = message else { return Ok(Response::new(StreamAccessLogsResponse {})) };
            let Some(LogEntries::HttpLogs(entries)) = message.log_entries else { continue };
            places.learn(&mut served);
            for entry in &entries.log_entry {
                if let Some(row) = Row::read(entry, self.text, &places, || self.ids.next()) {
                    self.queue.push(row);
                }
            }
        }
    }
}
