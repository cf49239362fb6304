//! Which cluster took a query, by the address that Envoy sent it to. Envoy can say the slug by itself, in a tag, but a tag
//! costs it 2 % of a query's CPU time, and the address is in each entry anyway.

use crate::resources::{NAMESPACE, slug_of_own_cluster};
use crate::snapshot::{Kind, Snapshot};
use crate::xds::server::Served;
use envoy_types::pb::envoy::config::core::v3::address::Address::SocketAddress;
use envoy_types::pb::envoy::config::core::v3::socket_address::PortSpecifier;
use envoy_types::pb::envoy::config::core::v3::{Address, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint};
use envoy_types::pb::google::protobuf::value::Kind as ValueKind;
use prost::Message;
use std::collections::HashMap;

/// Addresses that are remembered: a query may be told of when its cluster has left the group.
const MOST: usize = 100_000;

/// Slugs by the Envoy cluster of their group, and the address.
#[derive(Default)]
pub(crate) struct Places {
    slugs: HashMap<String, HashMap<String, String>>,
}

impl Places {
    /// Learns what is new in the snapshot that is served.
    pub(super) fn learn(&mut self, served: &mut Served) {
        if !self.slugs.is_empty() && !served.has_changed().unwrap_or_default() {
            return;
        }
        if let Some(snapshot) = served.borrow_and_update().clone() {
            self.add(&snapshot);
        }
    }

    fn add(&mut self, snapshot: &Snapshot) {
        if self.slugs.values().map(HashMap::len).sum::<usize>() > MOST {
            self.slugs.clear();
        }
        for (group, resource) in snapshot.resources(Kind::Endpoint) {
            let Ok(assignment) = ClusterLoadAssignment::decode(resource.body.value.as_slice()) else { continue };
            let slugs = self.slugs.entry(group.to_owned()).or_default();
            slugs.extend(assignment.endpoints.into_iter().flat_map(|all| all.lb_endpoints).filter_map(place));
        }
    }

    /// The slug behind an Envoy cluster and the address that it picked.
    pub(super) fn slug<'a>(&'a self, envoy_cluster: &'a str, address: Option<&Address>) -> Option<&'a str> {
        slug_of_own_cluster(envoy_cluster)
            .or_else(|| self.slugs.get(envoy_cluster)?.get(&written(address?)?).map(String::as_str))
    }
}

fn place(endpoint: LbEndpoint) -> Option<(String, String)> {
    let Some(HostIdentifier::Endpoint(host)) = endpoint.host_identifier else { return None };
    Some((written(&host.address?)?, slug(&endpoint.metadata?)?))
}

fn slug(metadata: &Metadata) -> Option<String> {
    match &metadata.filter_metadata.get(NAMESPACE)?.fields.get("slug")?.kind {
        Some(ValueKind::StringValue(slug)) => Some(slug.clone()),
        _ => None,
    }
}

fn written(address: &Address) -> Option<String> {
    let Some(SocketAddress(socket)) = &address.address else { return None };
    let Some(PortSpecifier::PortValue(port)) = socket.port_specifier else { return None };
    Some(format!("{}:{port}", socket.address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::endpoint::{AssignmentSpec, Coordinator, assignment};
    use crate::resources::{any, group_cluster, own_cluster, socket};
    use crate::snapshot::Resource;

    fn snapshot(group: &str, coordinators: &[(&str, u8)]) -> Snapshot {
        let coordinator = |&(slug, ip)| Coordinator {
            slug,
            ip: [10, 0, 0, ip].into(),
            port: 8080,
            tls: false,
            healthy: true,
            weight: 1,
        };
        let coordinators = coordinators.iter().map(coordinator).collect();
        let body = any(&assignment(&AssignmentSpec { group, coordinators }));
        let mut snapshot = Snapshot::default();
        snapshot.put(Kind::Endpoint, &group_cluster(group), Resource { version: String::new(), body, at_start: None });
        snapshot
    }

    #[test]
    fn an_address_tells_the_cluster_even_after_it_has_left_its_group() {
        let mut places = Places::default();
        let slug = |places: &Places, group: &str, ip: &str| {
            places.slug(&group_cluster(group), Some(&socket(ip, 8080))).map(str::to_owned)
        };
        places.add(&snapshot("etl", &[("etl-1", 1), ("etl-2", 2)]));
        places.add(&snapshot("etl", &[("etl-2", 2), ("etl-3", 3)]));
        for (ip, want) in [("10.0.0.1", "etl-1"), ("10.0.0.2", "etl-2"), ("10.0.0.3", "etl-3")] {
            assert_eq!(slug(&places, "etl", ip).as_deref(), Some(want));
        }
        assert_eq!(slug(&places, "etl", "10.0.0.4"), None);
        assert_eq!(slug(&places, "adhoc", "10.0.0.1"), None);
        assert_eq!(places.slug(&own_cluster("adhoc-1"), None), Some("adhoc-1"));
        assert_eq!(places.slug("", None), None);
    }
}
