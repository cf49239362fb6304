//! One stream's protocol state: what the Envoy asked for, what it has, what it was sent and has not answered yet. No I/O, no clock.
//!
//! * Additions go in [`Kind::ALL`]'s order, so that what is named comes before what names it; removals last, when nothing
//!   is waiting for an answer: make before break.
//! * Never two unanswered responses of one kind. Rules and routes wait until clusters and endpoints are answered.
//! * A rejected version is not sent again until the resource changes; the filter is, a few times (see [`super::again`]).
//! * Rules and routes are pushed once a second at most: each push of them costs Envoy memory.

use crate::snapshot::{Kind, Snapshot};
use crate::xds::subscription::{InFlight, Subscription};
use envoy_types::pb::envoy::service::discovery::v3::{DeltaDiscoveryRequest, DeltaDiscoveryResponse, Resource};
use std::collections::BTreeMap;
use std::time::Instant;

/// What a request meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Asked for resources.
    Subscribed(Kind),
    /// Took these resources, of this version of the snapshot.
    Accepted { kind: Kind, snapshot: String, names: Vec<String> },
    /// Refused these, and why.
    Rejected { kind: Kind, snapshot: String, names: Vec<String>, error: String },
    /// Refused the filter, maybe only until it has the module: it will be offered again.
    NotYet,
    /// An answer to something older, or a type that Warren does not serve.
    Ignored,
}

/// The state of one stream.
#[derive(Debug, Default)]
pub(crate) struct Session {
    kinds: BTreeMap<Kind, Subscription>,
    sent: u64,
    /// A new module is there, and it is another Envoy's turn.
    waits_for_turn: bool,
}

impl Session {
    /// Takes a request in.
    pub(crate) fn on_request(&mut self, request: &DeltaDiscoveryRequest, now: Instant) -> Event {
        let Some(kind) = Kind::of(&request.type_url) else { return Event::Ignored };
        let first = !self.kinds.contains_key(&kind);
        let subscription = self.kinds.entry(kind).or_default();
        if first {
            subscription.owes_answer = true;
            subscription.wildcard = request.resource_names_subscribe.is_empty();
            subscription.has = request.initial_resource_versions.clone().into_iter().collect();
        }
        subscription.subscribe(request);
        if request.response_nonce.is_empty() {
            return Event::Subscribed(kind);
        }
        match subscription.in_flight.take_if(|f| f.nonce == request.response_nonce) {
            None => Event::Ignored,
            Some(InFlight { snapshot, names, replaces, .. }) => match &request.error_detail {
                None => {
                    subscription.again = None;
                    subscription.refused.retain(|name| !names.contains(name));
                    Event::Accepted { kind, snapshot, names }
                }
                Some(status) => {
                    subscription.refused.extend(names.iter().cloned());
                    if kind == Kind::Filter && subscription.offer_again(replaces, now) {
                        return Event::NotYet;
                    }
                    Event::Rejected { kind, snapshot, names, error: status.message.clone() }
                }
            },
        }
    }

    /// The next response that may go out now; call again until there is none. `turn` says whether the Envoy may take a module
    /// in place of the one that it runs.
    pub(crate) fn next(
        &mut self,
        snapshot: &Snapshot,
        now: Instant,
        turn: impl Fn(&str) -> bool,
    ) -> Option<DeltaDiscoveryResponse> {
        self.waits_for_turn = false;
        for kind in Kind::ALL {
            if !self.may_push(snapshot, kind, now) {
                continue;
            }
            if let Some(module) = self.new_module(snapshot, kind)
                && !turn(&module)
            {
                self.waits_for_turn = true;
                continue;
            }
            let Some(subscription) = self.kinds.get(&kind) else { continue };
            let mut resources = Vec::new();
            for (name, resource) in subscription.wanted(snapshot, kind) {
                resources.push(Resource {
                    name: name.to_owned(),
                    version: resource.version.clone(),
                    resource: Some(subscription.body(name, resource).clone()),
                    ..Resource::default()
                });
            }
            let missing = subscription.missing(snapshot, kind);
            if !resources.is_empty() || !missing.is_empty() || subscription.owes_answer {
                return Some(self.respond(kind, snapshot, resources, missing, now));
            }
        }
        if self.is_settled(snapshot) {
            for kind in Kind::ALL {
                let gone = self.kinds.get(&kind).map(|s| s.gone(snapshot, kind)).unwrap_or_default();
                if !gone.is_empty() {
                    return Some(self.respond(kind, snapshot, Vec::new(), gone, now));
                }
            }
        }
        None
    }

