//! The route on which new queries come: the only one on which the filter runs.

use super::{RouteSpec, forever, matching};
use crate::resources::{CLUSTER_HEADER, HASH_HEADER, any, header_option, metadata};
use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction::OverwriteIfExistsOrAdd;
use envoy_types::pb::envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy_types::pb::envoy::config::route::v3::retry_policy::{RetryHostPredicate, retry_host_predicate};
use envoy_types::pb::envoy::config::route::v3::route::Action;
use envoy_types::pb::envoy::config::route::v3::route_action::{ClusterSpecifier, HashPolicy, hash_policy};
use envoy_types::pb::envoy::config::route::v3::route_match::PathSpecifier;
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, RetryPolicy, Route, RouteAction};
use envoy_types::pb::envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy_types::pb::google::protobuf::{UInt32Value, UInt64Value};
use std::collections::BTreeMap;
use warren_rules::{LIMIT_HEADER, LIMIT_WHOSE_HEADER};

/// Where a new query comes in: the only route on which the filter runs.
pub(super) fn new_query(spec: &RouteSpec<'_>, path: &str) -> Route {
    let live = serde_json::to_vec(&spec.live).unwrap_or_default();
    let mut route = Route {
        // Names the live state too: the filter reads it anew when the name changes, not for each query.
        name: format!("query {:016x}", xxhash_rust::xxh64::xxh64(&live, 0)),
        r#match: Some(matching(PathSpecifier::Path(path.to_owned()), &["POST"])),
        metadata: metadata(&live_metadata(&spec.live)),
        // The first answer holds the query id that history needs, and is a few hundred bytes: not worth compressing.
        request_headers_to_remove: ["accept-encoding", CLUSTER_HEADER, LIMIT_HEADER, LIMIT_WHOSE_HEADER]
            .map(str::to_owned)
            .to_vec(),
        request_body_buffer_limit: Some(UInt64Value { value: spec.body_limit }),
        action: Some(Action::Route(RouteAction {
            cluster_specifier: Some(ClusterSpecifier::ClusterHeader(CLUSTER_HEADER.to_owned())),
            retry_policy: Some(retry()),
            hash_policy: vec![hash_on_header()],
            ..forever()
        })),
        ..Route::default()
    };
    if spec.show_rule {
        route.response_headers_to_add =
            vec![header_option("x-warren-rule", "%FILTER_STATE(wasm.warren.rule:PLAIN)%", OverwriteIfExistsOrAdd)];
    }
    route
}

/// Read by groups with consistent hashing only; the filter sets the header, for such a group only. It cannot be removed here,
/// which would be before it is read: the group's Envoy cluster does.
fn hash_on_header() -> HashPolicy {
    HashPolicy {
        policy_specifier: Some(hash_policy::PolicySpecifier::Header(hash_policy::Header {
            header_name: HASH_HEADER.to_owned(),
            ..hash_policy::Header::default()
        })),
        ..HashPolicy::default()
    }
}

/// Single values that the filter reads by name: `serving.<group>`, and numbers under `load.<group>`.
fn live_metadata(live: &BTreeMap<&str, warren_rules::GroupState>) -> serde_json::Map<String, serde_json::Value> {
    let groups: serde_json::Map<String, serde_json::Value> = live
        .iter()
        .map(|(name, state)| ((*name).to_owned(), serde_json::to_value(state).unwrap_or_default()))
        .collect();
    serde_json::Map::from_iter([("groups".to_owned(), groups.into())])
}

/// A POST may be tried on another cluster of the group: Trino starts a query at the first GET of its `nextUri`. A web page is
/// no answer of Trino to it: something else listens at that address, for as long as health takes to see it.
fn retry() -> RetryPolicy {
    let web_page =
        StringMatcher { match_pattern: Some(MatchPattern::Prefix("text/html".to_owned())), ignore_case: true };
    RetryPolicy {
        retry_on: "connect-failure,refused-stream,reset-before-request,retriable-headers".to_owned(),
        retriable_headers: vec![HeaderMatcher {
            name: "content-type".to_owned(),
            header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(web_page)),
            ..HeaderMatcher::default()
        }],
        num_retries: Some(UInt32Value { value: 3 }),
        retry_host_predicate: vec![RetryHostPredicate {
            name: "envoy.retry_host_predicates.previous_hosts".to_owned(),
            config_type: Some(retry_host_predicate::ConfigType::TypedConfig(any(&PreviousHostsPredicate {}))),
        }],
        host_selection_retry_max_attempts: 5,
        ..RetryPolicy::default()
    }
}
