//! How Envoy finds out who a client is, before the filter is asked: tokens are checked by Envoy's own filter, certificates by
//! its TLS; what it found goes into headers that it took from the client first.

use super::cluster::at_address;
use super::route::xds_extension;
use super::upstream_tls::upstream;
use super::{CONTROL, any, duration, extension, login_cluster, set_header, u32_value};
use crate::login::{ClientCertificates, Keys, LoginSettings, PROXY_USER, Tokens, Trust};
use crate::state::Address;
use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::common::mutation_rules::v3::HeaderMutation;
use envoy_types::pb::envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction::OverwriteIfExistsOrAdd;
use envoy_types::pb::envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy_types::pb::envoy::config::core::v3::{ApiVersion, DataSource, GrpcService, HttpUri, data_source};
use envoy_types::pb::envoy::config::rbac::v3::{Permission, Policy, Principal, Rbac, permission, principal};
use envoy_types::pb::envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy_types::pb::envoy::config::route::v3::route_match::PathSpecifier;
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, RouteMatch};
use envoy_types::pb::envoy::extensions::common::matching::v3::ExtensionWithMatcher;
use envoy_types::pb::envoy::extensions::filters::common::matcher::action::v3::SkipFilter;
use envoy_types::pb::envoy::extensions::filters::http::ext_authz::v3::ExtAuthz;
use envoy_types::pb::envoy::extensions::filters::http::ext_authz::v3::ext_authz::Services;
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::jwt_provider::JwksSourceSpecifier;
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::jwt_requirement::RequiresType;
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::requirement_rule::RequirementType;
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::{
    JwksAsyncFetch, JwtAuthentication, JwtClaimToHeader, JwtHeader, JwtProvider, JwtRequirement, JwtRequirementOrList,
    RemoteJwks, RequirementRule,
};
use envoy_types::pb::envoy::extensions::filters::http::rbac::v3::Rbac as RbacFilter;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy_types::pb::envoy::r#type::matcher::v3::{HttpRequestHeaderMatchInput, ListStringMatcher, StringMatcher};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::protobuf::Empty;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::predicate::{
    MatchType, SinglePredicate, single_predicate,
};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_list::{FieldMatcher, Predicate};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherList, MatcherType, OnMatch, on_match};
use envoy_types::pb::xds::r#type::matcher::v3::regex_matcher::{EngineType, GoogleRe2};
use envoy_types::pb::xds::r#type::matcher::v3::string_matcher::MatchPattern as XdsPattern;
use envoy_types::pb::xds::r#type::matcher::v3::{
    Matcher, RegexMatcher as XdsRegexMatcher, StringMatcher as XdsStringMatcher,
};
use std::collections::HashMap;
use std::time::Duration;
use warren_rules::login::{CLAIMS_HEADER, PEER_HEADER, PEER_URI_HEADER, PRINCIPAL_HEADER};

/// Name in the filter chain of what checks tokens.
pub(crate) const TOKEN_FILTER: &str = "warren-tokens";
/// Name in the filter chain of what lets Warren check passwords.
pub(crate) const PASSWORD_FILTER: &str = "warren-passwords";
/// Name in the filter chain of what lets nobody past who was not let in.
pub(crate) const LAST_WORD: &str = "warren-let-in";
/// How long checking a password may take: there may be a queue for it.
const PASSWORD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a provider may take to hand out its keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(5);
/// When keys that could not be fetched are asked for again.
const KEYS_AGAIN: Duration = Duration::from_secs(2);

/// Headers that tell the filter what Envoy saw of the connection. They come after what the client sent of that name is gone.
pub(super) fn at_the_door(login: &LoginSettings) -> Vec<HeaderMutation> {
    let set = |name: &str, value: &str| set_header(name, value, OverwriteIfExistsOrAdd);
    let mut mutations = Vec::new();
    if let Some(ClientCertificates { header, by_uri, .. }) = &login.certificate {
        mutations.push(set(header, if *by_uri { "%DOWNSTREAM_PEER_URI_SAN%" } else { "%DOWNSTREAM_PEER_SUBJECT%" }));
    }
    if let Some(name) = &login.header {
        mutations.push(set(PROXY_USER, &format!("%REQ({name})%")));
        mutations.push(set(PEER_HEADER, "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"));
        mutations.push(set(PEER_URI_HEADER, "%DOWNSTREAM_PEER_URI_SAN%"));
    }
    mutations
}

