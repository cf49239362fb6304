//! Which Envoys are connected, and what each accepted or refused.

use crate::snapshot::Kind;
use crate::xds::session::Event;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// How long an Envoy that went away is still shown.
const REMEMBERED: Duration = Duration::from_secs(600);

/// One Envoy.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
pub(crate) struct Node {
    /// Streams that are open; for a moment two, when it connects again before the old one is seen to be gone.
    pub(crate) streams: u32,
    /// Envoy's own version, as it says.
    pub(crate) envoy: String,
    /// By kind of resource (`clusters`, `rules`, …).
    pub(crate) kinds: BTreeMap<String, NodeKind>,
    #[serde(skip)]
    gone_at: Option<Instant>,
}

/// What one Envoy did with one kind of resource.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
pub(crate) struct NodeKind {
    /// Version of the snapshot that it runs.
    pub(crate) accepted: Option<String>,
    /// The refusal that still stands.
    pub(crate) rejected: Option<Rejection>,
}

/// A NACK.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
pub(crate) struct Rejection {
    pub(crate) snapshot: String,
    /// The resources that were refused and not replaced since.
    pub(crate) names: BTreeSet<String>,
    pub(crate) error: String,
}

/// All Envoys that were seen since the start, by node id.
#[derive(Debug, Default)]
pub(crate) struct Nodes(Mutex<BTreeMap<String, Node>>);

impl Nodes {
    fn with<R>(&self, f: impl FnOnce(&mut BTreeMap<String, Node>) -> R) -> R {
        // A panic elsewhere cannot leave a map of plain values half written.
        f(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) fn connected(&self, id: &str, envoy: &str) {
        self.with(|nodes| {
            let node = nodes.entry(id.to_owned()).or_default();
            node.streams += 1;
            envoy.clone_into(&mut node.envoy);
        });
    }

    pub(crate) fn disconnected(&self, id: &str) {
        self.with(|nodes| {
            if let Some(node) = nodes.get_mut(id) {
                node.streams = node.streams.saturating_sub(1);
                node.gone_at = Some(Instant::now());
                // What it refused is of no more concern: it will ask for everything again.
                node.kinds.values_mut().for_each(|kind| kind.rejected = None);
            }
        });
    }

    pub(crate) fn record(&self, id: &str, event: Event) {
        self.with(|nodes| {
            let node = nodes.entry(id.to_owned()).or_default();
            match event {
                Event::Accepted { kind, snapshot, names } => {
                    let entry = node.kind(kind);
                    entry.accepted = Some(snapshot);
                    if let Some(rejection) = &mut entry.rejected {
                        rejection.names.retain(|name| !names.contains(name));
                    }
                    entry.rejected.take_if(|r| r.names.is_empty());
                }
                Event::Rejected { kind, snapshot, names, error } => {
                    node.kind(kind).rejected = Some(Rejection { snapshot, names: names.into_iter().collect(), error });
                }
                Event::Subscribed(_) | Event::NotYet | Event::Ignored => {}
            }
        });
    }

    /// Whether every connected Envoy runs resources of this kind as of one of these snapshots.
    pub(crate) fn all_run(&self, kind: Kind, snapshots: &BTreeSet<String>) -> bool {
        self.with(|nodes| {
            nodes.values().filter(|node| node.connected()).all(|node| {
                let accepted = node.kinds.get(kind.label()).and_then(|k| k.accepted.as_ref());
                accepted.is_some_and(|accepted| snapshots.contains(accepted))
            })
        })
    }

    /// A copy for showing.
    pub(crate) fn list(&self) -> BTreeMap<String, Node> {
        self.with(|nodes| {
            let stays = |node: &Node| node.connected() || node.gone_at.is_none_or(|at| at.elapsed() < REMEMBERED);
            nodes.retain(|_, node| stays(node));
            nodes.clone()
        })
    }
}

impl Node {
    /// Is it connected now?
    pub(crate) fn connected(&self) -> bool {
        self.streams > 0
    }

    fn kind(&mut self, kind: Kind) -> &mut NodeKind {
        self.kinds.entry(kind.label().to_owned()).or_default()
    }
}
