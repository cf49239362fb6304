//! The table at the door: where a path leads, as Envoy reads our routes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use envoy_types::pb::envoy::config::route::v3::route::Action;
use envoy_types::pb::envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy_types::pb::envoy::config::route::v3::route_match::PathSpecifier;
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, Route, RouteConfiguration, RouteList, header_matcher};
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_tree::TreeType;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherType, on_match::OnMatch};
use prost::Message;
use regex_lite::Regex;
use warren::door::{FollowUps, RouteSpec, routes};
use warren_rules::{is_slug, slug};

/// What may be under a prefix, as Trino gets it.
const FOLLOW_UPS: [&str; 5] =
    ["/v1/statement/queued/", "/v1/statement/executing/", "/v1/spooled/", "/v1/query/", "/oauth2/"];

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
enum Goes {
    /// To the Envoy cluster that the rules choose.
    ByRules,
    /// To this Envoy cluster, with this path.
    To(String, String),
    /// Nowhere: Envoy answers by itself.
    Answered,
}

/// The input is lines: method, path, then the clusters' names, each with `=` and the last part of its query ids if that is
/// known. Slugs are slugs and unique; a path leads to a cluster only by its prefix or one of its query ids, and only to what
/// a follow-up may ask there; each cluster's own follow-ups lead to it.
pub fn path(input: &[u8]) {
    let text = warren_rules::header_text(input.to_vec());
    let mut lines = text.lines();
    let (method, path) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let mut slugs = BTreeSet::new();
    // Slug → last part of query ids.
    let mut clusters: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for line in lines.take(8) {
        let (name, id) = line.split_once('=').map_or((line, None), |(name, id)| (name, Some(id)));
        let slug = slug(name, &slugs);
        assert!(is_slug(&slug), "{name:?} became {slug:?}");
        assert!(slugs.insert(slug.clone()), "{slug:?} was taken");
        let is_id = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        clusters.insert(slug, id.filter(is_id));
    }
    let table = Table::of(&clusters);

    match table.goes(method, path) {
        Goes::ByRules => assert_eq!((method, before_query(path)), ("POST", "/v1/statement")),
        Goes::Answered => {}
        Goes::To(envoy_cluster, rewritten) => match envoy_cluster.split_once('/') {
            Some(("group", "adhoc")) => {
                assert!(["GET", "HEAD"].contains(&method), "{method} {path}");
                assert!(["/v1/info", "/v1/status", "/v1/statement"].contains(&before_query(path)), "{path}");
                assert_eq!(rewritten, path);
            }
            Some(("cluster", slug)) => leads_there(&clusters, slug, method, path, &rewritten),
            _ => unreachable!("{path:?} leads to {envoy_cluster:?}"),
        },
    }
    for (slug, id) in &clusters {
        let own = format!("cluster/{slug}");
        for follow_up in FOLLOW_UPS {
            let path =
                format!("{follow_up}{}", if path.is_empty() { "x" } else { "20260101_000000_00000_abcde/y/1?x" });
            let goes = table.goes("GET", &format!("/c/{slug}{path}"));
            assert_eq!(goes, Goes::To(own.clone(), path));
        }
        if let Some(id) = id {
            let path = format!("/v1/statement/executing/20260101_000000_00000_{id}/y/1");
            let first =
                clusters.iter().find(|(_, other)| **other == Some(id)).map(|(slug, _)| format!("cluster/{slug}"));
            assert_eq!(table.goes("GET", &path), Goes::To(first.unwrap_or_default(), path));
        }
    }
}

/// A cluster was named: by its prefix, or by one of its query ids.
fn leads_there(clusters: &BTreeMap<String, Option<&str>>, slug: &str, method: &str, path: &str, rewritten: &str) {
    let id = clusters.get(slug).unwrap_or_else(|| unreachable!("no cluster has the slug {slug:?}"));
    assert!(["GET", "HEAD", "DELETE", "POST"].contains(&method), "{method} {path}");
    assert!(method != "POST" || rewritten.starts_with("/oauth2/"), "{method} {path}");
    assert!(FOLLOW_UPS.iter().any(|allowed| rewritten.starts_with(allowed)), "{path:?} reaches Trino as {rewritten:?}");
    match path.strip_prefix(&format!("/c/{slug}")) {
        Some(rest) => assert_eq!(rest, rewritten),
        None => {
            assert_eq!(path, rewritten);
            assert!(id.is_some_and(|id| path.contains(&format!("_{id}"))), "{path:?} holds no id of {slug:?}");
        }
    }
}

