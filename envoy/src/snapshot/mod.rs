//! What xDS serves: a value built from the state, all or nothing. Pure.
//!
//! A resource's version is a hash of what it was made of, not of its bytes: protobuf maps have no order, so the same
//! resource may encode differently in two replicas.

mod filter_config;
mod groups;
mod observed;

pub(crate) use groups::{is_full, weight};
pub(crate) use observed::{Health, Observed};

use crate::login::{Keys, LoginSettings};
use crate::resources::cluster::{GroupSpec, OwnSpec};
use crate::resources::endpoint::AssignmentSpec;
use crate::resources::listener::ListenerSpec;
use crate::resources::redirect::{self, REDIRECT, Redirect};
use crate::resources::route::{FollowUps, RouteSpec};
use crate::resources::upstream_tls::CoordinatorTls;
use crate::resources::wasm::{FilterSpec, Lacking, Module};
use crate::resources::{
    self, FILTER, LIMITS, LISTENER, NAMESPACE, ROUTES, SERVER_CERTIFICATE, any, group_cluster, own_cluster, secret,
};
use crate::services::Services;
use crate::state::{Address, RuleSetVersion, State};
use envoy_types::pb::google::protobuf::Any;
use filter_config::plugin_config;
use groups::{coordinators, live, tls_of};
use prost::{Message, Name};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use thiserror::Error;
use warren_rules::{Candidate, Limit, PluginConfig, RuleSet};

/// Types of resources, in the order in which they are pushed: what is named comes before what names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Cluster,
    Endpoint,
    Secret,
    Listener,
    Filter,
    Route,
}

/// One resource, packed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resource {
    pub(crate) version: String,
    pub(crate) body: Any,
    /// For an Envoy that has none of it yet, where that is another.
    pub(crate) at_start: Option<Any>,
}

/// Everything that Envoys are to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    /// Hash over all resources' versions.
    pub(crate) version: String,
    /// Why the candidate is not asked, though there is one.
    pub(crate) without_candidate: Option<String>,
    resources: BTreeMap<Kind, BTreeMap<String, Resource>>,
}

/// What does not come from PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) default_group: String,
    pub(crate) statement_paths: Vec<String>,
    pub(crate) extra_paths: Vec<String>,
    pub(crate) ui_domain: Option<String>,
    pub(crate) show_rule: bool,
    /// As many bytes of each query's text are wanted for the history.
    pub(crate) history_text_bytes: usize,
    pub(crate) listener: ListenerSpec,
    /// A listener for plain HTTP that leads to the one with TLS.
    pub(crate) redirect: Option<Redirect>,
    pub(crate) module: Module,
    pub(crate) services: Services,
}

/// Why a snapshot is not served.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum SnapshotError {
    #[error("rules: {0}")]
    Rules(String),
    #[error("{kind:?} `{name}` names Envoy cluster `{missing}`, which is not in the snapshot")]
    Dangling { kind: Kind, name: String, missing: String },
}

impl Kind {
    /// All kinds, in push order.
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Cluster, Kind::Endpoint, Kind::Secret, Kind::Listener, Kind::Filter, Kind::Route];

    /// The type URL on the wire.
    pub(crate) fn type_url(self) -> String {
        use envoy_types::pb::envoy::{config, extensions};
        match self {
            Kind::Cluster => config::cluster::v3::Cluster::type_url(),
            Kind::Endpoint => config::endpoint::v3::ClusterLoadAssignment::type_url(),
            Kind::Secret => extensions::transport_sockets::tls::v3::Secret::type_url(),
            Kind::Listener => config::listener::v3::Listener::type_url(),
            Kind::Filter => config::core::v3::TypedExtensionConfig::type_url(),
            Kind::Route => config::route::v3::RouteConfiguration::type_url(),
        }
    }

    /// The kind of a type URL, if Warren serves it.
    pub(crate) fn of(type_url: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.type_url() == type_url)
    }

    /// Short name for people: `clusters`, `endpoints` …
    pub(crate) fn label(self) -> &'static str {
        match self {
            Kind::Cluster => "clusters",
            Kind::Endpoint => "endpoints",
            Kind::Secret => "certificates",
            Kind::Listener => "listener",
            Kind::Filter => "rules",
            Kind::Route => "routes",
        }
    }
}

