//! Upkeep of what follows from rows that anyone may change: each coordinator's address has a slug of its own, stored; a cluster
//! that is active has been.

use crate::state::{Address, Cluster, Endpoint, Stage};
use crate::trino::TrinoTls;
use std::collections::BTreeSet;
use warren_rules::slug;

/// What has to be written so that every cluster's address has a slug, every address that is gone is retired, and every cluster
/// that took queries is known to have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Upkeep {
    pub(crate) add: Vec<Endpoint>,
    pub(crate) revive: Vec<String>,
    pub(crate) retire: Vec<String>,
    /// Slugs whose clusters have other TLS now.
    pub(crate) tls: Vec<(String, TrinoTls)>,
    /// Clusters by name that are active and not yet known to have been.
    pub(crate) live: Vec<String>,
}

impl Upkeep {
    /// Compares the clusters with the known addresses.
    pub(crate) fn plan(clusters: &[Cluster], endpoints: &[Endpoint]) -> Upkeep {
        let mut upkeep = Upkeep::default();
        let mut taken: BTreeSet<String> = endpoints.iter().map(|e| e.slug.clone()).collect();
        for cluster in clusters {
            if cluster.active && cluster.stage != Stage::Live {
                upkeep.live.push(cluster.name.clone());
            }
            match endpoints.iter().find(|e| e.cluster == cluster.name && e.url == cluster.url) {
                Some(e) => {
                    if e.retired {
                        upkeep.revive.push(e.slug.clone());
                    }
                    // A mistake is told, not kept.
                    if e.tls != cluster.settings.tls && cluster.settings.tls.check().is_empty() {
                        upkeep.tls.push((e.slug.clone(), cluster.settings.tls.clone()));
                    }
                }
                // A mistake in a row is told, not kept.
                None if Address::parse(&cluster.url).is_err() => {}
                None => {
                    let slug = slug(&cluster.name, &taken);
                    taken.insert(slug.clone());
                    upkeep.add.push(Endpoint {
                        slug,
                        cluster: cluster.name.clone(),
                        url: cluster.url.clone(),
                        coordinator_id: None,
                        retired: false,
                        tls: cluster.settings.tls.clone(),
                    });
                }
            }
        }
        for endpoint in endpoints.iter().filter(|e| !e.retired) {
            if !clusters.iter().any(|c| c.name == endpoint.cluster && c.url == endpoint.url) {
                upkeep.retire.push(endpoint.slug.clone());
            }
        }
        upkeep
    }

    /// Is there nothing to write?
    pub(crate) fn is_empty(&self) -> bool {
        self.add.is_empty()
            && self.revive.is_empty()
            && self.retire.is_empty()
            && self.live.is_empty()
            && self.tls.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str, url: &str) -> Cluster {
        Cluster {
            name: name.into(),
            group: "g".into(),
            active: true,
            url: url.into(),
            stage: Stage::Live,
            ..Cluster::default()
        }
    }

    fn endpoint(slug: &str, cluster: &str, url: &str, retired: bool) -> Endpoint {
        Endpoint {
            slug: slug.into(),
            cluster: cluster.into(),
            url: url.into(),
            coordinator_id: None,
            retired,
            tls: TrinoTls::default(),
        }
    }

    #[test]
    fn an_edited_address_gets_a_new_slug_and_the_old_one_is_retired() {
        let upkeep = Upkeep::plan(&[cluster("a", "http://new")], &[endpoint("a", "a", "http://old", false)]);
        assert_eq!(upkeep.add, [endpoint("a-2", "a", "http://new", false)]);
        assert_eq!(upkeep.retire, ["a"]);
    }

    #[test]
    fn an_address_that_comes_back_gets_its_slug_back() {
        let upkeep = Upkeep::plan(&[cluster("a", "http://old")], &[endpoint("a", "a", "http://old", true)]);
        assert_eq!(upkeep, Upkeep { revive: vec!["a".into()], ..Upkeep::default() });
    }

    #[test]
    fn a_cluster_that_anyone_activated_is_live() {
        let on = Cluster { stage: Stage::Drained, ..cluster("on", "u") };
        let off = Cluster { active: false, ..on.clone() };
        let upkeep = Upkeep::plan(&[on], &[endpoint("on", "on", "u", false)]);
        assert_eq!(upkeep, Upkeep { live: vec!["on".into()], ..Upkeep::default() });
        assert!(Upkeep::plan(&[off], &[endpoint("on", "on", "u", false)]).is_empty());
    }

    #[test]
    fn nothing_to_do_when_all_is_known() {
        assert!(
            Upkeep::plan(
                &[cluster("a", "u"), cluster("odd", "nonsense")],
                &[endpoint("a", "a", "u", false), endpoint("b", "b", "u", true)]
            )
            .is_empty()
        );
    }
}
