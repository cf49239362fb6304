//! Builders of Envoy's resources, one file a type. Pure: values in, messages out.

pub(crate) mod access_log;
pub(crate) mod cluster;
pub(crate) mod endpoint;
pub(crate) mod limits;
pub(crate) mod listener;
pub(crate) mod login;
pub(crate) mod redirect;
pub(crate) mod reply;
pub(crate) mod route;
pub(crate) mod secret;
pub(crate) mod upstream_tls;
pub(crate) mod wasm;

use envoy_types::pb::envoy::config::common::mutation_rules::v3::{HeaderMutation, header_mutation};
use envoy_types::pb::envoy::config::core::v3::{
    Address, AggregatedConfigSource, ApiVersion, ConfigSource, HeaderValue, HeaderValueOption, Metadata, SocketAddress,
    TypedExtensionConfig, config_source::ConfigSourceSpecifier, header_value_option::HeaderAppendAction,
    socket_address::PortSpecifier,
};
use envoy_types::pb::google::protobuf::{Any, BoolValue, Duration, ListValue, Struct, UInt32Value, Value, value::Kind};
use prost::{Message, Name};
use std::collections::HashMap;

/// Metadata of endpoints and routes that Warren writes and reads stands under this name.
pub(crate) const NAMESPACE: &str = "warren";
/// The request header that names the Envoy cluster a query goes to. Stripped at the door, set by the filter, removed again.
pub(crate) const CLUSTER_HEADER: &str = "x-warren-cluster";
/// Request header whose value picks the cluster of a group with consistent hashing; set by the filter.
pub(crate) const HASH_HEADER: &str = warren_rules::HASH_HEADER;
/// Name of the filter in the chain and of its ECDS resource.
pub(crate) const FILTER: &str = "warren";
/// Name in the chain, and of the ECDS resource, of what counts queries against the limits of the rules.
pub(crate) const LIMITS: &str = "warren-limits";
/// Name of the one route configuration.
pub(crate) const ROUTES: &str = "warren";
/// Name of the one listener.
pub(crate) const LISTENER: &str = "warren";
/// Name of the certificate that the listener shows.
pub(crate) const SERVER_CERTIFICATE: &str = "server";
/// The Envoy cluster of the bootstrap that leads to the control service.
pub(crate) const CONTROL: &str = "warren-control";

/// Whom the Envoys' own systems trust, on their disks.
pub(crate) const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The Envoy cluster of a group.
pub(crate) fn group_cluster(group: &str) -> String {
    format!("group/{group}")
}

/// A Trino cluster's own Envoy cluster, for its follow-ups.
pub(crate) fn own_cluster(slug: &str) -> String {
    format!("cluster/{slug}")
}

/// The Envoy cluster of a routing service.
pub(crate) fn service_cluster(service: &str) -> String {
    format!("service/{service}")
}

/// The Envoy cluster of whoever hands out the keys with which tokens are checked.
pub(crate) fn login_cluster(provider: &str) -> String {
    format!("login/{provider}")
}

/// The slug of a Trino cluster's own Envoy cluster.
pub(crate) fn slug_of_own_cluster(envoy_cluster: &str) -> Option<&str> {
    envoy_cluster.strip_prefix("cluster/")
}

pub(crate) fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

pub(crate) fn extension<M: Message + Name>(name: &str, message: &M) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(any(message)) }
}

pub(crate) fn millis(ms: u32) -> Option<Duration> {
    Some(Duration { seconds: i64::from(ms / 1000), nanos: i32::try_from(ms % 1000).unwrap_or(0) * 1_000_000 })
}

pub(crate) fn duration(duration: std::time::Duration) -> Duration {
    Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}

pub(crate) fn u32_value(value: u32) -> Option<UInt32Value> {
    Some(UInt32Value { value })
}

pub(crate) fn bool_value(value: bool) -> Option<BoolValue> {
    Some(BoolValue { value })
}

/// "Ask the stream that this came on."
pub(crate) fn ads() -> ConfigSource {
    ConfigSource {
        resource_api_version: ApiVersion::V3.into(),
        config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource {})),
        ..ConfigSource::default()
    }
}

pub(crate) fn socket(host: &str, port: u16) -> Address {
    use envoy_types::pb::envoy::config::core::v3::address::Address::SocketAddress as Socket;
    Address {
        address: Some(Socket(SocketAddress {
            address: host.to_owned(),
            port_specifier: Some(PortSpecifier::PortValue(u32::from(port))),
            ..SocketAddress::default()
        })),
    }
}

/// JSON as Envoy's `Struct`.
pub(crate) fn to_struct(json: &serde_json::Map<String, serde_json::Value>) -> Struct {
    Struct { fields: json.iter().map(|(k, v)| (k.clone(), to_value(v))).collect() }
}

fn to_value(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(b) => Kind::BoolValue(*b),
        Json::Number(n) => Kind::NumberValue(n.as_f64().unwrap_or_default()),
        Json::String(s) => Kind::StringValue(s.clone()),
        Json::Array(list) => Kind::ListValue(ListValue { values: list.iter().map(to_value).collect() }),
        Json::Object(map) => Kind::StructValue(to_struct(map)),
    };
    Value { kind: Some(kind) }
}

/// Metadata under Warren's own name.
pub(crate) fn metadata(json: &serde_json::Map<String, serde_json::Value>) -> Option<Metadata> {
    Some(Metadata { filter_metadata: HashMap::from([(NAMESPACE.to_owned(), to_struct(json))]), ..Metadata::default() })
}

/// Sets a header, whatever was there; the value may hold Envoy's `%COMMAND%`s. An empty outcome adds nothing.
pub(crate) fn set_header(key: &str, value: &str, action: HeaderAppendAction) -> HeaderMutation {
    HeaderMutation { action: Some(header_mutation::Action::Append(header_option(key, value, action))) }
}

pub(crate) fn header_option(key: &str, value: &str, action: HeaderAppendAction) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: key.to_owned(), value: value.to_owned(), ..HeaderValue::default() }),
        append_action: action.into(),
        ..HeaderValueOption::default()
    }
}
