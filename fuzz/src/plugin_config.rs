//! The filter's configuration: rules and names of Envoy clusters, as JSON.

use std::rc::Rc;

use warren_rules::{GroupState, LiveState, PluginConfig, Query, RuleSet, Target};

/// The input is the configuration, as the filter gets it. Either it is refused in words, or every query gets a decision,
/// and that leads to an Envoy cluster that the configuration names, or to words.
///
/// That a decision ends in time is the fuzzer's to see (`-timeout`).
pub fn plugin_config(input: &[u8]) {
    let config = match serde_json::from_slice::<PluginConfig>(input) {
        Ok(config) => config,
        Err(error) => return in_words(&error.to_string()),
    };
    let again = serde_json::to_vec(&config).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<PluginConfig>(&again).ok().as_ref(), Some(&config), "written and read again");
    let rules = match RuleSet::load(&config.rules, config.data.clone()) {
        Ok(rules) => rules,
        Err(errors) => {
            assert!(!errors.0.is_empty());
            return errors.0.iter().for_each(|error| in_words(&error.to_string()));
        }
    };
    for serving in [Serving::Nothing, Serving::Everything] {
        for (query, again) in queries().into_iter().zip(queries()) {
            let decision = rules.decide(Rc::new(query.live(Rc::new(serving))));
            assert_eq!(decision, rules.decide(Rc::new(again.live(Rc::new(serving)))), "decided otherwise again");
            decision.failed_rules().for_each(|(_, why)| in_words(why));
            in_the_configuration(&config, &config.target(&decision, &serving));
            let known = decision.rule.as_deref();
            assert!(known.is_none_or(|rule| rule == "otherwise" || rules.rule_names().any(|name| name == rule)));
        }
    }
}

/// An Envoy cluster that is not in the configuration is not there at all.
fn in_the_configuration(config: &PluginConfig, target: &Target<'_>) {
    match target {
        Target::Group { name, envoy_cluster, .. } => {
            assert_eq!(config.groups.get(*name).map(|group| group.envoy_cluster.as_str()), Some(*envoy_cluster));
        }
        Target::Cluster { name, group, envoy_cluster, slug } => {
            let cluster = config.clusters.get(*name);
            let known = cluster.map(|c| (c.group.as_str(), c.envoy_cluster.as_str(), c.slug.as_str()));
            assert_eq!(known, Some((*group, *envoy_cluster, *slug)));
            assert!(cluster.is_some_and(|cluster| cluster.active), "{name} takes no new queries");
        }
        Target::Unknown { message } => in_words(message),
    }
}

fn in_words(message: &str) {
    assert!(!message.trim().is_empty(), "an error without words");
}

fn queries() -> [Query; 3] {
    let headers = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let empty = Query::new("POST", "/v1/statement", Vec::new());
    let usual = headers(&[
        ("x-trino-user", "ann"),
        ("x-trino-source", "airflow"),
        ("x-trino-client-tags", "etl,nightly"),
        ("x-trino-session", "query_max_run_time=1h"),
        ("x-trino-catalog", "hive"),
    ]);
    let usual = Query::new("POST", "/v1/statement", usual).body("INSERT INTO t SELECT 1").now(1_790_164_800);
    let odd =
        headers(&[("x-trino-user", "\u{0}ä\u{10ffff}"), ("x-trino-client-tags", ",,"), ("x-trino-session", "=,=")]);
    let odd = Query::new("", "", odd).body("\u{feff}").now(i64::MIN).remote_address("::1");
    [empty, usual, odd]
}

/// Groups, all in the same state.
#[derive(Clone, Copy)]
enum Serving {
    Nothing,
    Everything,
}

impl LiveState for Serving {
    fn group(&self, name: &str) -> Option<GroupState> {
        let serving = self.serving(name);
        Some(GroupState { serving, clusters: i64::MAX, healthy: i64::MIN, running: -1, queued: 0 })
    }

    fn serving(&self, _: &str) -> bool {
        matches!(self, Serving::Everything)
    }
}
