//! Who gets how many of a group's new queries. Values only.
//!
//! Weights follow what each cluster could still do: its nodes, divided by how often they are asked for already. Trino Gateway
//! and others give each query to the least busy cluster as of the last check, and so all queries between two checks to the same
//! one; weights spread them.

use crate::state::{Policy, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a cluster is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    /// Queries that run.
    pub(crate) running: u32,
    /// Queries that wait.
    pub(crate) queued: u32,
    /// Nodes that work, the coordinator too if it does.
    pub(crate) workers: Option<u32>,
    /// Part of the memory for queries that is reserved, in percent.
    pub(crate) memory: Option<u32>,
}

/// The least share, in percent of the group's least busy cluster: none starves, and so shows when it is better.
const LEAST: f64 = 5.0;
/// A share stays as it is until it would change by more than this part of it.
const TOLERANCE: f64 = 0.25;

/// Each cluster's share by slug, in percent of the least busy one of its group; those that are not there have all of it.
///
/// `before` is what it gave last time: small changes are passed over, since each is a push to every Envoy.
pub(crate) fn shares(
    state: &State,
    loads: &BTreeMap<String, Load>,
    before: &BTreeMap<String, u32>,
) -> BTreeMap<String, u32> {
    let mut groups: BTreeMap<&str, Vec<(&str, Option<f64>)>> = BTreeMap::new();
    for cluster in state.clusters.iter().filter(|c| c.active) {
        if let Some(endpoint) = state.endpoint_of(cluster) {
            let spare = loads.get(&endpoint.slug).map(spare);
            groups.entry(&cluster.group).or_default().push((&endpoint.slug, spare));
        }
    }
    groups.retain(|name, members| {
        let policy = state.groups.iter().find(|g| g.name == *name).map(|g| g.policy).unwrap_or_default();
        policy == Policy::Load && members.len() > 1
    });
    groups.into_values().flat_map(|members| group_shares(&members, before)).collect()
}

fn group_shares(members: &[(&str, Option<f64>)], before: &BTreeMap<String, u32>) -> Vec<(String, u32)> {
    let known: Vec<f64> = members.iter().filter_map(|(_, spare)| *spare).collect();
    let most = known.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return Vec::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few clusters")]
    let average = known.iter().sum::<f64>() / known.len() as f64;
    members
        .iter()
        .map(|(slug, spare)| {
            let share = (spare.unwrap_or(average) / most * 100.0).max(LEAST);
            let share = match before.get(*slug) {
                // The least busy one has all of it, whatever it had.
                Some(old) if share < 100.0 && (share - f64::from(*old)).abs() <= f64::from(*old) * TOLERANCE => *old,
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "5 to 100")]
                _ => share.round() as u32,
            };
            ((*slug).to_owned(), share)
        })
        .collect()
}

/// What it could still do: nodes, by how often each is asked for, less what memory is gone.
fn spare(load: &Load) -> f64 {
    let workers = f64::from(load.workers.unwrap_or(1).max(1));
    let asked = f64::from(load.running) + 2.0 * f64::from(load.queued);
    let memory = 1.0 - f64::from(load.memory.unwrap_or(0).min(100)) / 100.0;
    workers / (1.0 + asked / workers) * memory.max(0.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Cluster, Endpoint, Group};

    fn world(policy: Policy) -> State {
        let names = ["a", "b", "c"];
        let endpoint = |name: &&str| Endpoint {
            slug: (*name).to_owned(),
            cluster: (*name).to_owned(),
            url: "u".to_owned(),
            coordinator_id: None,
            retired: false,
            tls: crate::trino::TrinoTls::default(),
        };
        let cluster = |name: &&str| Cluster {
            name: (*name).to_owned(),
            group: "g".to_owned(),
            active: true,
            url: "u".to_owned(),
            ..Cluster::default()
        };
        State {
            clusters: names.iter().map(cluster).collect(),
            endpoints: names.iter().map(endpoint).collect(),
            groups: vec![Group { name: "g".to_owned(), policy, ..Group::default() }],
            rule_set: None,
            candidate: None,
        }
    }

    fn load(running: u32, queued: u32, workers: u32, memory: u32) -> Load {
        Load { running, queued, workers: Some(workers), memory: Some(memory) }
    }

    fn shares_of(loads: &[(&str, Load)], before: &[(&str, u32)]) -> Vec<(String, u32)> {
        let loads = loads.iter().map(|(slug, load)| ((*slug).to_owned(), *load)).collect();
        let before = before.iter().map(|(slug, share)| ((*slug).to_owned(), *share)).collect();
        shares(&world(Policy::Load), &loads, &before).into_iter().collect()
    }

    fn named(shares: [u32; 3]) -> Vec<(String, u32)> {
        ["a", "b", "c"].map(str::to_owned).into_iter().zip(shares).collect()
    }

    #[test]
    fn the_less_busy_and_the_larger_get_more() {
        for (a, b, c, want) in [
            (load(0, 0, 1, 0), load(0, 0, 1, 0), load(0, 0, 1, 0), [100, 100, 100]),
            (load(0, 0, 1, 0), load(1, 0, 1, 0), load(3, 0, 1, 0), [100, 50, 25]),
            (load(0, 0, 1, 0), load(0, 1, 1, 0), load(100, 0, 1, 0), [100, 33, 5]),
            (load(0, 0, 4, 0), load(0, 0, 2, 0), load(4, 0, 4, 0), [100, 50, 50]),
            (load(0, 0, 1, 0), load(0, 0, 1, 50), load(0, 0, 1, 100), [100, 50, 10]),
        ] {
            assert_eq!(shares_of(&[("a", a), ("b", b), ("c", c)], &[]), named(want), "{a:?} {b:?} {c:?}");
        }
    }

    #[test]
    fn one_that_says_nothing_gets_what_the_others_get_on_average() {
        assert_eq!(shares_of(&[("a", load(0, 0, 1, 0)), ("b", load(1, 0, 1, 0))], &[]), named([100, 50, 75]));
        assert_eq!(shares_of(&[], &[]), []);
    }

    #[test]
    fn small_changes_are_passed_over() {
        let loads = [("a", load(0, 0, 10, 0)), ("b", load(8, 0, 10, 0)), ("c", load(1, 0, 10, 0))];
        assert_eq!(shares_of(&loads, &[]), named([100, 56, 91]));
        assert_eq!(shares_of(&loads, &[("a", 80), ("b", 65), ("c", 100)]), named([100, 65, 100]));
        assert_eq!(shares_of(&loads, &[("a", 80), ("b", 30), ("c", 70)]), named([100, 56, 91]));
    }

    #[test]
    fn other_policies_know_no_load() {
        let loads = BTreeMap::from([("a".to_owned(), load(9, 9, 1, 0))]);
        for policy in [Policy::RoundRobin, Policy::Random, Policy::Hash] {
            assert_eq!(shares(&world(policy), &loads, &BTreeMap::new()), BTreeMap::new());
        }
    }
}
