//! LDS: the one listener: what is stripped at the door, limits, the filter chain.

use super::{
    FILTER, LIMITS, LISTENER, ROUTES,
    access_log::{self, HistoryLog},
    ads, any, bool_value, duration, extension, login, millis, reply,
    secret::{self, CertificateFiles},
    socket, u32_value,
};
use crate::login::LoginSettings;
use envoy_types::pb::envoy::config::common::mutation_rules::v3::{HeaderMutation, header_mutation};
use envoy_types::pb::envoy::config::core::v3::http_protocol_options::HeadersWithUnderscoresAction;
use envoy_types::pb::envoy::config::core::v3::{ExtensionConfigSource, Http2ProtocolOptions, HttpProtocolOptions};
use envoy_types::pb::envoy::config::listener::v3::{Filter, FilterChain, Listener, filter};
use envoy_types::pb::envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;
use envoy_types::pb::envoy::extensions::filters::http::router::v3::Router;
use envoy_types::pb::envoy::extensions::filters::http::wasm::v3::Wasm;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    PathWithEscapedSlashesAction, RouteSpecifier,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, Rds, http_filter,
};
use envoy_types::pb::envoy::extensions::http::early_header_mutation::header_mutation::v3::HeaderMutation as EarlyHeaderMutation;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy_types::pb::envoy::r#type::matcher::v3::{RegexMatcher, StringMatcher};
use prost::Name;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Trino takes up to 2 MB of request headers (`CoordinatorModule`: `http-server.max-request-header-size`); in KiB.
const MAX_REQUEST_HEADERS_KB: u32 = 2048;
/// Prepared statements and session properties come as many headers; Envoy's default is 100.
const MAX_HEADERS: u32 = 1_000;
/// Bodies that no rule reads are streamed through a buffer of this size.
const CONNECTION_BUFFER: u32 = 1 << 20;

/// Requests under way on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;
/// Bytes of a request that a client may send before Envoy has read them.
const STREAM_WINDOW: u32 = 64 << 10;

/// All that the listener is made of.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct ListenerSpec {
    pub(crate) listen: SocketAddr,
    /// Load balancers in front: 0 when Envoy is the edge.
    pub(crate) trusted_hops: u32,
    /// Speak TLS with this certificate; without one, plain HTTP.
    pub(crate) tls: Option<CertificateFiles>,
    /// Who may run queries; without it nobody is asked.
    pub(crate) login: Option<LoginSettings>,
    /// One line of JSON a query on standard output.
    pub(crate) access_log: bool,
    /// What of each query goes to the control service, for the history.
    pub(crate) history: Option<HistoryLog>,
    /// Statuses and times per Envoy cluster (`upstream_rq_2xx`, `upstream_rq_time`), not only per listener.
    pub(crate) upstream_stats: bool,
    /// Status when no cluster is serving: 503 (clients try again) or 200 (they show the error).
    pub(crate) no_cluster_status: u32,
    /// Largest query text that a rule reads, in bytes.
    pub(crate) body_limit: u64,
    /// How long a client may take to send one request, its body too.
    pub(crate) request_timeout: Duration,
}

/// The listener.
pub(crate) fn listener(spec: &ListenerSpec) -> Listener {
    Listener {
        name: LISTENER.to_owned(),
        address: Some(socket(&spec.listen.ip().to_string(), spec.listen.port())),
        per_connection_buffer_limit_bytes: u32_value(CONNECTION_BUFFER),
        filter_chains: vec![FilterChain {
            filters: vec![Filter {
                name: "http".to_owned(),
                config_type: Some(filter::ConfigType::TypedConfig(any(&http(spec)))),
            }],
            transport_socket: spec.tls.as_ref().map(|_| secret::downstream_tls(spec.login.as_ref())),
            ..FilterChain::default()
        }],
        ..Listener::default()
    }
}

fn http(spec: &ListenerSpec) -> HttpConnectionManager {
    HttpConnectionManager {
        stat_prefix: "warren".to_owned(),
        route_specifier: Some(RouteSpecifier::Rds(Rds {
            config_source: Some(ads()),
            route_config_name: ROUTES.to_owned(),
        })),
        http_filters: filters(spec),
        // Sees the client's address and sets X-Forwarded-For and -Proto itself; with hops in front, believes that many.
        use_remote_address: bool_value(true),
        xff_num_trusted_hops: spec.trusted_hops,
        early_header_mutation_extensions: vec![extension(
            "at-the-door",
            &EarlyHeaderMutation { mutations: at_the_door(spec.trusted_hops, spec.login.as_ref()) },
        )],
        // Neither Trino nor the log has a use for it, and making one takes longer than finding the route.
        generate_request_id: bool_value(false),
        normalize_path: bool_value(true),
        merge_slashes: true,
        path_with_escaped_slashes_action: PathWithEscapedSlashesAction::RejectRequest.into(),
        max_request_headers_kb: u32_value(MAX_REQUEST_HEADERS_KB),
        common_http_protocol_options: Some(HttpProtocolOptions {
            max_headers_count: u32_value(MAX_HEADERS),
            idle_timeout: millis(3_600_000),
            // Some programs take `x_trino_user` for `x-trino-user`: what is stripped by one name must not come by another.
            headers_with_underscores_action: HeadersWithUnderscoresAction::DropHeader.into(),
            ..HttpProtocolOptions::default()
        }),
        // As Envoy's page on edges has it: what one connection may hold at a time. Clients open another when they want more.
        http2_protocol_options: Some(Http2ProtocolOptions {
            max_concurrent_streams: u32_value(MAX_STREAMS),
            initial_stream_window_size: u32_value(STREAM_WINDOW),
            initial_connection_window_size: u32_value(CONNECTION_BUFFER),
            ..Http2ProtocolOptions::default()
        }),
        // Trino's polls are short, but a client may leave a result lying for as long as Trino keeps it.
        stream_idle_timeout: millis(3_600_000),
        request_headers_timeout: millis(30_000),
        // A body that stalls, or comes a byte a minute, holds a connection, up to 8 MiB, and one to Trino.
        request_timeout: Some(duration(spec.request_timeout)),
        local_reply_config: Some(reply::local(spec.no_cluster_status, spec.body_limit)),
        access_log: access_log::logs(spec.access_log, spec.history.as_ref()),
        server_name: "warren".to_owned(),
        ..HttpConnectionManager::default()
    }
}

