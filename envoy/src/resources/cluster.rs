//! CDS: one Envoy cluster a group (new queries), one a coordinator (its follow-ups).

use super::upstream_tls::{CoordinatorTls, socket_matches, upstream, with_nobody};
use super::{
    HASH_HEADER, ads, any, bool_value, extension, group_cluster, metadata, millis, own_cluster, service_cluster,
    set_header, socket, u32_value,
};
use crate::services::RoutingService;
use crate::state::{Address, Policy};
use envoy_types::pb::envoy::config::cluster::v3::circuit_breakers::Thresholds;
use envoy_types::pb::envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, CommonLbConfig, DiscoveryType, EdsClusterConfig, LbPolicy,
};
use envoy_types::pb::envoy::config::cluster::v3::{CircuitBreakers, Cluster, OutlierDetection};
use envoy_types::pb::envoy::config::common::mutation_rules::v3::HeaderMutation as HeaderMutationRule;
use envoy_types::pb::envoy::config::common::mutation_rules::v3::header_mutation::Action;
use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy_types::pb::envoy::config::core::v3::{Http1ProtocolOptions, HttpProtocolOptions as CommonOptions, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints};
use envoy_types::pb::envoy::extensions::filters::http::header_mutation::v3::{HeaderMutation, Mutations};
use envoy_types::pb::envoy::extensions::filters::http::upstream_codec::v3::UpstreamCodec;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy_types::pb::envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
use envoy_types::pb::envoy::extensions::upstreams::http::v3::http_protocol_options::{
    ExplicitHttpConfig, UpstreamProtocolOptions, explicit_http_config,
};
use envoy_types::pb::envoy::r#type::v3::Percent;
use prost::{Message, Name};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use warren_rules::{PREFIX_HEADER, prefix};

/// Trino answers with up to 2 MB of headers (`CoordinatorModule`: `http-server.max-response-header-size`); in KiB.
const MAX_RESPONSE_HEADERS_KB: u32 = 2048;
/// How long a coordinator may take to accept a connection. In a data centre a live one takes milliseconds.
const CONNECT_TIMEOUT_MS: u32 = 2_000;
/// Follow-ups are many and cheap; Envoy's default of 1024 would refuse them long before Trino is busy.
const MAX_PARALLEL: u32 = 100_000;

/// What a group's Envoy cluster is made of.
#[derive(Serialize)]
pub(crate) struct GroupSpec<'a> {
    pub(crate) group: &'a str,
    pub(crate) policy: Policy,
    /// Those of its coordinators that speak TLS, active or not, by slug.
    pub(crate) tls: BTreeMap<&'a str, CoordinatorTls>,
}

/// What a coordinator's own Envoy cluster is made of.
#[derive(Serialize)]
pub(crate) struct OwnSpec<'a> {
    pub(crate) slug: &'a str,
    pub(crate) address: &'a Address,
    pub(crate) tls: Option<CoordinatorTls>,
    /// It has no address where it may be: whoever asks for it is told that it cannot be reached.
    pub(crate) nowhere: bool,
}

/// A group: endpoints by EDS, by turns unless it says otherwise, connect errors eject at once, no panic rule.
///
/// `ignore_health_on_host_removal`: without it a removed endpoint still gets queries as long as Envoy finds it healthy.
pub(crate) fn group(spec: &GroupSpec<'_>) -> Cluster {
    Cluster {
        name: group_cluster(spec.group),
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(DiscoveryType::Eds.into())),
        eds_cluster_config: Some(EdsClusterConfig { eds_config: Some(ads()), ..EdsClusterConfig::default() }),
        lb_policy: match spec.policy {
            // Load is in the endpoints' weights.
            Policy::Load | Policy::RoundRobin => LbPolicy::RoundRobin,
            Policy::Random => LbPolicy::Random,
            Policy::Hash => LbPolicy::Maglev,
        }
        .into(),
        common_lb_config: Some(CommonLbConfig {
            healthy_panic_threshold: Some(Percent { value: 0.0 }),
            ..CommonLbConfig::default()
        }),
        ignore_health_on_host_removal: true,
        transport_socket_matches: socket_matches(spec.tls.iter().map(|(slug, tls)| (*slug, tls))),
        transport_socket: Some(with_nobody()),
        outlier_detection: Some(OutlierDetection {
            // Only what never reached Trino counts: a failed query is an HTTP 200, a busy coordinator's 503 is its own affair.
            split_external_local_origin_errors: true,
            consecutive_local_origin_failure: u32_value(2),
            enforcing_consecutive_local_origin_failure: u32_value(100),
            enforcing_local_origin_success_rate: u32_value(0),
            enforcing_consecutive_5xx: u32_value(0),
            enforcing_consecutive_gateway_failure: u32_value(0),
            enforcing_success_rate: u32_value(0),
            interval: millis(1_000),
            base_ejection_time: millis(5_000),
            max_ejection_time: millis(30_000),
            max_ejection_percent: u32_value(100),
            ..OutlierDetection::default()
        }),
        ..common(vec![towards_trino(spec.policy), filter("envoy.filters.http.upstream_codec", &UpstreamCodec {})])
    }
}

