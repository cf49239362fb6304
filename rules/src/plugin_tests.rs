use super::*;
use crate::live_state::GroupState;

/// The groups that serve.
struct Serving(&'static [&'static str]);

impl LiveState for Serving {
    fn group(&self, _name: &str) -> Option<GroupState> {
        None
    }

    fn serving(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

fn config() -> PluginConfig {
    let json = r#"{
        "version": "7", "rules": [], "default_group": "adhoc", "body": false,
        "routing_header": "x-warren-route", "metadata_namespace": "warren",
        "groups": {
            "adhoc": {"envoy_cluster": "group/adhoc"},
            "etl": {"envoy_cluster": "group/etl", "fall_back": ["night", "gone"]},
            "night": {"envoy_cluster": "group/night"},
            "vault": {"envoy_cluster": "group/vault", "strict": true}
        },
        "clusters": {
            "trino-1": {"slug": "t1", "envoy_cluster": "cluster/t1", "group": "etl", "active": true},
            "trino-2": {"slug": "t2", "envoy_cluster": "cluster/t2", "group": "etl", "active": false}
        }
    }"#;
    serde_json::from_str(json).unwrap()
}

fn route(groups: &[&str], cluster: Option<&str>, only: bool) -> Decision {
    let groups = groups.iter().map(|name| (*name).to_owned()).collect();
    decision(Action::Route { groups, cluster: cluster.map(str::to_owned), only })
}

fn decision(action: Action) -> Decision {
    Decision { action, ..Decision::default() }
}

#[test]
fn the_first_serving_group_wins() {
    let config = config();
    for (groups, only, serving, want) in [
        (&["etl"][..], false, &["etl", "night", "adhoc"][..], "etl"),
        (&["etl"], false, &["night", "adhoc"], "night"),
        (&["etl"], false, &["adhoc"], "adhoc"),
        (&["etl"], true, &["adhoc"], "etl"),
        (&["etl"], true, &["night"], "night"),
        (&["etl"], false, &[], "etl"),
        (&["etl", "vault"], false, &["vault", "night"], "vault"),
        (&["vault"], false, &["adhoc"], "vault"),
        (&["vault", "etl"], false, &["adhoc"], "vault"),
        (&["gone", "etl"], false, &["etl"], "etl"),
        (&["gone", "etl"], false, &[], "etl"),
    ] {
        let envoy_cluster = format!("group/{want}");
        let want = Target::Group { name: want, envoy_cluster: &envoy_cluster, hash_on: None };
        assert_eq!(config.target(&route(groups, None, only), &Serving(serving)), want, "{groups:?} {serving:?}");
    }
    assert_eq!(
        config.target(&decision(Action::Default), &Serving(&[])),
        Target::Group { name: "adhoc", envoy_cluster: "group/adhoc", hash_on: None }
    );
}

#[test]
fn a_cluster_is_taken_as_it_is() {
    assert_eq!(
        config().target(&route(&["etl"], Some("trino-1"), false), &Serving(&[])),
        Target::Cluster { name: "trino-1", group: "etl", envoy_cluster: "cluster/t1", slug: "t1" }
    );
    assert_eq!(config().cluster_of_slug("t1").map(|(name, _)| name), Some("trino-1"));
    assert_eq!(config().cluster_of_slug("trino-1"), None);
}

#[test]
fn says_what_is_known_when_a_name_is_not() {
    for (decision, want) in [
        (route(&["gone"], None, false), "unknown group `gone`; known: `adhoc`, `etl`, `night`, `vault`"),
        (route(&["etl"], Some("t1"), false), "unknown cluster `t1`; known: `trino-1`, `trino-2`"),
        (route(&["etl"], Some("trino-2"), false), "cluster `trino-2` takes no new queries now"),
        (decision(Action::Deny { message: "no".to_owned() }), "the query is denied, so it goes nowhere"),
    ] {
        assert_eq!(config().target(&decision, &Serving(&["adhoc"])), Target::Unknown { message: want.to_owned() });
    }
}

#[test]
fn refuses_fields_it_does_not_know() {
    let error = serde_json::from_str::<GroupTarget>(r#"{"envoy_cluster": "a", "strickt": true}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown field `strickt`, expected one of `envoy_cluster`, `fall_back`, `strict`, `hash_on` at line 1 column 32"
    );
}
