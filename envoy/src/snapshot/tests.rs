use super::*;
use crate::load::Load;
use crate::state::{Cluster, Endpoint, Group, Policy, RuleSetVersion};
use envoy_types::pb::envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy_types::pb::envoy::config::route::v3::{RouteConfiguration, RouteList};
use envoy_types::pb::xds::r#type::matcher::v3::matcher::matcher_tree::TreeType;
use envoy_types::pb::xds::r#type::matcher::v3::matcher::{MatcherType, on_match::OnMatch};
use std::net::IpAddr;
use warren_rules::{Data, RuleFile};

fn settings() -> Settings {
    Settings {
        default_group: "adhoc".into(),
        statement_paths: vec!["/v1/statement".into()],
        extra_paths: vec![],
        ui_domain: None,
        show_rule: false,
        history_text_bytes: 0,
        listener: ListenerSpec {
            listen: ([127, 0, 0, 1], 8080).into(),
            trusted_hops: 0,
            tls: None,
            login: None,
            access_log: true,
            history: None,
            upstream_stats: false,
            no_cluster_status: 503,
            body_limit: 8 << 20,
            request_timeout: std::time::Duration::from_secs(300),
        },
        redirect: None,
        module: Module::Fetched { sha256: "ab".repeat(32) },
        services: Services::new(),
    }
}

/// Two clusters of `etl`, one of `adhoc`, all active and healthy.
fn world() -> (State, Observed) {
    let mut state = State {
        groups: vec![Group { name: "etl".into(), fall_back: vec!["adhoc".into()], ..Group::default() }],
        rule_set: rules("otherwise(route(\"adhoc\"));"),
        ..State::default()
    };
    let mut observed = Observed::default();
    for (n, (name, group)) in [("etl-1", "etl"), ("etl-2", "etl"), ("adhoc-1", "adhoc")].into_iter().enumerate() {
        let url = format!("http://trino-{name}:8080");
        state.clusters.push(Cluster {
            name: name.into(),
            group: group.into(),
            active: true,
            url: url.clone(),
            external_url: url.clone(),
            ..Cluster::default()
        });
        state.endpoints.push(Endpoint {
            slug: name.into(),
            cluster: name.into(),
            url,
            coordinator_id: Some(format!("abcd{}", n + 2)),
            retired: false,
            tls: crate::trino::TrinoTls::default(),
        });
        observed.addresses.insert(format!("trino-{name}"), vec![IpAddr::from([10, 0, 0, u8::try_from(n).unwrap()])]);
        observed.health.insert(name.into(), Health { healthy: true, reason: String::new() });
    }
    (state, observed)
}

fn rules(source: &str) -> Option<RuleSetVersion> {
    Some(RuleSetVersion { version: 1, files: vec![RuleFile { name: "rules.rhai".into(), source: source.into() }] })
}

fn build(state: &State, observed: &Observed) -> Snapshot {
    Snapshot::build(&settings(), state, observed).unwrap()
}

