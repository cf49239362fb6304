//! Who of a group takes new queries, and how many of them.

use super::Observed;
use crate::resources::endpoint::Coordinator;
use crate::resources::upstream_tls::CoordinatorTls;
use crate::state::{Address, Cluster, Endpoint, State};
use std::collections::BTreeMap;
use warren_rules::GroupState;

/// Those of a group that are active and whose address is known. Ones that take no queries are named as such.
pub(super) fn coordinators<'a>(group: &str, state: &'a State, observed: &Observed) -> Vec<Coordinator<'a>> {
    active(group, state)
        .filter_map(|(cluster, endpoint)| {
            let address = Address::parse(&endpoint.url).ok()?;
            let ip = *observed.addresses.get(&address.host)?.first()?;
            Some(Coordinator {
                slug: &endpoint.slug,
                ip,
                port: address.port,
                tls: address.tls,
                healthy: takes_queries(cluster, endpoint, observed),
                weight: weight(cluster, endpoint, observed),
            })
        })
        .collect()
}

/// Those of a group's clusters that speak TLS, by slug, whether they take queries now or not: Envoy makes an Envoy cluster anew
/// when that changes.
pub(super) fn tls_of<'a>(group: &str, state: &'a State) -> BTreeMap<&'a str, CoordinatorTls> {
    // Most speak none, and are not looked up.
    let speaking = state.clusters.iter().filter(|c| c.group == group).filter_map(|c| {
        let address = Address::parse(&c.url).ok().filter(|address| address.tls)?;
        Some((address, state.endpoint_of(c)?))
    });
    speaking.filter_map(|(address, e)| Some((e.slug.as_str(), CoordinatorTls::of(&address, &e.tls)?))).collect()
}

/// Its part of the group's new queries: the weight that it was given, less what it is busy.
pub(crate) fn weight(cluster: &Cluster, endpoint: &Endpoint, observed: &Observed) -> u32 {
    let share = observed.shares.get(&endpoint.slug).copied().unwrap_or(100);
    cluster.settings.weight.saturating_mul(share).div_ceil(100).max(1)
}

fn active<'a>(group: &str, state: &'a State) -> impl Iterator<Item = (&'a Cluster, &'a Endpoint)> {
    let group = group.to_owned();
    state.clusters.iter().filter(move |c| c.active && c.group == group).filter_map(|c| Some((c, state.endpoint_of(c)?)))
}

fn takes_queries(cluster: &Cluster, endpoint: &Endpoint, observed: &Observed) -> bool {
    is_healthy(endpoint, observed) && !is_full(cluster, endpoint, observed)
}

fn is_healthy(endpoint: &Endpoint, observed: &Observed) -> bool {
    observed.health.get(&endpoint.slug).is_some_and(|h| h.healthy)
}

/// As many queries run there as may, as far as that is known.
pub(crate) fn is_full(cluster: &Cluster, endpoint: &Endpoint, observed: &Observed) -> bool {
    let running = observed.loads.get(&endpoint.slug).map(|load| load.running);
    running.zip(cluster.settings.max_running).is_some_and(|(running, most)| running >= most)
}

/// What the filter sees of a group. Numbers change often and every change is a push, so they are there only if a rule reads them.
pub(super) fn live(group: &str, state: &State, observed: &Observed, numbers: bool) -> GroupState {
    let serving = coordinators(group, state, observed).iter().any(|c| c.healthy);
    if !numbers {
        return GroupState { serving, ..GroupState::default() };
    }
    let mut live = GroupState { serving, ..GroupState::default() };
    for (_, endpoint) in active(group, state) {
        live.clusters += 1;
        live.healthy += i64::from(is_healthy(endpoint, observed));
        if let Some(load) = observed.loads.get(&endpoint.slug) {
            live.running += i64::from(load.running);
            live.queued += i64::from(load.queued);
        }
    }
    live
}
