//! What one Envoy asked for of one kind of resource, what it has, and what it was sent and has not answered yet.

use crate::snapshot::{Kind, Resource, Snapshot};
use crate::xds::again::Again;
use envoy_types::pb::envoy::service::discovery::v3::DeltaDiscoveryRequest;
use envoy_types::pb::google::protobuf::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Least time between two pushes of rules, or of routes, to one Envoy.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// See [`super::session`] for what it is part of.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    pub(super) wildcard: bool,
    pub(super) names: BTreeSet<String>,
    /// Version that the Envoy has, or was offered last; empty = it was told that there is none.
    pub(super) has: BTreeMap<String, String>,
    pub(super) in_flight: Option<InFlight>,
    /// A first request is always answered, if need be with nothing: Envoy waits for it at start.
    pub(super) owes_answer: bool,
    /// Refused and not replaced since: the Envoy runs an older version of these.
    pub(super) refused: BTreeSet<String>,
    pub(super) pushed_at: Option<Instant>,
    /// Refused a moment ago, and to be offered again.
    pub(super) again: Option<Again>,
}

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) nonce: String,
    pub(super) snapshot: String,
    pub(super) names: Vec<String>,
    /// Versions that the Envoy runs until it accepts.
    pub(super) replaces: BTreeMap<String, String>,
}

impl Subscription {
    pub(super) fn subscribe(&mut self, request: &DeltaDiscoveryRequest) {
        for name in &request.resource_names_subscribe {
            if name == "*" {
                self.wildcard = true;
                continue;
            }
            // Asked for again: the Envoy may have thrown it away, so it is sent again.
            if self.names.insert(name.clone()) {
                let known = request.initial_resource_versions.contains_key(name);
                if !known {
                    self.has.remove(name);
                }
            } else {
                self.has.remove(name);
            }
        }
        for name in &request.resource_names_unsubscribe {
            if name == "*" {
                self.wildcard = false;
            }
            self.names.remove(name);
            self.has.remove(name);
        }
    }

    /// What to send: an Envoy that has none yet may need another form (see [`Resource::at_start`]).
    pub(super) fn body<'a>(&self, name: &str, resource: &'a Resource) -> &'a Any {
        let runs_one = self.has.get(name).is_some_and(|version| !version.is_empty());
        resource.at_start.as_ref().filter(|_| !runs_one).unwrap_or(&resource.body)
    }

    /// After a refusal of what was to replace these. False if it runs none, or refused often enough.
    pub(super) fn offer_again(&mut self, replaces: BTreeMap<String, String>, now: Instant) -> bool {
        let offered = replaces.keys().find_map(|name| self.has.get(name)).cloned();
        self.again = offered.and_then(|version| Again::after(self.again.take(), &version, now));
        if self.again.is_some() {
            self.has.extend(replaces);
        }
        self.again.is_some()
    }

    /// When there may be a push, of a kind that is held back for some time after each.
    pub(super) fn held_until(&self, snapshot: &Snapshot, kind: Kind) -> Option<Instant> {
        let again = self.again.as_ref();
        let again = again.filter(|again| self.wanted(snapshot, kind).any(|(_, r)| r.version == again.version));
        again.map(|again| again.at).or_else(|| self.pushed_at.map(|at| at + SETTLE))
    }

    /// Resources that the Envoy asked for and does not have in this version.
    pub(super) fn wanted<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        kind: Kind,
    ) -> impl Iterator<Item = (&'a str, &'a Resource)> {
        snapshot
            .resources(kind)
            .filter(|(name, _)| self.wildcard || self.names.contains(*name))
            .filter(|(name, resource)| self.has.get(*name) != Some(&resource.version))
    }

    /// Names asked for that do not exist and of which the Envoy knows nothing: said at once, since it waits for them.
    pub(super) fn missing(&self, snapshot: &Snapshot, kind: Kind) -> Vec<String> {
        self.names
            .iter()
            .filter(|name| !self.has.contains_key(*name) && snapshot.get(kind, name).is_none())
            .cloned()
            .collect()
    }

    /// What the Envoy has and what is no more.
    pub(super) fn gone(&self, snapshot: &Snapshot, kind: Kind) -> Vec<String> {
        self.has
            .iter()
            .filter(|(name, version)| !version.is_empty() && snapshot.get(kind, name).is_none())
            .map(|(n, _)| n.clone())
            .collect()
    }
}
