//! RDS: who may go where (`docs/architecture.md`, "At the door"). A tree on the path, so that a follow-up is found in a few
//! steps however many clusters there are, and no rule runs for it.

mod new_query;

use super::login::{LAST_WORD, PASSWORD_FILTER, TOKEN_FILTER};
use super::{FILTER, LIMITS, ROUTES, any, bool_value, extension, group_cluster, header_option, own_cluster, reply};
use envoy_types::pb::envoy::config::core::v3::header_value_option::HeaderAppendAction::{
    OverwriteIfExists, OverwriteIfExistsOrAdd,
};
use envoy_types::pb::envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy_types::pb::envoy::config::route::v3::redirect_action::{PathRewriteSpecifier, SchemeRewriteSpecifier};
use envoy_types::pb::envoy::config::route::v3::route::Action;
use envoy_types::pb::envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy_types::pb::envoy::config::route::v3::route_match::PathSpecifier;
use envoy_types::pb::envoy::config::route::v3::{
    FilterConfig, HeaderMatcher, RedirectAction, Route, RouteAction, RouteConfiguration, RouteList, RouteMatch,
    VirtualHost,
};
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy_types::pb::envoy::r#type::matcher::v3::{HttpRequestHeaderMatchInput, RegexMatcher, StringMatcher};
use envoy_types::pb::google::protobuf::Duration;
use envoy_types::pb::xds::core::v3::TypedExtensionConfig;
use envoy_types::pb::xds::r#type::matcher::v3::Matcher;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_tree::{MatchMap, TreeType};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherTree, MatcherType, OnMatch, on_match};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use warren_rules::reply::NOT_FOUND;
use warren_rules::{PREFIX_HEADER, prefix};

/// All that the routes are made of.
#[derive(Serialize)]
pub struct RouteSpec<'a> {
    /// Group of `/v1/info` and its like.
    pub default_group: &'a str,
    /// Paths that take new queries; `/v1/statement` first.
    pub statement_paths: &'a [String],
    /// Further path prefixes that go to the default group, by configuration.
    pub extra_paths: &'a [String],
    /// `trino.example`: the UI of the cluster with slug `x` is at `x.trino.example`.
    pub ui_domain: Option<&'a str>,
    /// Every known coordinator, serving or not: its follow-ups are always tried.
    pub coordinators: Vec<FollowUps<'a>>,
    /// Live state for the filter, by group.
    pub live: BTreeMap<&'a str, warren_rules::GroupState>,
    /// Largest query text that a rule reads, in bytes. There whether or not a rule reads one now: rules and routes are
    /// pushed apart, and a text must never meet new rules under an old limit.
    pub body_limit: u64,
    /// Answer with the rule's name in `X-Warren-Rule`.
    pub show_rule: bool,
    /// Somebody has to log in. Headers that are not for Trino.
    pub login: Option<Vec<String>>,
}

impl RouteSpec<'_> {
    /// For whoever comes: the filter is switched off, so that the VM is not entered on this route.
    fn open(&self, mut route: Route) -> Route {
        let mut off = vec![FILTER, LIMITS];
        if self.login.is_some() {
            off.extend([TOKEN_FILTER, PASSWORD_FILTER, LAST_WORD]);
        }
        let disabled = any(&FilterConfig { disabled: true, ..FilterConfig::default() });
        route.typed_per_filter_config = off.into_iter().map(|name| (name.to_owned(), disabled.clone())).collect();
        route
    }

    /// For those who are logged in, if anybody has to be: the filter looks at that, and at nothing else.
    fn guarded(&self, route: Route) -> Route {
        if self.login.is_some() { route } else { self.open(route) }
    }
}

/// A coordinator and what leads to it.
#[derive(Serialize)]
pub struct FollowUps<'a> {
    /// Its slug.
    pub slug: &'a str,
    /// The last part of the query ids that it makes, if that is known.
    pub coordinator_id: Option<&'a str>,
    /// Where people reach it, for its UI.
    pub external_url: Option<&'a str>,
}

/// A query id less its last part, which names the coordinator (`QueryIdGenerator`): day, time, number.
const QUERY_ID: &str = r"\d{8}_\d{6}_\d{5}_";

/// The one route configuration.
pub fn routes(spec: &RouteSpec<'_>) -> RouteConfiguration {
    let mut virtual_hosts = vec![VirtualHost {
        name: "warren".to_owned(),
        domains: vec!["*".to_owned()],
        matcher: Some(tree(spec)),
        ..VirtualHost::default()
    }];
    if let Some(domain) = spec.ui_domain {
        virtual_hosts.extend(spec.coordinators.iter().map(|c| ui_host(spec, c.slug, domain)));
    }
    RouteConfiguration {
        name: ROUTES.to_owned(),
        virtual_hosts,
        request_headers_to_remove: spec.login.clone().unwrap_or_default(),
        // `x-warren-cluster` names Envoy clusters that a push may just have removed: found out per query, not at load.
        validate_clusters: bool_value(false),
        ..RouteConfiguration::default()
    }
}