/// In the order in which a request meets them: who is it, where does it go, may it.
fn filters(spec: &ListenerSpec) -> Vec<HttpFilter> {
    let discovered = |name: &str, type_url| HttpFilter {
        name: name.to_owned(),
        config_type: Some(http_filter::ConfigType::ConfigDiscovery(ExtensionConfigSource {
            config_source: Some(ads()),
            type_urls: vec![type_url],
            ..ExtensionConfigSource::default()
        })),
        ..HttpFilter::default()
    };
    let (rules, limits) = (discovered(FILTER, Wasm::type_url()), discovered(LIMITS, LocalRateLimit::type_url()));
    let router = HttpFilter {
        name: "envoy.filters.http.router".to_owned(),
        config_type: Some(http_filter::ConfigType::TypedConfig(any(&Router {
            // Retry and timeout headers of clients were stripped at the door; the router adds none towards Trino.
            suppress_envoy_headers: true,
            dynamic_stats: bool_value(spec.upstream_stats),
            ..Router::default()
        }))),
        ..HttpFilter::default()
    };
    let who = spec.login.iter().flat_map(login::filters);
    who.chain([rules]).chain(spec.login.as_ref().map(|_| login::last_word())).chain([limits, router]).collect()
}

/// Trino's web server takes this, and some of `proxy-…`, for word of a proxy that ended TLS (`ForwardedRequestCustomizer`).
const READ_BY_JETTY: &str = "x-proxied-https";
/// Jetty answers an expectation that it does not know with 417 and closes the connection, on which Envoy may have put
/// the next query by then. Envoy itself answers the one that clients use, `100-continue`.
const CLOSES_THE_CONNECTION: &str = "expect";
/// Hold the cluster header, and what Envoy tells the filter.
const OWN: &str = "x-warren-.*";
/// Old clients' names for the headers that say who the user is: some clusters read them (`protocol.v1.alternate-header-name`).
const UNDER_ANOTHER_NAME: &str = "x-presto-.*";
/// Read by nobody who means well: `proxy-` is a client's word to a proxy, which Trino
/// is not.
const STEERING: [&str; 5] = ["x-envoy-.*", "proxy-.*", "forwarded", READ_BY_JETTY, CLOSES_THE_CONNECTION];
/// A load balancer says the client's address, protocol and port; of the rest, these are known to be read by someone.
const NOT_A_LOAD_BALANCERS_TO_SAY: [&str; 2] = [
    "x-forwarded-(?:prefix|host|server|client-cert|by|scheme|ssl)",
    "x-forwarded-(?:uri|path|method|user|email|access-token)",
];

/// Headers that steer, and that no client may send. What a trusted load balancer says of the client stays.
///
/// As few expressions as can be, since Envoy goes through all headers once for each, and each follow-up comes by here, too;
/// but Envoy takes none of more than a hundred steps (`re2.max_program_size.error_level`).
fn at_the_door(trusted_hops: u32, login: Option<&LoginSettings>) -> Vec<HeaderMutation> {
    let mut steering = STEERING.join("|");
    if login.is_none() {
        steering = format!("{OWN}|{steering}");
    }
    let mut expressions = if trusted_hops == 0 {
        vec![format!("{steering}|x-forwarded-.*")]
    } else {
        [vec![steering], NOT_A_LOAD_BALANCERS_TO_SAY.map(str::to_owned).to_vec()].concat()
    };
    if login.is_some() {
        expressions.push(UNDER_ANOTHER_NAME.to_owned());
    }
    let remove = |regex| {
        let pattern = MatchPattern::SafeRegex(RegexMatcher { regex, ..RegexMatcher::default() });
        let matcher = StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() };
        let matching = header_mutation::RemoveOnMatch { key_matcher: Some(matcher) };
        HeaderMutation { action: Some(header_mutation::Action::RemoveOnMatch(matching)) }
    };
    // What Envoy says to the filter comes after what clients said under the same names, and before what it is taken from goes.
    let own = login.map(|login| [vec![remove(OWN.to_owned())], login::at_the_door(login)].concat());
    own.into_iter().flatten().chain(expressions.into_iter().map(remove)).collect()
}
