//! The stream itself: requests in, responses out, a new snapshot now and then, an end.

use crate::resources::FILTER;
use crate::snapshot::{Kind, Settings, Snapshot};
use crate::xds::nodes::Nodes;
use crate::xds::rollout::Rollout;
use crate::xds::session::{Event, Session, module_of};
use envoy_types::pb::envoy::config::core::v3::Node;
use envoy_types::pb::envoy::config::core::v3::node::UserAgentVersionType;
use envoy_types::pb::envoy::service::discovery::v3::aggregated_discovery_service_server::AggregatedDiscoveryService;
use envoy_types::pb::envoy::service::discovery::v3::{
    DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse,
};
use envoy_types::pb::google::protobuf::value::Kind as ValueKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

/// The snapshot being served; none until there is one (an empty answer would make Envoy delete everything).
pub(crate) type Served = watch::Receiver<Option<Arc<Snapshot>>>;

/// The ADS service.
#[derive(Clone)]
pub(crate) struct Ads {
    pub(crate) served: Served,
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

type ResponseStream = Pin<Box<dyn Stream<Item = Result<DeltaDiscoveryResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AggregatedDiscoveryService for Ads {
    type StreamAggregatedResourcesStream = Pin<Box<dyn Stream<Item = Result<DiscoveryResponse, Status>> + Send>>;
    type DeltaAggregatedResourcesStream = ResponseStream;

    async fn stream_aggregated_resources(
        &self,
        _: Request<Streaming<DiscoveryRequest>>,
    ) -> Result<Response<Self::StreamAggregatedResourcesStream>, Status> {
        Err(Status::unimplemented("Warren speaks delta xDS only; set `api_type: DELTA_GRPC` in `ads_config`"))
    }

    async fn delta_aggregated_resources(
        &self,
        request: Request<Streaming<DeltaDiscoveryRequest>>,
    ) -> Result<Response<ResponseStream>, Status> {
        // One response of each kind may be under way: five are never in each other's way.
        let (responses, stream) = mpsc::channel(8);
        tokio::spawn(self.clone().serve(request.into_inner(), responses));
        Ok(Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(stream))))
    }
}

impl Ads {
    async fn serve(
        mut self,
        mut requests: Streaming<DeltaDiscoveryRequest>,
        responses: mpsc::Sender<Result<DeltaDiscoveryResponse, Status>>,
    ) {
        let rollout = self.rollout.clone();
        let mut session = Session::default();
        let mut node: Option<ConnectedNode> = None;
        // Made anew only when there is a new one: a copy with a listener of its own is not for every message.
        let mut snapshot: Option<Arc<Snapshot>> = None;
        loop {
            // Nothing is sent before the node said who it is: its listener may be its own.
            let mut wake = None;
            if let (Some(node), None) = (&node, &snapshot) {
                let served = self.served.borrow_and_update().clone();
                snapshot = served.map(|s| match node.listen {
                    Some(listen) => Arc::new(s.listening_on(&self.settings, listen)),
                    None => s,
                });
            }
            if let Some(snapshot) = &snapshot {
                let id = node.as_ref().map(|node| node.id.as_str()).unwrap_or_default();
                let turn = |module: &str| rollout.take(id, module, Instant::now());
                while let Some(response) = session.next(snapshot, Instant::now(), turn) {
                    if responses.send(Ok(response)).await.is_err() {
                        break;
                    }
                }
                wake = session.wake_at(snapshot);
            }
            tokio::select! {
                message = requests.message() => match message {
                    Ok(Some(request)) => {
                        if let Some(said) = request.node.as_ref().filter(|_| node.is_none()) {
                            let connected = ConnectedNode::read(said);
                            tracing::info!(node = connected.id, envoy = connected.version, "Envoy connected");
                            self.nodes.connected(&connected.id, &connected.version);
                            node = Some(connected);
                        }
                        let event = session.on_request(&request, Instant::now());
                        if let Some(node) = &node {
                            roll_on(&rollout, &node.id, &event, snapshot.as_deref());
                            if let Event::Rejected { kind, snapshot, error, .. } = &event {
                                tracing::warn!(node = node.id, kind = kind.label(), snapshot, error, "Envoy refused what it was sent; it runs what it had");
                            }
                            self.nodes.record(&node.id, event);
                        }
                    }
                    Ok(None) => break,
                    Err(status) => {
                        tracing::debug!(%status, "stream ended");
                        break;
                    }
                },
                changed = self.served.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    snapshot = None;
                }
                () = sleep_until(wake) => {}
                () = rollout.changed(), if session.waits_for_turn() => {}
                _ = self.shutdown.wait_for(|down| *down) => break,
            }
        }
        if let Some(node) = node {
            tracing::info!(node = node.id, "Envoy disconnected");
            self.rollout.done(&node.id);
            self.nodes.disconnected(&node.id);
        }
    }
}

/// What an answer means for the others that wait for a new module.
fn roll_on(rollout: &Rollout, node: &str, event: &Event, snapshot: Option<&Snapshot>) {
    match event {
        Event::Accepted { kind: Kind::Filter, .. } => rollout.done(node),
        Event::Rejected { kind: Kind::Filter, .. } => {
            let version = snapshot.and_then(|s| s.get(Kind::Filter, FILTER)).map(|r| r.version.as_str());
            if let Some(module) = version.and_then(module_of) {
                rollout.refused(node, module);
            }
        }
        _ => {}
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

struct ConnectedNode {
    id: String,
    version: String,
    /// Where this Envoy wants its listener, from its bootstrap's `node.metadata.listen`.
    listen: Option<SocketAddr>,
}

impl ConnectedNode {
    fn read(node: &Node) -> ConnectedNode {
        let version = match &node.user_agent_version_type {
            Some(UserAgentVersionType::UserAgentBuildVersion(build)) => build
                .version
                .as_ref()
                .map(|v| format!("{}.{}.{}", v.major_number, v.minor_number, v.patch))
                .unwrap_or_default(),
            Some(UserAgentVersionType::UserAgentVersion(version)) => version.clone(),
            None => String::new(),
        };
        let listen = node.metadata.as_ref().and_then(|m| m.fields.get("listen")).and_then(|v| match &v.kind {
            Some(ValueKind::StringValue(text)) => text
                .parse()
                .map_err(|_| tracing::warn!(node = node.id, listen = text, "not an address; using the configured one"))
                .ok(),
            _ => None,
        });
        ConnectedNode { id: node.id.clone(), version, listen }
    }
}