fn tree(spec: &RouteSpec<'_>) -> Matcher {
    let mut map = HashMap::from([
        ("/".to_owned(), leads_to(at_the_root(spec))),
        ("/c/".to_owned(), leads_to(vec![spec.open(unknown_cluster())])),
    ]);
    for coordinator in &spec.coordinators {
        map.insert(format!("{}/", prefix(coordinator.slug)), leads_to(under_prefix(spec, coordinator)));
    }
    Matcher {
        matcher_type: Some(MatcherType::MatcherTree(MatcherTree {
            input: Some(xds_extension("path", &HttpRequestHeaderMatchInput { header_name: ":path".to_owned() })),
            tree_type: Some(TreeType::PrefixMatchMap(MatchMap { map })),
        })),
        ..Matcher::default()
    }
}

/// What is allowed under a cluster's prefix; a wider prefix would let anyone PUT a node's state.
fn under_prefix(spec: &RouteSpec<'_>, coordinator: &FollowUps<'_>) -> Vec<Route> {
    let slug = coordinator.slug;
    let prefix = prefix(slug);
    let route_to = |path: &str, methods: &[&str]| {
        let to_itself = RouteAction { prefix_rewrite: format!("/{path}"), ..to_cluster(&own_cluster(slug)) };
        let route = Route {
            name: format!("follow-up {slug}"),
            r#match: Some(matching(PathSpecifier::Prefix(format!("{prefix}/{path}")), methods)),
            action: Some(Action::Route(to_itself)),
            ..Route::default()
        };
        under_its_prefix(slug, route)
    };
    // Who knows the address of a running query was let in when it was new.
    let follow_up = |path: &str, methods: &[&str]| spec.open(route_to(path, methods));
    let nothing_else = || spec.open(not_found("only the follow-ups of running queries are served under this prefix"));
    let mut routes = vec![
        // First and apart what nearly all requests are; one method is found sooner than several.
        follow_up("v1/statement/executing/", &["GET"]),
        follow_up("v1/statement/queued/", &["GET"]),
        follow_up("v1/statement/executing/", &["HEAD", "DELETE"]),
        follow_up("v1/statement/queued/", &["HEAD", "DELETE"]),
        follow_up("v1/spooled/", &["GET", "DELETE"]),
        // Without an id it is the list of everybody's queries, with their texts.
        Route { r#match: Some(matching(PathSpecifier::Path(format!("{prefix}/v1/query/")), &[])), ..nothing_else() },
        spec.guarded(route_to("v1/query/", &["GET", "DELETE"])),
        follow_up("oauth2/", &["GET", "POST", "DELETE"]),
    ];
    if let Some(redirect) = coordinator.external_url.and_then(redirect_to_ui) {
        routes.push(spec.open(Route {
            name: format!("ui {slug}"),
            r#match: Some(matching(PathSpecifier::Prefix(format!("{prefix}/ui/")), &["GET", "HEAD"])),
            action: Some(Action::Redirect(RedirectAction {
                path_rewrite_specifier: Some(PathRewriteSpecifier::PrefixRewrite("/ui/".to_owned())),
                ..redirect
            })),
            ..Route::default()
        }));
    }
    routes.push(nothing_else());
    routes
}

/// A coordinator forgets its prefix from request to request, and its transaction ids say nothing of it: the former is
/// told with each request, the latter leave as `<id>@<slug>`.
fn under_its_prefix(slug: &str, route: Route) -> Route {
    let id = "x-trino-started-transaction-id";
    let with_slug = format!("%RESP({id})%@{slug}");
    Route {
        request_headers_to_add: vec![header_option(PREFIX_HEADER, &prefix(slug), OverwriteIfExistsOrAdd)],
        response_headers_to_add: vec![header_option(id, &with_slug, OverwriteIfExists)],
        ..route
    }
}

/// Trino's UI calls absolute paths, so it cannot live under a prefix: off to where it can be reached.
fn redirect_to_ui(external_url: &str) -> Option<RedirectAction> {
    let url = url::Url::parse(external_url).ok()?;
    Some(RedirectAction {
        host_redirect: url.host_str()?.to_owned(),
        port_redirect: u32::from(url.port_or_known_default()?),
        scheme_rewrite_specifier: Some(SchemeRewriteSpecifier::SchemeRedirect(url.scheme().to_owned())),
        ..RedirectAction::default()
    })
}

fn at_the_root(spec: &RouteSpec<'_>) -> Vec<Route> {
    let default_group = group_cluster(spec.default_group);
    let mut routes: Vec<Route> = spec.statement_paths.iter().map(|path| new_query::new_query(spec, path)).collect();
    let exactly = |name: &str, path: &str, methods: &[&str]| {
        plain(name, PathSpecifier::Path(path.to_owned()), methods, &default_group)
    };
    routes.extend([
        spec.guarded(exactly("HEAD /v1/statement", "/v1/statement", &["HEAD"])),
        spec.open(exactly("info", "/v1/info", &["GET", "HEAD"])),
        spec.open(exactly("status", "/v1/status", &["GET", "HEAD"])),
    ]);
    for coordinator in &spec.coordinators {
        let Some(id) = coordinator.coordinator_id else { continue };
        let slug = coordinator.slug;
        let by_id = |name: String, path: String, methods: &[&str]| {
            under_its_prefix(slug, plain(&name, regex(path), methods, &own_cluster(slug)))
        };
        let statement = format!("/v1/statement/(?:queued|executing|executing/partialCancel)/{QUERY_ID}{id}/.*");
        let query = format!("/v1/query/{QUERY_ID}{id}(?:/.*)?");
        routes.push(spec.open(by_id(format!("by id {slug}"), statement, &["GET", "HEAD", "DELETE"])));
        routes.push(spec.guarded(by_id(format!("query {slug}"), query, &["GET", "DELETE"])));
    }
    let extra = |path: &String| plain("extra", PathSpecifier::Prefix(path.clone()), &[], &default_group);
    routes.extend(spec.extra_paths.iter().map(|path| spec.guarded(extra(path))));
    routes.push(spec.open(not_found("this path is not served here; queries go to /v1/statement")));
    routes
}

fn ui_host(spec: &RouteSpec<'_>, slug: &str, domain: &str) -> VirtualHost {
    let ui = own_cluster(slug);
    let routes = vec![
        // `..;` is a way up to some servers that it is not to Envoy.
        Route {
            r#match: Some(matching(regex(".*(?:;|%3[bB]).*".to_owned()), &[])),
            ..not_found("a path here holds no semicolon")
        },
        plain("ui", PathSpecifier::Path("/ui".to_owned()), &["GET", "HEAD"], &ui),
        plain("ui", PathSpecifier::Prefix("/ui/".to_owned()), &[], &ui),
        plain("oauth2", PathSpecifier::Prefix("/oauth2/".to_owned()), &[], &ui),
        Route {
            name: "ui root".to_owned(),
            r#match: Some(matching(PathSpecifier::Path("/".to_owned()), &["GET", "HEAD"])),
            action: Some(Action::Redirect(RedirectAction {
                path_rewrite_specifier: Some(PathRewriteSpecifier::PathRedirect("/ui/".to_owned())),
                ..RedirectAction::default()
            })),
            ..Route::default()
        },
        not_found("only the cluster's UI is served on this host"),
    ];
    VirtualHost {
        name: format!("ui {slug}"),
        domains: vec![format!("{slug}.{domain}"), format!("{slug}.{domain}:*")],
        routes: routes.into_iter().map(|route| spec.open(route)).collect(),
        ..VirtualHost::default()
    }
}

fn unknown_cluster() -> Route {
    not_found("no cluster is known by this prefix; the cluster that ran the query is gone")
}

fn not_found(message: &str) -> Route {
    Route {
        name: "not found".to_owned(),
        r#match: Some(matching(PathSpecifier::Prefix("/".to_owned()), &[])),
        action: Some(Action::DirectResponse(reply::direct(404, message, NOT_FOUND))),
        ..Route::default()
    }
}

fn plain(name: &str, path: PathSpecifier, methods: &[&str], cluster: &str) -> Route {
    Route {
        name: name.to_owned(),
        r#match: Some(matching(path, methods)),
        action: Some(Action::Route(to_cluster(cluster))),
        ..Route::default()
    }
}

fn matching(path: PathSpecifier, methods: &[&str]) -> RouteMatch {
    let method = match methods {
        [] => None,
        [one] => Some(MatchPattern::Exact((*one).to_owned())),
        several => Some(MatchPattern::SafeRegex(RegexMatcher { regex: several.join("|"), ..RegexMatcher::default() })),
    };
    RouteMatch {
        path_specifier: Some(path),
        headers: method
            .map(|pattern| HeaderMatcher {
                name: ":method".to_owned(),
                header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(StringMatcher {
                    match_pattern: Some(pattern),
                    ..StringMatcher::default()
                })),
                ..HeaderMatcher::default()
            })
            .into_iter()
            .collect(),
        ..RouteMatch::default()
    }
}

fn regex(regex: String) -> PathSpecifier {
    PathSpecifier::SafeRegex(RegexMatcher { regex, ..RegexMatcher::default() })
}

fn to_cluster(cluster: &str) -> RouteAction {
    RouteAction { cluster_specifier: Some(ClusterSpecifier::Cluster(cluster.to_owned())), ..forever() }
}

/// Trino holds a poll for a second or so and a large page may take long: no limit on the whole, an hour of silence at most.
fn forever() -> RouteAction {
    RouteAction {
        timeout: Some(Duration::default()),
        idle_timeout: Some(Duration { seconds: 3_600, nanos: 0 }),
        ..RouteAction::default()
    }
}

fn leads_to(routes: Vec<Route>) -> OnMatch {
    OnMatch {
        on_match: Some(on_match::OnMatch::Action(xds_extension("routes", &RouteList { routes }))),
        ..OnMatch::default()
    }
}

/// The matcher API has a `TypedExtensionConfig` of its own, of the same shape.
pub(super) fn xds_extension<M: prost::Message + prost::Name>(name: &str, message: &M) -> TypedExtensionConfig {
    let config = extension(name, message);
    TypedExtensionConfig { name: config.name, typed_config: config.typed_config }
}
