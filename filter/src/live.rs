//! The state of groups, as the control service wrote it into the route's metadata: read value by value, when a rule asks.
//!
//! Each value costs a call into Envoy that takes longer than most rules. The route's name changes when any value does, so
//! values are kept as long as the name stays; and the name is asked again only every [`KEPT_FOR`], as it costs the same.

use crate::host;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;
use warren_rules::{GroupState, LiveState, route_metadata};

/// How long what the route said is believed. Health takes seconds to see what it says.
pub(crate) const KEPT_FOR: Duration = Duration::from_millis(100);
/// Groups whose state is kept. Rules may compute names, so there is no end of them.
const MOST: usize = 1_000;

/// Reads `xds.route_metadata.filter_metadata.<namespace>.groups.<group>.<value>`.
pub(crate) struct RouteMetadata {
    namespace: String,
    /// Was the route's name asked since the last tick?
    fresh: Cell<bool>,
    known: RefCell<Known>,
}

/// What was read on one version of the route.
#[derive(Default)]
struct Known {
    route: Vec<u8>,
    groups: HashMap<String, Option<GroupState>>,
}

impl RouteMetadata {
    pub(crate) fn new(namespace: &str) -> RouteMetadata {
        RouteMetadata { namespace: namespace.to_owned(), fresh: Cell::new(false), known: RefCell::default() }
    }

    /// [`KEPT_FOR`] has passed: queries may be on a newer version of the route.
    pub(crate) fn tick(&self) {
        self.fresh.set(false);
    }

    /// Asks `answer` for the state of a group, if the group is known.
    fn with<T>(&self, name: &str, answer: impl FnOnce(&GroupState) -> T) -> Option<T> {
        let mut known = self.known.borrow_mut();
        if !self.fresh.replace(true) {
            let route = host::property(vec!["xds", "route_name"]).unwrap_or_default();
            if known.route != route {
                *known = Known { route, ..Known::default() };
            }
        }
        if let Some(state) = known.groups.get(name) {
            return state.as_ref().map(answer);
        }
        if known.groups.len() >= MOST {
            known.groups.clear();
        }
        let state = route_metadata::group(|value| {
            host::property(vec!["xds", "route_metadata", "filter_metadata", &self.namespace, "groups", name, value])
        });
        known.groups.entry(name.to_owned()).or_insert(state).as_ref().map(answer)
    }
}

impl LiveState for RouteMetadata {
    fn group(&self, name: &str) -> Option<GroupState> {
        self.with(name, GroupState::clone)
    }

    fn serving(&self, name: &str) -> bool {
        self.with(name, |state| state.serving).unwrap_or_default()
    }
}
