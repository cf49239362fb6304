//! LDS: a second listener, that tells who speaks plain HTTP to come by TLS, and nothing else.

use super::{any, bool_value, extension, millis, socket};
use envoy_types::pb::envoy::config::core::v3::HttpProtocolOptions;
use envoy_types::pb::envoy::config::listener::v3::{Filter, FilterChain, Listener, filter};
use envoy_types::pb::envoy::config::route::v3::redirect_action::{RedirectResponseCode, SchemeRewriteSpecifier};
use envoy_types::pb::envoy::config::route::v3::{
    RedirectAction, Route, RouteConfiguration, RouteMatch, VirtualHost, route, route_match,
};
use envoy_types::pb::envoy::extensions::filters::http::router::v3::Router;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    HttpConnectionManager, HttpFilter, http_filter,
};
use serde::Serialize;
use std::net::SocketAddr;

/// Name of the listener.
pub(crate) const REDIRECT: &str = "redirect";

/// Where it listens, and where it sends everybody.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) listen: SocketAddr,
    /// Port of TLS as clients see it.
    pub(crate) port: u16,
}

/// The listener.
pub(crate) fn listener(redirect: &Redirect) -> Listener {
    Listener {
        name: REDIRECT.to_owned(),
        address: Some(socket(&redirect.listen.ip().to_string(), redirect.listen.port())),
        filter_chains: vec![FilterChain {
            filters: vec![Filter {
                name: "http".to_owned(),
                config_type: Some(filter::ConfigType::TypedConfig(any(&http(redirect.port)))),
            }],
            ..FilterChain::default()
        }],
        ..Listener::default()
    }
}

fn http(port: u16) -> HttpConnectionManager {
    let router = extension("envoy.filters.http.router", &Router::default());
    HttpConnectionManager {
        stat_prefix: REDIRECT.to_owned(),
        route_specifier: Some(RouteSpecifier::RouteConfig(RouteConfiguration {
            name: REDIRECT.to_owned(),
            virtual_hosts: vec![VirtualHost {
                name: "all".to_owned(),
                domains: vec!["*".to_owned()],
                routes: vec![everything(port)],
                ..VirtualHost::default()
            }],
            ..RouteConfiguration::default()
        })),
        http_filters: vec![HttpFilter {
            name: router.name,
            config_type: router.typed_config.map(http_filter::ConfigType::TypedConfig),
            ..HttpFilter::default()
        }],
        use_remote_address: bool_value(true),
        generate_request_id: bool_value(false),
        common_http_protocol_options: Some(HttpProtocolOptions {
            idle_timeout: millis(30_000),
            ..HttpProtocolOptions::default()
        }),
        stream_idle_timeout: millis(30_000),
        request_headers_timeout: millis(10_000),
        request_timeout: millis(30_000),
        server_name: "warren".to_owned(),
        ..HttpConnectionManager::default()
    }
}

/// 308: a POST stays one.
fn everything(port: u16) -> Route {
    Route {
        r#match: Some(RouteMatch {
            path_specifier: Some(route_match::PathSpecifier::Prefix("/".to_owned())),
            ..RouteMatch::default()
        }),
        action: Some(route::Action::Redirect(RedirectAction {
            port_redirect: u32::from(port),
            response_code: RedirectResponseCode::PermanentRedirect.into(),
            scheme_rewrite_specifier: Some(SchemeRewriteSpecifier::HttpsRedirect(true)),
            ..RedirectAction::default()
        })),
        ..Route::default()
    }
}
