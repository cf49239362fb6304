//! What is known of groups while a query is decided.

use serde::{Deserialize, Serialize};

/// State of one group at the moment of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupState {
    /// At least one cluster of the group takes new queries.
    pub serving: bool,
    /// Clusters in the group, whatever their state.
    pub clusters: i64,
    /// Clusters that are healthy.
    pub healthy: i64,
    /// Queries running in the group's clusters.
    pub running: i64,
    /// Queries waiting in the group's clusters.
    pub queued: i64,
}

/// State of groups, asked on demand: the filter reads single values from the route's metadata.
pub trait LiveState {
    /// All that is known of a group; nothing if there is no such group.
    fn group(&self, name: &str) -> Option<GroupState>;
    /// Does the group take new queries? False for an unknown group.
    fn serving(&self, name: &str) -> bool;
}

/// No group is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLiveState;

impl LiveState for NoLiveState {
    fn group(&self, _name: &str) -> Option<GroupState> {
        None
    }

    fn serving(&self, _name: &str) -> bool {
        false
    }
}