/// What finds out who it is, before the rules' filter.
pub(super) fn filters(login: &LoginSettings) -> Vec<HttpFilter> {
    [token_filter(login), password_filter(login)].into_iter().flatten().collect()
}

/// Lets nobody past whom the rules' filter did not let in: nor while that is not there, which Envoy passes over.
pub(super) fn last_word() -> HttpFilter {
    let let_in = HeaderMatcher {
        name: PRINCIPAL_HEADER.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::PresentMatch(true)),
        ..HeaderMatcher::default()
    };
    let policy = Policy {
        permissions: vec![Permission { rule: Some(permission::Rule::Any(true)) }],
        principals: vec![Principal { identifier: Some(principal::Identifier::Header(let_in)) }],
        ..Policy::default()
    };
    let rules = Rbac { policies: HashMap::from([("let in".to_owned(), policy)]), ..Rbac::default() };
    let config = RbacFilter { rules: Some(rules), ..RbacFilter::default() };
    HttpFilter {
        name: LAST_WORD.to_owned(),
        config_type: Some(http_filter::ConfigType::TypedConfig(any(&config))),
        ..HttpFilter::default()
    }
}

/// The filter that checks tokens. A request without one passes: it may be somebody in another way, and the rules' filter
/// lets nobody in who is not. One with a token that is not right does not.
fn token_filter(login: &LoginSettings) -> Option<HttpFilter> {
    if login.tokens.is_empty() {
        return None;
    }
    let requires = |kind| JwtRequirement { requires_type: Some(kind) };
    let providers = login.tokens.iter().map(|tokens| requires(RequiresType::ProviderName(tokens.provider.clone())));
    let any_of = providers.chain([requires(RequiresType::AllowMissing(Empty {}))]).collect();
    let config = JwtAuthentication {
        providers: login.tokens.iter().map(|tokens| (tokens.provider.clone(), tokens_of(login, tokens))).collect(),
        rules: vec![RequirementRule {
            r#match: Some(RouteMatch {
                path_specifier: Some(PathSpecifier::Prefix("/".to_owned())),
                ..RouteMatch::default()
            }),
            requirement_type: Some(RequirementType::Requires(requires(RequiresType::RequiresAny(
                JwtRequirementOrList { requirements: any_of },
            )))),
        }],
        ..JwtAuthentication::default()
    };
    Some(HttpFilter {
        name: TOKEN_FILTER.to_owned(),
        config_type: Some(http_filter::ConfigType::TypedConfig(any(&config))),
        ..HttpFilter::default()
    })
}

/// The filter that lets Warren check passwords. It is passed over for requests that bring none, so that only who logs in by a
/// password depends on Warren being there.
fn password_filter(login: &LoginSettings) -> Option<HttpFilter> {
    if !login.passwords {
        return None;
    }
    let ask = ExtAuthz {
        transport_api_version: ApiVersion::V3.into(),
        services: Some(Services::GrpcService(GrpcService {
            target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
                cluster_name: CONTROL.to_owned(),
                ..EnvoyGrpc::default()
            })),
            timeout: Some(duration(PASSWORD_TIMEOUT)),
            ..GrpcService::default()
        })),
        // Clients try again on 503, and show it; 403 would say that something is wrong with them.
        status_on_error: Some(HttpStatus { code: 503 }),
        allowed_headers: Some(ListStringMatcher { patterns: vec![exact("authorization")] }),
        ..ExtAuthz::default()
    };
    let brings_a_password = Predicate {
        match_type: Some(MatchType::SinglePredicate(SinglePredicate {
            input: Some(xds_extension(
                "authorization",
                &HttpRequestHeaderMatchInput { header_name: "authorization".to_owned() },
            )),
            matcher: Some(single_predicate::Matcher::ValueMatch(XdsStringMatcher {
                match_pattern: Some(XdsPattern::SafeRegex(XdsRegexMatcher {
                    regex: "(?i)\\s*basic\\s.*".to_owned(),
                    engine_type: Some(EngineType::GoogleRe2(GoogleRe2 {})),
                })),
                ..XdsStringMatcher::default()
            })),
        })),
    };
    let brings_none = Predicate { match_type: Some(MatchType::NotMatcher(Box::new(brings_a_password))) };
    let skip = OnMatch {
        on_match: Some(on_match::OnMatch::Action(xds_extension("skip", &SkipFilter {}))),
        ..OnMatch::default()
    };
    let config = ExtensionWithMatcher {
        extension_config: Some(extension("envoy.filters.http.ext_authz", &ask)),
        xds_matcher: Some(Matcher {
            matcher_type: Some(MatcherType::MatcherList(MatcherList {
                matchers: vec![FieldMatcher { predicate: Some(brings_none), on_match: Some(skip) }],
            })),
            ..Matcher::default()
        }),
        ..ExtensionWithMatcher::default()
    };
    Some(HttpFilter {
        name: PASSWORD_FILTER.to_owned(),
        config_type: Some(http_filter::ConfigType::TypedConfig(any(&config))),
        ..HttpFilter::default()
    })
}