/// A coordinator's own Envoy cluster: one endpoint, always tried (no check, no ejection, no panic rule). Its prefix is
/// known before it is chosen, so routes and filter say it; an upstream filter would cost each follow-up 2 µs.
pub(crate) fn own(spec: &OwnSpec<'_>) -> Cluster {
    let transport_socket = spec.tls.as_ref().map(CoordinatorTls::socket);
    let metadata = metadata(&endpoint_metadata(spec.slug));
    let mut cluster = Cluster { transport_socket, ..at_address(own_cluster(spec.slug), spec.address, metadata) };
    if spec.nowhere {
        cluster.load_assignment.iter_mut().for_each(|assignment| assignment.endpoints.clear());
    }
    cluster
}

/// A routing service. Whether it is there is seen when it is asked.
pub(crate) fn service(name: &str, service: &RoutingService) -> Cluster {
    let address = &service.address;
    let transport_socket = address.tls.then(|| upstream(&address.host, service.ca.as_deref(), None, true));
    Cluster { transport_socket, ..at_address(service_cluster(name), address, None) }
}

/// Whatever answers at one address.
pub(super) fn at_address(name: String, address: &Address, metadata: Option<Metadata>) -> Cluster {
    let endpoint = LbEndpoint {
        metadata,
        host_identifier: Some(HostIdentifier::Endpoint(Endpoint {
            address: Some(socket(&address.host, address.port)),
            ..Endpoint::default()
        })),
        ..LbEndpoint::default()
    };
    Cluster {
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(DiscoveryType::StrictDns.into())),
        load_assignment: Some(ClusterLoadAssignment {
            cluster_name: name.clone(),
            endpoints: vec![LocalityLbEndpoints { lb_endpoints: vec![endpoint], ..LocalityLbEndpoints::default() }],
            ..ClusterLoadAssignment::default()
        }),
        name,
        // An address that does not resolve must not hold up all other Envoy clusters at start.
        wait_for_warm_on_init: bool_value(false),
        ..common(Vec::new())
    }
}

/// What an endpoint says of itself: its prefix for Trino's URIs, its slug for the access log.
pub(crate) fn endpoint_metadata(slug: &str) -> serde_json::Map<String, serde_json::Value> {
    let mut map = serde_json::Map::new();
    map.insert("prefix".to_owned(), prefix(slug).into());
    map.insert("slug".to_owned(), slug.into());
    map
}

fn common(upstream_filters: Vec<HttpFilter>) -> Cluster {
    Cluster {
        connect_timeout: millis(CONNECT_TIMEOUT_MS),
        circuit_breakers: Some(CircuitBreakers {
            thresholds: vec![Thresholds {
                max_connections: u32_value(MAX_PARALLEL),
                max_pending_requests: u32_value(MAX_PARALLEL),
                max_requests: u32_value(MAX_PARALLEL),
                max_retries: u32_value(MAX_PARALLEL),
                ..Thresholds::default()
            }],
            ..CircuitBreakers::default()
        }),
        typed_extension_protocol_options: HashMap::from([(
            HttpProtocolOptions::full_name(),
            any(&protocol(upstream_filters)),
        )]),
        ..Cluster::default()
    }
}

/// Each request, each retry too, tells Trino the prefix of the endpoint that takes it, and not what it was hashed on.
fn towards_trino(policy: Policy) -> HttpFilter {
    let set_prefix =
        set_header(PREFIX_HEADER, "%UPSTREAM_METADATA(warren:prefix)%", HeaderAppendAction::OverwriteIfExistsOrAdd);
    let mut request_mutations = vec![set_prefix];
    if policy == Policy::Hash {
        request_mutations.push(HeaderMutationRule { action: Some(Action::Remove(HASH_HEADER.to_owned())) });
    }
    filter(
        "envoy.filters.http.header_mutation",
        &HeaderMutation {
            mutations: Some(Mutations { request_mutations, ..Mutations::default() }),
            ..HeaderMutation::default()
        },
    )
}

/// HTTP/1.1 to Trino.
fn protocol(http_filters: Vec<HttpFilter>) -> HttpProtocolOptions {
    HttpProtocolOptions {
        common_http_protocol_options: Some(CommonOptions {
            max_response_headers_kb: u32_value(MAX_RESPONSE_HEADERS_KB),
            max_headers_count: u32_value(1_000),
            ..CommonOptions::default()
        }),
        upstream_protocol_options: Some(UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig {
            protocol_config: Some(explicit_http_config::ProtocolConfig::HttpProtocolOptions(
                Http1ProtocolOptions::default(),
            )),
        })),
        http_filters,
        ..HttpProtocolOptions::default()
    }
}

fn filter<M: Message + Name>(name: &str, message: &M) -> HttpFilter {
    let config = extension(name, message);
    HttpFilter {
        name: config.name,
        config_type: config.typed_config.map(http_filter::ConfigType::TypedConfig),
        ..HttpFilter::default()
    }
}
