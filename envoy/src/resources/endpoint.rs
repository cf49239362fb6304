//! EDS: the coordinators of a group that take new queries, with health and weight as Warren judged them.

use super::upstream_tls::wanted;
use super::{cluster::endpoint_metadata, group_cluster, metadata, socket, to_struct, u32_value};
use envoy_types::pb::envoy::config::core::v3::{HealthStatus, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints};
use serde::Serialize;
use std::net::IpAddr;

/// A group and who may take its queries.
#[derive(Serialize)]
pub(crate) struct AssignmentSpec<'a> {
    pub(crate) group: &'a str,
    pub(crate) coordinators: Vec<Coordinator<'a>>,
}

/// One coordinator of a group; EDS takes addresses only, so its name is resolved already.
#[derive(Serialize, Debug, Clone)]
pub(crate) struct Coordinator<'a> {
    pub(crate) slug: &'a str,
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) healthy: bool,
    /// Part of the group's new queries, relative to the others: 1 to 1000.
    pub(crate) weight: u32,
}

/// What an endpoint says of itself, and which of its group's sockets it wants.
fn said_of(coordinator: &Coordinator<'_>) -> Option<Metadata> {
    let mut said = metadata(&endpoint_metadata(coordinator.slug))?;
    let (namespace, wanted) = wanted(coordinator.slug, coordinator.tls);
    said.filter_metadata.insert(namespace, to_struct(&wanted));
    Some(said)
}

/// The group's endpoints; an unhealthy one is named too, so that Envoy's own pages show why nothing goes there.
pub(crate) fn assignment(spec: &AssignmentSpec<'_>) -> ClusterLoadAssignment {
    let lb_endpoints = spec
        .coordinators
        .iter()
        .map(|c| LbEndpoint {
            health_status: if c.healthy { HealthStatus::Healthy } else { HealthStatus::Unhealthy }.into(),
            metadata: said_of(c),
            load_balancing_weight: u32_value(c.weight),
            host_identifier: Some(HostIdentifier::Endpoint(Endpoint {
                address: Some(socket(&c.ip.to_string(), c.port)),
                ..Endpoint::default()
            })),
        })
        .collect();
    ClusterLoadAssignment {
        cluster_name: group_cluster(spec.group),
        endpoints: vec![LocalityLbEndpoints { lb_endpoints, ..LocalityLbEndpoints::default() }],
        ..ClusterLoadAssignment::default()
    }
}