/// `Cluster group/etl` …, whose version differs.
fn changed(old: &Snapshot, new: &Snapshot) -> Vec<String> {
    let all = |s: &Snapshot| -> BTreeMap<String, String> {
        Kind::ALL
            .into_iter()
            .flat_map(|k| {
                s.resources(k).map(move |(n, r)| (format!("{k:?} {n}"), r.version.clone())).collect::<Vec<_>>()
            })
            .collect()
    };
    let (old, new) = (all(old), all(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().filter(|n| old.get(*n) != new.get(*n)).cloned().collect()
}

/// `slug health weight` of a group's endpoints.
fn endpoints(snapshot: &Snapshot, group: &str) -> Vec<String> {
    let body = &snapshot.get(Kind::Endpoint, &group_cluster(group)).unwrap().body;
    let assignment = ClusterLoadAssignment::decode(body.value.as_slice()).unwrap();
    let all = assignment.endpoints.into_iter().flat_map(|l| l.lb_endpoints);
    all.map(|e| {
        let fields = &e.metadata.unwrap().filter_metadata[NAMESPACE].fields;
        let Some(envoy_types::pb::google::protobuf::value::Kind::StringValue(slug)) = &fields["slug"].kind else {
            panic!()
        };
        let health = if e.health_status == 1 { "healthy" } else { "unhealthy" };
        format!("{slug} {health} {}", e.load_balancing_weight.unwrap().value)
    })
    .collect()
}

/// The tree of routes as text: prefix, then the routes' names in order.
fn routes(snapshot: &Snapshot) -> String {
    let body = &snapshot.get(Kind::Route, ROUTES).unwrap().body;
    let config = RouteConfiguration::decode(body.value.as_slice()).unwrap();
    let mut lines = Vec::new();
    for host in config.virtual_hosts {
        lines.push(format!("host {}", host.domains.join(" ")));
        lines.extend(host.routes.iter().map(|r| format!("  {}", r.name)));
        let Some(MatcherType::MatcherTree(tree)) = host.matcher.and_then(|m| m.matcher_type) else { continue };
        let Some(TreeType::PrefixMatchMap(map)) = tree.tree_type else { continue };
        let sorted: BTreeMap<_, _> = map.map.into_iter().collect();
        for (prefix, leads_to) in sorted {
            let Some(OnMatch::Action(action)) = leads_to.on_match else { continue };
            let list = RouteList::decode(action.typed_config.unwrap().value.as_slice()).unwrap();
            // The name of the query route ends with a hash of the live state.
            let shown = |name: String| if name.len() == 22 { name.replace(&name[5..], "") } else { name };
            let names: Vec<String> = list.routes.into_iter().map(|r| shown(r.name)).collect();
            lines.push(format!("  {prefix}: {}", names.join(" | ")));
        }
    }
    lines.join("\n")
}

#[test]
fn holds_everything_that_the_state_names() {
    let (state, observed) = world();
    let snapshot = build(&state, &observed);
    let names: Vec<String> = Kind::ALL
        .iter()
        .flat_map(|k| snapshot.resources(*k).map(|(n, _)| format!("{} {n}", k.label())).collect::<Vec<_>>())
        .collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    clusters cluster/adhoc-1
    clusters cluster/etl-1
    clusters cluster/etl-2
    clusters group/adhoc
    clusters group/etl
    endpoints group/adhoc
    endpoints group/etl
    listener warren
    rules warren
    rules warren-limits
    routes warren
    ");
}

#[test]
fn leads_each_path_where_the_table_at_the_door_says() {
    let (mut state, observed) = world();
    state.endpoints[2].coordinator_id = None;
    insta::assert_snapshot!(routes(&build(&state, &observed)), @r"
    host *
      /: query | HEAD /v1/statement | info | status | by id etl-1 | query etl-1 | by id etl-2 | query etl-2 | not found
      /c/: not found
      /c/adhoc-1/: follow-up adhoc-1 | follow-up adhoc-1 | follow-up adhoc-1 | follow-up adhoc-1 | follow-up adhoc-1 | not found | follow-up adhoc-1 | follow-up adhoc-1 | ui adhoc-1 | not found
      /c/etl-1/: follow-up etl-1 | follow-up etl-1 | follow-up etl-1 | follow-up etl-1 | follow-up etl-1 | not found | follow-up etl-1 | follow-up etl-1 | ui etl-1 | not found
      /c/etl-2/: follow-up etl-2 | follow-up etl-2 | follow-up etl-2 | follow-up etl-2 | follow-up etl-2 | not found | follow-up etl-2 | follow-up etl-2 | ui etl-2 | not found
    ");
}

#[test]
fn the_same_state_gives_the_same_versions() {
    let (state, observed) = world();
    assert_eq!(build(&state, &observed).version, build(&state, &observed).version);
}

#[test]
fn a_deactivated_cluster_leaves_its_group_and_keeps_its_own_envoy_cluster() {
    let (mut state, observed) = world();
    let before = build(&state, &observed);
    state.clusters[0].active = false;
    let after = build(&state, &observed);
    assert_eq!(endpoints(&after, "etl"), ["etl-2 healthy 100"]);
    assert_eq!(changed(&before, &after), ["Endpoint group/etl", "Filter warren"]);
}

#[test]
fn health_changes_the_endpoints_and_the_serving_bit_only_when_the_last_one_goes() {
    let (state, mut observed) = world();
    let all = build(&state, &observed);
    let unhealthy = Health { healthy: false, reason: "no connection".into() };
    observed.health.insert("etl-1".into(), unhealthy.clone());
    let one = build(&state, &observed);
    assert_eq!(endpoints(&one, "etl"), ["etl-1 unhealthy 100", "etl-2 healthy 100"]);
    assert_eq!(changed(&all, &one), ["Endpoint group/etl"]);
    observed.health.insert("etl-2".into(), unhealthy);
    assert_eq!(changed(&one, &build(&state, &observed)), ["Endpoint group/etl", "Route warren"]);
}

#[test]
fn a_change_of_rules_changes_the_filter_alone() {
    let (mut state, observed) = world();
    let before = build(&state, &observed);
    state.rule_set = rules("otherwise(route(\"etl\"));");
    assert_eq!(changed(&before, &build(&state, &observed)), ["Filter warren"]);
}

#[test]
fn numbers_of_groups_are_pushed_only_when_a_rule_reads_them() {
    let (mut state, mut observed) = world();
    state.rule_set = rules("rule(\"r\", |q| if q.group(\"etl\").healthy > 1 { route(\"etl\") });");
    let before = build(&state, &observed);
    observed.health.insert("etl-1".into(), Health { healthy: false, reason: "no connection".into() });
    assert_eq!(changed(&before, &build(&state, &observed)), ["Endpoint group/etl", "Route warren"]);
}

#[test]
fn weights_are_what_was_set_less_what_a_cluster_is_busy() {
    let (mut state, mut observed) = world();
    state.clusters[0].settings.weight = 10;
    observed.shares.insert("etl-2".into(), 25);
    assert_eq!(endpoints(&build(&state, &observed), "etl"), ["etl-1 healthy 10", "etl-2 healthy 25"]);
    observed.shares.insert("etl-1".into(), 5);
    assert_eq!(endpoints(&build(&state, &observed), "etl"), ["etl-1 healthy 1", "etl-2 healthy 25"]);
}

#[test]
fn a_cluster_with_as_many_queries_as_it_may_run_gets_no_more() {
    let (mut state, mut observed) = world();
    state.clusters[0].settings.max_running = Some(3);
    for (running, want) in [(2, "etl-1 healthy 100"), (3, "etl-1 unhealthy 100")] {
        observed.loads.insert("etl-1".into(), Load { running, ..Load::default() });
        assert_eq!(endpoints(&build(&state, &observed), "etl")[0], want, "{running} running");
    }
}

#[test]
fn a_groups_policy_is_its_envoy_clusters_and_changes_nothing_else() {
    let (mut state, observed) = world();
    let before = build(&state, &observed);
    state.groups[0].policy = Policy::Random;
    assert_eq!(changed(&before, &build(&state, &observed)), ["Cluster group/etl"]);
    state.groups[0].policy = Policy::Hash;
    state.groups[0].hash_on = Some("user".into());
    let after = build(&state, &observed);
    assert_eq!(changed(&before, &after), ["Cluster group/etl", "Filter warren"]);
    let body = &after.get(Kind::Cluster, "group/etl").unwrap().body;
    let cluster = envoy_types::pb::envoy::config::cluster::v3::Cluster::decode(body.value.as_slice()).unwrap();
    assert_eq!(cluster.lb_policy().as_str_name(), "MAGLEV");
}

#[test]
fn a_retired_address_keeps_its_follow_ups_and_its_transactions() {
    let (mut state, observed) = world();
    state.clusters.remove(0);
    state.endpoints[0].retired = true;
    let snapshot = build(&state, &observed);
    assert_eq!(endpoints(&snapshot, "etl"), ["etl-2 healthy 100"]);
    assert!(snapshot.get(Kind::Cluster, "cluster/etl-1").is_some());
    assert!(routes(&snapshot).contains("/c/etl-1/: follow-up etl-1"), "{}", routes(&snapshot));
    let config = plugin_config(&settings(), &state, vec![], Data::default());
    assert_eq!(config.cluster_of_slug("etl-1").map(|(name, _)| name), Some("retired/etl-1"));
}

#[test]
fn the_default_group_is_there_before_any_cluster() {
    let snapshot = build(&State::default(), &Observed::default());
    assert_eq!(endpoints(&snapshot, "adhoc"), [""; 0]);
}

#[test]
fn an_envoy_with_an_address_of_its_own_differs_in_its_listener_alone() {
    let (state, observed) = world();
    let snapshot = build(&state, &observed);
    let other = snapshot.listening_on(&settings(), ([127, 0, 0, 1], 9090).into());
    assert_eq!(changed(&snapshot, &other), ["Listener warren"]);
}

#[test]
fn a_name_that_leads_nowhere_is_found_before_it_is_served() {
    let (state, observed) = world();
    let snapshot = build(&state, &observed);
    let mut config = plugin_config(&settings(), &state, vec![], Data::default());
    config.groups.get_mut("etl").unwrap().envoy_cluster = "group/elt".into();
    assert_eq!(
        snapshot.consistent(&config).unwrap_err().to_string(),
        "Filter `etl` names Envoy cluster `group/elt`, which is not in the snapshot"
    );
}

#[test]
fn rules_that_do_not_compile_are_not_served() {
    let (mut state, observed) = world();
    state.rule_set = rules("let x = 1;");
    let error = Snapshot::build(&settings(), &state, &observed).unwrap_err().to_string();
    assert!(error.starts_with("rules: "), "{error}");
}