impl Snapshot {
    /// Builds and checks the snapshot.
    ///
    /// # Errors
    /// When the rules do not compile, or a resource names an Envoy cluster that is not there.
    pub(crate) fn build(settings: &Settings, state: &State, observed: &Observed) -> Result<Snapshot, SnapshotError> {
        let files = state.rule_set.as_ref().map(|r| r.files.clone()).unwrap_or_default();
        let rules = RuleSet::compile(&files).map_err(|e| SnapshotError::Rules(e.to_string()))?;
        let mut snapshot = Snapshot::default();

        let groups = state.all_groups(&settings.default_group);
        for (group, settings) in &groups {
            let policy = settings.map(|g| g.policy).unwrap_or_default();
            let spec = GroupSpec { group, policy, tls: tls_of(group, state) };
            snapshot.add(Kind::Cluster, &group_cluster(group), &spec, &resources::cluster::group(&spec));
            let spec = AssignmentSpec { group, coordinators: coordinators(group, state, observed) };
            snapshot.add(Kind::Endpoint, &group_cluster(group), &spec, &resources::endpoint::assignment(&spec));
        }
        for endpoint in &state.endpoints {
            let Ok(address) = Address::parse(&endpoint.url) else { continue };
            let tls = CoordinatorTls::of(&address, &endpoint.tls);
            if let Some(files) = tls.as_ref().and_then(CoordinatorTls::client_certificate) {
                let name = secret::client_certificate(files);
                snapshot.add(Kind::Secret, &name, files, &secret::certificate(&name, files));
            }
            let spec = OwnSpec {
                slug: &endpoint.slug,
                address: &address,
                tls,
                // It is known, and leads where no coordinator may be.
                nowhere: observed.addresses.get(&address.host).is_some_and(Vec::is_empty),
            };
            snapshot.add(Kind::Cluster, &own_cluster(&endpoint.slug), &spec, &resources::cluster::own(&spec));
        }

        let limits = rules.limits();
        let names: Vec<String> = limits.iter().map(Limit::name).collect();
        snapshot.add(Kind::Filter, LIMITS, &names, &resources::limits::limits(&limits));

        let candidate = match candidate(state) {
            Ok(candidate) => candidate,
            Err(why) => {
                snapshot.without_candidate = Some(why);
                None
            }
        };
        // Envoys are told of the routing services that rules name, and of no other.
        let named = rules.services();
        let services = settings.services.iter().filter(|(name, _)| named.iter().any(|found| found.name == **name));
        let mut external = BTreeMap::new();
        for (name, service) in services {
            let cluster = resources::cluster::service(name, service);
            snapshot.add(Kind::Cluster, &service.asked.envoy_cluster, &(&service.address, &service.ca), &cluster);
            external.insert(name.clone(), service.asked.clone());
        }

        let login = settings.listener.login.as_ref();
        for tokens in login.iter().flat_map(|login| &login.tokens) {
            if let Keys::Fetched { host, port, trust, .. } = &tokens.keys {
                let cluster = resources::login::provider(&tokens.provider, host, *port, trust.as_ref());
                snapshot.add(Kind::Cluster, &resources::login_cluster(&tokens.provider), &tokens.keys, &cluster);
            }
        }

        let candidate_reads_load = candidate.as_ref().is_some_and(|candidate| candidate.data.needs.load);
        let reads_load = rules.reads_load() || candidate_reads_load;
        let config = PluginConfig { external, candidate, ..plugin_config(settings, state, files, rules.data()) };
        let spec = FilterSpec { module: &settings.module, config: &config };
        // Which module it is stands in the version, since a new one is for one Envoy after the other (`xds::rollout`).
        let filter_version = format!("{}.{}", version(&spec), version(&settings.module));
        let filter = |lacking| any(&resources::wasm::filter(&spec, lacking));
        let (body, at_start) = (filter(Lacking::Refuses), Some(filter(Lacking::Fetches)));
        snapshot.put(Kind::Filter, FILTER, Resource { version: filter_version, body, at_start });

        let spec = RouteSpec {
            default_group: &settings.default_group,
            statement_paths: &settings.statement_paths,
            extra_paths: &settings.extra_paths,
            ui_domain: settings.ui_domain.as_deref(),
            coordinators: follow_ups(state, observed),
            live: groups.keys().map(|g| (*g, live(g, state, observed, reads_load))).collect(),
            body_limit: settings.listener.body_limit,
            show_rule: settings.show_rule,
            login: settings.listener.login.as_ref().map(LoginSettings::not_for_trino),
        };
        snapshot.add(Kind::Route, ROUTES, &spec, &resources::route::routes(&spec));
        if let Some(files) = &settings.listener.tls {
            let certificate = secret::certificate(SERVER_CERTIFICATE, files);
            snapshot.add(Kind::Secret, SERVER_CERTIFICATE, files, &certificate);
        }
        snapshot.add(Kind::Listener, LISTENER, &settings.listener, &resources::listener::listener(&settings.listener));

        if let Some(spec) = &settings.redirect {
            snapshot.add(Kind::Listener, REDIRECT, spec, &redirect::listener(spec));
        }

        snapshot.consistent(&config)?;
        let versions: Vec<_> =
            snapshot.resources.values().flat_map(|all| all.iter().map(|(name, r)| (name, &r.version))).collect();
        snapshot.version = version(&versions);
        Ok(snapshot)
    }

