//! Which Envoys are connected, and what each accepted or refused.

use crate::snapshot::Kind;
use crate::xds::session::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// One Envoy.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Node {
    /// Streams that are open; for a moment two, when it connects again before the old one is seen to be gone.
    pub(crate) streams: u32,
    /// Envoy's own version, as it says.
    pub(crate) envoy: String,
    /// By kind of resource (`clusters`, `rules`, …).
    pub(crate) kinds: BTreeMap<String, NodeKind>,
}

/// What one Envoy did with one kind of resource.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct NodeKind {
    /// Version of the snapshot that it runs.
    pub(crate) accepted: Option<String>,
    /// The refusal that still stands.
    pub(crate) rejected: Option<Rejection>,
}

/// A NACK.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) snapshot: String,
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
            }
        });
    }

    pub(crate) fn record(&self, id: &str, event: Event) {
        self.with(|nodes| {
            let node = nodes.entry(id.to_owned()).or_default();
            match event {
                Event::Accepted { kind, snapshot } => {
                    let entry = node.kind(kind);
                    entry.accepted = Some(snapshot);
                    entry.rejected = None;
                }
                Event::Rejected { kind, snapshot, error } => {
                    node.kind(kind).rejected = Some(Rejection { snapshot, error })
                }
                Event::Subscribed(_) | Event::Ignored => {}
            }
        });
    }

    /// A copy for showing.
    pub(crate) fn list(&self) -> BTreeMap<String, Node> {
        self.with(|nodes| nodes.clone())
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