/// Our routes, read as Envoy reads them.
struct Table {
    /// Prefix → routes, the first that matches.
    tree: HashMap<String, Vec<Route>>,
}

impl Table {
    fn of(clusters: &BTreeMap<String, Option<&str>>) -> Table {
        let coordinators =
            clusters.iter().map(|(slug, id)| FollowUps { slug, coordinator_id: *id, external_url: None });
        let config = routes(&RouteSpec {
            default_group: "adhoc",
            statement_paths: &["/v1/statement".to_owned()],
            extra_paths: &[],
            ui_domain: None,
            coordinators: coordinators.collect(),
            live: BTreeMap::new(),
            body_limit: 1024,
            show_rule: false,
            login: None,
        });
        Table { tree: tree(config).unwrap_or_else(|| unreachable!("the routes are no tree of prefixes")) }
    }

    fn goes(&self, method: &str, path: &str) -> Goes {
        let longest =
            self.tree.iter().filter(|(prefix, _)| path.starts_with(*prefix)).max_by_key(|(prefix, _)| prefix.len());
        // Envoy refuses what does not start with a slash before it asks for a route.
        let Some((_, routes)) = longest else { return Goes::Answered };
        let found = routes.iter().find(|route| matches(route, method, path));
        let found = found.unwrap_or_else(|| unreachable!("no route for {method:?} {path:?}"));
        let Some(Action::Route(action)) = &found.action else { return Goes::Answered };
        match &action.cluster_specifier {
            Some(ClusterSpecifier::ClusterHeader(_)) => Goes::ByRules,
            Some(ClusterSpecifier::Cluster(cluster)) => {
                let prefix = found.r#match.as_ref().and_then(|m| m.path_specifier.as_ref());
                let rewritten = match prefix {
                    Some(PathSpecifier::Prefix(prefix)) if !action.prefix_rewrite.is_empty() => {
                        format!("{}{}", action.prefix_rewrite, path.strip_prefix(prefix.as_str()).unwrap_or_default())
                    }
                    _ => path.to_owned(),
                };
                Goes::To(cluster.clone(), rewritten)
            }
            other => unreachable!("{other:?}"),
        }
    }
}

fn tree(config: RouteConfiguration) -> Option<HashMap<String, Vec<Route>>> {
    let matcher = config.virtual_hosts.into_iter().next()?.matcher?;
    let Some(MatcherType::MatcherTree(tree)) = matcher.matcher_type else { return None };
    let Some(TreeType::PrefixMatchMap(map)) = tree.tree_type else { return None };
    let routes = |leads_to| match leads_to {
        Some(OnMatch::Action(action)) => {
            RouteList::decode(action.typed_config?.value.as_slice()).ok().map(|list| list.routes)
        }
        _ => None,
    };
    map.map.into_iter().map(|(prefix, on)| Some((prefix, routes(on.on_match)?))).collect()
}

fn matches(route: &Route, method: &str, path: &str) -> bool {
    let Some(wanted) = &route.r#match else { return false };
    let path = match &wanted.path_specifier {
        Some(PathSpecifier::Prefix(prefix)) => path.starts_with(prefix),
        Some(PathSpecifier::Path(exact)) => before_query(path) == exact,
        Some(PathSpecifier::SafeRegex(regex)) => is_match(&regex.regex, before_query(path)),
        other => unreachable!("{other:?}"),
    };
    path && wanted.headers.iter().all(|header| is_of(header, method))
}

fn is_of(header: &HeaderMatcher, method: &str) -> bool {
    assert_eq!(header.name, ":method");
    let Some(header_matcher::HeaderMatchSpecifier::StringMatch(text)) = &header.header_match_specifier else {
        unreachable!("{header:?}")
    };
    match &text.match_pattern {
        Some(MatchPattern::Exact(exact)) => method == exact,
        Some(MatchPattern::SafeRegex(regex)) => is_match(&regex.regex, method),
        other => unreachable!("{other:?}"),
    }
}

/// Envoy's regular expressions match the whole.
fn is_match(regex: &str, text: &str) -> bool {
    Regex::new(&format!("^(?:{regex})$")).is_ok_and(|regex| regex.is_match(text))
}

fn before_query(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}