fn exact(text: &str) -> StringMatcher {
    StringMatcher { match_pattern: Some(MatchPattern::Exact(text.to_owned())), ..StringMatcher::default() }
}

fn tokens_of(login: &LoginSettings, tokens: &Tokens) -> JwtProvider {
    JwtProvider {
        issuer: tokens.issuer.clone(),
        audiences: tokens.audiences.clone(),
        require_expiration: true,
        forward: login.pass_credentials,
        // Nowhere else: by default a query parameter would do, too, and end up in logs.
        from_headers: vec![JwtHeader { name: "authorization".to_owned(), value_prefix: "Bearer ".to_owned() }],
        forward_payload_header: CLAIMS_HEADER.to_owned(),
        claim_to_headers: vec![JwtClaimToHeader {
            header_name: tokens.header.clone(),
            claim_name: tokens.user_claim.clone(),
            ..JwtClaimToHeader::default()
        }],
        jwks_source_specifier: Some(match &tokens.keys {
            Keys::Known(jwks) => JwksSourceSpecifier::LocalJwks(inline(jwks)),
            Keys::Fetched { url, every, .. } => JwksSourceSpecifier::RemoteJwks(RemoteJwks {
                http_uri: Some(HttpUri {
                    uri: url.clone(),
                    timeout: Some(duration(KEYS_TIMEOUT)),
                    http_upstream_type: Some(HttpUpstreamType::Cluster(login_cluster(&tokens.provider))),
                }),
                cache_duration: Some(duration(*every)),
                // By the main thread, ahead of time: queries do not wait for it, and old keys serve while it fails.
                async_fetch: Some(JwksAsyncFetch {
                    fast_listener: false,
                    failed_refetch_duration: Some(duration(KEYS_AGAIN)),
                }),
                ..RemoteJwks::default()
            }),
        }),
        ..JwtProvider::default()
    }
}

/// Where a provider hands out its keys.
pub(crate) fn provider(name: &str, host: &str, port: u16, trust: Option<&Trust>) -> Cluster {
    let address = Address { tls: trust.is_some(), host: host.to_owned(), port };
    let transport_socket = trust.map(|trust| match trust {
        Trust::Ca(pem) => upstream(host, Some(pem), None, true),
        Trust::System => upstream(host, None, None, true),
    });
    Cluster { transport_socket, ..at_address(login_cluster(name), &address, None) }
}

/// What clients' certificates must be signed by.
pub(super) fn client_validation(certificate: &ClientCertificates) -> CertificateValidationContext {
    CertificateValidationContext {
        trusted_ca: Some(inline(&certificate.ca)),
        max_verify_depth: u32_value(4),
        ..CertificateValidationContext::default()
    }
}

fn inline(text: &str) -> DataSource {
    DataSource { specifier: Some(data_source::Specifier::InlineString(text.to_owned())), ..DataSource::default() }
}
