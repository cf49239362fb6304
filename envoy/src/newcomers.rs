//! Make before break, over all Envoys: an address that is new takes no query before every Envoy knows the way back to it.
//!
//! An Envoy that got the endpoint first would send it a query, and the follow-up would come to one that does not know its
//! prefix yet (routes are held back for up to a second): 404, and the query is lost to its client. Values only.

use crate::snapshot::{Health, Observed};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// An Envoy that has not answered by then (it refused the routes, or hangs) holds up no cluster.
const PATIENCE: Duration = Duration::from_secs(5);

/// Slugs whose routes are not known to be on every Envoy yet.
#[derive(Debug, Default)]
pub(crate) struct Newcomers(BTreeMap<String, Newcomer>);

#[derive(Debug)]
struct Newcomer {
    since: Instant,
    /// Versions of the snapshots with its routes in them.
    snapshots: BTreeSet<String>,
}

impl Newcomers {
    /// Takes in what is new in a state. Before the first state nothing is served, so nothing can come too early.
    pub(crate) fn compare(&mut self, old: Option<&State>, new: &State, now: Instant) {
        let slugs = |state: &State| -> BTreeSet<String> { state.endpoints.iter().map(|e| e.slug.clone()).collect() };
        let here = slugs(new);
        self.0.retain(|slug, _| here.contains(slug));
        let Some(old) = old.map(slugs) else { return };
        for slug in here.difference(&old) {
            self.0.insert(slug.clone(), Newcomer { since: now, snapshots: BTreeSet::new() });
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, with those that are new not healthy yet.
    pub(crate) fn hold_back(&self, observed: &Observed) -> Observed {
        let mut observed = observed.clone();
        for (slug, health) in &mut observed.health {
            if health.healthy && self.0.contains_key(slug) {
                let reason = "new; waits until every Envoy knows its routes".to_owned();
                *health = Health { healthy: false, reason };
            }
        }
        observed
    }

    /// Notes a snapshot that Envoys are given: the routes of all who are here are in it.
    pub(crate) fn published(&mut self, snapshot: &str) {
        for newcomer in self.0.values_mut() {
            newcomer.snapshots.insert(snapshot.to_owned());
        }
    }

    /// Lets those go who need not wait any more; `known` says whether the routes of one of these snapshots are on every
    /// Envoy. True if someone went.
    pub(crate) fn settle(&mut self, now: Instant, known: impl Fn(&BTreeSet<String>) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|_, newcomer| now < newcomer.since + PATIENCE && !known(&newcomer.snapshots));
        self.0.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Endpoint;

    fn state(slugs: &[&str]) -> State {
        let endpoint = |slug: &&str| Endpoint {
            slug: (*slug).to_owned(),
            cluster: (*slug).to_owned(),
            url: "http://t:1".to_owned(),
            coordinator_id: None,
            retired: false,
            tls: crate::trino::TrinoTls::default(),
        };
        State { endpoints: slugs.iter().map(endpoint).collect(), ..State::default() }
    }

    fn healthy(slugs: &[&str]) -> Observed {
        let health = |slug: &&str| ((*slug).to_owned(), Health { healthy: true, reason: String::new() });
        Observed { health: slugs.iter().map(health).collect(), ..Observed::default() }
    }

    fn takes_queries(newcomers: &Newcomers) -> Vec<String> {
        let observed = newcomers.hold_back(&healthy(&["a", "b"]));
        observed.health.into_iter().filter(|(_, health)| health.healthy).map(|(slug, _)| slug).collect()
    }

    #[test]
    fn a_new_address_waits_until_its_routes_are_on_every_envoy() {
        let (mut newcomers, now) = (Newcomers::default(), Instant::now());
        newcomers.compare(Some(&state(&["a"])), &state(&["a", "b"]), now);
        assert_eq!(takes_queries(&newcomers), ["a"]);
        newcomers.published("s2");
        newcomers.published("s3");
        assert!(!newcomers.settle(now, |snapshots| snapshots.contains("s1")));
        assert_eq!(takes_queries(&newcomers), ["a"]);
        assert!(newcomers.settle(now, |snapshots| snapshots.contains("s2")));
        assert_eq!(takes_queries(&newcomers), ["a", "b"]);
        assert!(newcomers.is_empty());
    }

    #[test]
    fn an_envoy_that_does_not_answer_holds_it_up_for_five_seconds_at_most() {
        let (mut newcomers, now) = (Newcomers::default(), Instant::now());
        newcomers.compare(Some(&state(&[])), &state(&["a"]), now);
        assert!(!newcomers.settle(now + Duration::from_millis(4_999), |_| false));
        assert!(newcomers.settle(now + Duration::from_secs(5), |_| false));
    }

    #[test]
    fn nobody_waits_in_the_first_state_and_nobody_who_is_gone() {
        let (mut newcomers, now) = (Newcomers::default(), Instant::now());
        newcomers.compare(None, &state(&["a", "b"]), now);
        assert!(newcomers.is_empty());
        newcomers.compare(Some(&state(&["a"])), &state(&["a", "b"]), now);
        newcomers.compare(Some(&state(&["a", "b"])), &state(&["a"]), now);
        assert!(newcomers.is_empty());
    }
}