    fn add<S: Serialize, M: Message + Name>(&mut self, kind: Kind, name: &str, spec: &S, message: &M) {
        self.put(kind, name, Resource { version: version(spec), body: any(message), at_start: None });
    }

    /// Puts one resource in, in place of what had its name.
    pub(crate) fn put(&mut self, kind: Kind, name: &str, resource: Resource) {
        self.resources.entry(kind).or_default().insert(name.to_owned(), resource);
    }

    /// The resources of one kind, by name.
    pub(crate) fn resources(&self, kind: Kind) -> impl Iterator<Item = (&str, &Resource)> {
        self.resources.get(&kind).into_iter().flatten().map(|(name, resource)| (name.as_str(), resource))
    }

    /// One resource.
    pub(crate) fn get(&self, kind: Kind, name: &str) -> Option<&Resource> {
        self.resources.get(&kind)?.get(name)
    }

    /// The same snapshot for an Envoy that opens its listener elsewhere.
    pub(crate) fn listening_on(&self, settings: &Settings, listen: SocketAddr) -> Snapshot {
        let mut snapshot = self.clone();
        let spec = ListenerSpec { listen, ..settings.listener.clone() };
        snapshot.add(Kind::Listener, LISTENER, &spec, &resources::listener::listener(&spec));
        snapshot
    }

    /// Does everything that is named exist? Envoy would find out per query, in the users' faces.
    fn consistent(&self, config: &PluginConfig) -> Result<(), SnapshotError> {
        let clusters: BTreeSet<&str> = self.resources(Kind::Cluster).map(|(name, _)| name).collect();
        let named = config
            .groups
            .iter()
            .map(|(name, group)| (name, &group.envoy_cluster))
            .chain(config.clusters.iter().map(|(name, cluster)| (name, &cluster.envoy_cluster)))
            .chain(config.external.iter().map(|(name, service)| (name, &service.envoy_cluster)));
        for (name, envoy_cluster) in named {
            if !clusters.contains(envoy_cluster.as_str()) {
                return Err(SnapshotError::Dangling {
                    kind: Kind::Filter,
                    name: name.clone(),
                    missing: envoy_cluster.clone(),
                });
            }
        }
        for (name, _) in self.resources(Kind::Endpoint) {
            if !clusters.contains(name) {
                return Err(SnapshotError::Dangling {
                    kind: Kind::Endpoint,
                    name: name.to_owned(),
                    missing: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// The candidate, for the filter. One that does not compile costs nothing but itself.
fn candidate(state: &State) -> Result<Option<Candidate>, String> {
    let Some(RuleSetVersion { version, files }) = &state.candidate else { return Ok(None) };
    let rules = RuleSet::compile(files).map_err(|errors| format!("candidate {version} is not asked: {errors}"))?;
    let scripts = files.iter().filter(|file| file.is_script()).cloned().collect();
    Ok(Some(Candidate { number: *version, rules: scripts, data: rules.data() }))
}

fn follow_ups<'a>(state: &'a State, observed: &'a Observed) -> Vec<FollowUps<'a>> {
    state
        .endpoints
        .iter()
        .filter(|e| Address::parse(&e.url).is_ok())
        .map(|e| FollowUps {
            slug: &e.slug,
            coordinator_id: observed
                .coordinator_ids
                .get(&e.slug)
                .or(e.coordinator_id.as_ref())
                .map(String::as_str)
                .filter(|id| is_coordinator_id(id)),
            external_url: state.clusters.iter().find(|c| c.name == e.cluster).map(|c| c.external_url.as_str()),
        })
        .collect()
}

/// Letters and digits (`QueryIdGenerator`): it becomes part of a regular expression that all routes depend on.
fn is_coordinator_id(id: &str) -> bool {
    (1..=16).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Hash of a value's JSON and of the program's version (another version may build another message from the same values).
fn version<S: Serialize>(spec: &S) -> String {
    let json = serde_json::to_vec(spec).unwrap_or_default();
    let hash = xxhash_rust::xxh64::xxh64(&json, 0) ^ xxhash_rust::xxh64::xxh64(env!("CARGO_PKG_VERSION").as_bytes(), 1);
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
