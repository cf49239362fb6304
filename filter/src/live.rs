//! The state of groups, as the control service wrote it into the route's metadata: read value by value, when a rule asks.
//!
//! Each value costs a call into Envoy that takes longer than most rules. The route's name changes when any value does, so
//! values are kept as long as the name stays.

use crate::host;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use warren_rules::{GroupState, LiveState};

/// Groups whose state is kept. Rules may compute names, so there is no end of them.
const MOST: usize = 1_000;

/// Reads `xds.route_metadata.filter_metadata.<namespace>.groups.<group>.<value>`.
pub(crate) struct RouteMetadata {
    namespace: String,
    /// Is `known` of the route that the query at work is on?
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

    /// Another query begins: it may be on a newer version of the route.
    pub(crate) fn next_query(&self) {
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
        let state = self.read(name);
        known.groups.entry(name.to_owned()).or_insert(state).as_ref().map(answer)
    }

    fn read(&self, group: &str) -> Option<GroupState> {
        let value = |name: &str| {
            host::property(vec!["xds", "route_metadata", "filter_metadata", &self.namespace, "groups", group, name])
        };
        let number = |name: &str| value(name).and_then(|bytes| number(&bytes)).unwrap_or_default();
        Some(GroupState {
            serving: flag(&value("serving")?),
            clusters: number("clusters"),
            healthy: number("healthy"),
            running: number("running"),
            queued: number("queued"),
        })
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

/// Envoy hands a boolean over as one byte.
fn flag(bytes: &[u8]) -> bool {
    matches!(bytes, [1])
}

/// Envoy hands a number over as a double, little endian.
fn number(bytes: &[u8]) -> Option<i64> {
    let value = f64::from_le_bytes(bytes.try_into().ok()?);
    // Counts of queries: far below what a double holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
    Some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_as_envoy_hands_them_over() {
        assert!(flag(&[1]));
        for bytes in [&[][..], &[0], b"true"] {
            assert!(!flag(bytes), "{bytes:?}");
        }
        assert_eq!(number(&2.0_f64.to_le_bytes()), Some(2));
        assert_eq!(number(&f64::NAN.to_le_bytes()), Some(0));
        assert_eq!(number(b"2"), None);
    }
}