    /// When [`Session::next`] is worth asking again though nothing happened: a push of rules or routes is held back.
    pub(crate) fn wake_at(&self, snapshot: &Snapshot) -> Option<Instant> {
        // Held back by an answer that is due, not by time: the answer wakes the stream.
        if self.is_in_flight(Kind::Cluster) || self.is_in_flight(Kind::Endpoint) {
            return None;
        }
        let held = |kind: &Kind| {
            let subscription = self.kinds.get(kind)?;
            let waiting = subscription.in_flight.is_none() && subscription.wanted(snapshot, *kind).next().is_some();
            waiting.then(|| subscription.held_until(snapshot, *kind)).flatten()
        };
        let kinds = if self.waits_for_turn { &[Kind::Route][..] } else { &[Kind::Filter, Kind::Route] };
        kinds.iter().filter_map(held).min()
    }

    /// Whether something waits until another Envoy has taken a new module.
    pub(crate) fn waits_for_turn(&self) -> bool {
        self.waits_for_turn
    }

    /// The module that would take the place of another one on the Envoy. At its start it has none and serves nobody.
    fn new_module(&self, snapshot: &Snapshot, kind: Kind) -> Option<String> {
        let subscription = self.kinds.get(&Kind::Filter).filter(|_| kind == Kind::Filter)?;
        subscription.wanted(snapshot, kind).find_map(|(name, resource)| {
            let old = subscription.has.get(name).and_then(|version| module_of(version))?;
            module_of(&resource.version).filter(|new| *new != old).map(str::to_owned)
        })
    }

    fn may_push(&self, snapshot: &Snapshot, kind: Kind, now: Instant) -> bool {
        if self.is_in_flight(kind) {
            return false;
        }
        if !matches!(kind, Kind::Filter | Kind::Route) {
            return true;
        }
        let settled = self.kinds.get(&kind).and_then(|s| s.held_until(snapshot, kind)).is_none_or(|at| now >= at);
        // At start Envoy asks for the filter before it has answered all else; nothing can be named too early then.
        settled && !self.is_in_flight(Kind::Cluster) && !self.is_in_flight(Kind::Endpoint)
    }

    fn is_in_flight(&self, kind: Kind) -> bool {
        self.kinds.get(&kind).is_some_and(|s| s.in_flight.is_some())
    }

    /// Everything new was sent and accepted. What an Envoy refused it goes on running as it was, and that may name what is
    /// to be removed.
    fn is_settled(&self, snapshot: &Snapshot) -> bool {
        self.kinds.iter().all(|(kind, s)| {
            let names_others = matches!(kind, Kind::Listener | Kind::Filter | Kind::Route);
            let refused = names_others && !s.refused.is_empty();
            s.in_flight.is_none() && !refused && s.wanted(snapshot, *kind).next().is_none()
        })
    }

    fn respond(
        &mut self,
        kind: Kind,
        snapshot: &Snapshot,
        resources: Vec<Resource>,
        removed: Vec<String>,
        now: Instant,
    ) -> DeltaDiscoveryResponse {
        self.sent += 1;
        let nonce = self.sent.to_string();
        if let Some(subscription) = self.kinds.get_mut(&kind) {
            subscription.owes_answer = false;
            let mut replaces = BTreeMap::new();
            for resource in &resources {
                if let Some(old) = subscription.has.insert(resource.name.clone(), resource.version.clone()) {
                    replaces.insert(resource.name.clone(), old);
                }
            }
            for name in &removed {
                if subscription.names.contains(name) {
                    subscription.has.insert(name.clone(), String::new());
                } else {
                    subscription.has.remove(name);
                }
            }
            let names = resources.iter().map(|r| r.name.clone()).chain(removed.iter().cloned()).collect();
            let snapshot = snapshot.version.clone();
            subscription.in_flight = Some(InFlight { nonce: nonce.clone(), snapshot, names, replaces });
            subscription.pushed_at = Some(now);
        }
        DeltaDiscoveryResponse {
            system_version_info: snapshot.version.clone(),
            type_url: kind.type_url(),
            resources,
            removed_resources: removed,
            nonce,
            ..DeltaDiscoveryResponse::default()
        }
    }
}

/// Which module a version of the filter is of (see `Snapshot::build`).
pub(crate) fn module_of(version: &str) -> Option<&str> {
    version.split_once('.').map(|(_, module)| module)
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
