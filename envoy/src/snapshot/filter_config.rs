//! What the filter is told.

use super::{NAMESPACE, Settings};
use crate::resources::{CLUSTER_HEADER, group_cluster, own_cluster};
use crate::state::{Address, Policy, State};
use std::collections::BTreeMap;
use warren_rules::login::Login;
use warren_rules::{ClusterTarget, Data, GroupTarget, PluginConfig, RuleFile};

/// What the filter is told: rules, and where each group and cluster is.
pub(super) fn plugin_config(settings: &Settings, state: &State, files: Vec<RuleFile>, data: Data) -> PluginConfig {
    let groups = state
        .all_groups(&settings.default_group)
        .into_iter()
        .map(|(name, group)| {
            let target = GroupTarget {
                envoy_cluster: group_cluster(name),
                fall_back: group.map(|g| g.fall_back.clone()).unwrap_or_default(),
                strict: group.is_some_and(|g| g.strict),
                hash_on: group.filter(|g| g.policy == Policy::Hash).and_then(|g| g.hash_on.clone()),
            };
            (name.to_owned(), target)
        })
        .collect();
    let serving = state.clusters.iter().filter_map(|cluster| {
        let endpoint = state.endpoint_of(cluster)?;
        Address::parse(&endpoint.url).ok()?;
        let target = ClusterTarget {
            slug: endpoint.slug.clone(),
            envoy_cluster: own_cluster(&endpoint.slug),
            group: cluster.group.clone(),
            active: cluster.active,
        };
        Some((cluster.name.clone(), target))
    });
    // A transaction that began at an address which has since been retired goes on there.
    let retired = state.endpoints.iter().filter(|e| e.retired && Address::parse(&e.url).is_ok()).map(|e| {
        let target = ClusterTarget {
            slug: e.slug.clone(),
            envoy_cluster: own_cluster(&e.slug),
            group: String::new(),
            active: false,
        };
        (format!("retired/{}", e.slug), target)
    });
    let clusters = serving.chain(retired).collect();
    PluginConfig {
        version: state.rule_set.as_ref().map_or_else(|| "none".to_owned(), |r| r.version.to_string()),
        rules: files.into_iter().filter(RuleFile::is_script).collect(),
        data,
        candidate: None,
        default_group: settings.default_group.clone(),
        groups,
        clusters,
        external: BTreeMap::new(),
        login: settings
            .listener
            .login
            .as_ref()
            .map(|login| Login { statement_paths: settings.statement_paths.clone(), ..login.told.clone() }),
        body: true,
        routing_header: CLUSTER_HEADER.to_owned(),
        metadata_namespace: NAMESPACE.to_owned(),
        show_rule: settings.show_rule,
        history_text_bytes: settings.history_text_bytes,
    }
}
