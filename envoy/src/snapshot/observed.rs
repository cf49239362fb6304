//! What was seen of the clusters, beside what PostgreSQL says of them.

use crate::health::Report;
use crate::load::Load;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What was seen of the clusters: names resolved, health judged. By slug and by host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Observed {
    pub(crate) addresses: BTreeMap<String, Vec<IpAddr>>,
    pub(crate) health: BTreeMap<String, Health>,
    /// Last part of the query ids that each coordinator makes; newer than what PostgreSQL holds.
    #[serde(default)]
    pub(crate) coordinator_ids: BTreeMap<String, String>,
    /// How busy each is, if that is known.
    #[serde(default)]
    pub(crate) loads: BTreeMap<String, Load>,
    /// Share of new queries, in percent of the least busy of its group; see [`crate::load::shares`].
    #[serde(default)]
    pub(crate) shares: BTreeMap<String, u32>,
}

impl Observed {
    /// All that was found out of one coordinator; nothing before its first check.
    pub(crate) fn report(&self, slug: &str) -> Option<Report> {
        Some(Report {
            slug: slug.to_owned(),
            health: self.health.get(slug)?.clone(),
            load: self.loads.get(slug).copied(),
            coordinator_id: self.coordinator_ids.get(slug).cloned(),
        })
    }

    /// The same of each.
    pub(crate) fn reports(&self) -> impl Iterator<Item = Report> {
        self.health.keys().filter_map(|slug| self.report(slug))
    }
}

/// Whether a coordinator can take queries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    pub(crate) healthy: bool,
    /// In plain words, for whoever looks.
    pub(crate) reason: String,
}
