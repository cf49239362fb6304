//! What is known of a cluster, in Trino Gateway's words.

use super::{Api, Fault, find};
use crate::state::Cluster;
use crate::status::{ClusterStatus, NOT_CHECKED};
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

/// Health and load of a cluster in Trino Gateway's JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterState {
    cluster_id: String,
    running_query_count: u32,
    queued_query_count: u32,
    num_worker_nodes: u32,
    trino_status: TrinoStatus,
    proxy_to: String,
    external_url: String,
    routing_group: String,
}

/// Trino Gateway's four words for health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum TrinoStatus {
    Healthy,
    Unhealthy,
    /// Not checked yet, or Trino says that it is starting.
    Pending,
    /// Not served yet, so not looked at.
    Unknown,
}

pub(super) async fn show(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<ClusterState>, Fault> {
    let cluster = find(&api, &name).await?;
    let clusters = api.status.report().clusters;
    Ok(Json(of(cluster, clusters.iter().find(|c| c.name == name && !c.retired))))
}

fn of(cluster: Cluster, seen: Option<&ClusterStatus>) -> ClusterState {
    let load = seen.and_then(|cluster| cluster.load).unwrap_or_default();
    ClusterState {
        cluster_id: cluster.name,
        running_query_count: load.running,
        queued_query_count: load.queued,
        num_worker_nodes: load.workers.unwrap_or_default(),
        trino_status: trino_status(seen),
        proxy_to: cluster.url,
        external_url: cluster.external_url,
        routing_group: cluster.group,
    }
}

fn trino_status(seen: Option<&ClusterStatus>) -> TrinoStatus {
    match seen {
        None => TrinoStatus::Unknown,
        Some(cluster) if cluster.healthy => TrinoStatus::Healthy,
        Some(cluster) if cluster.reason == NOT_CHECKED || cluster.reason == "starting" => TrinoStatus::Pending,
        Some(_) => TrinoStatus::Unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Life;
    use crate::load::Load;
    use crate::state::ClusterSettings;

    fn seen(healthy: bool, reason: &str) -> ClusterStatus {
        ClusterStatus {
            name: "etl-1".into(),
            slug: "etl-1".into(),
            group: "etl".into(),
            url: "http://t:8080".into(),
            external_url: "http://t:8080".into(),
            life: Life::Serving,
            active: true,
            healthy,
            retired: false,
            reason: reason.into(),
            load: Some(Load { running: 3, queued: 1, workers: Some(2), memory: None }),
            weight: 100,
            settings: ClusterSettings::default(),
            coordinator_id: None,
        }
    }

    #[test]
    fn health_has_trino_gateways_four_words() {
        for (seen, word) in [
            (None, TrinoStatus::Unknown),
            (Some(seen(false, NOT_CHECKED)), TrinoStatus::Pending),
            (Some(seen(false, "starting")), TrinoStatus::Pending),
            (Some(seen(false, "no connection")), TrinoStatus::Unhealthy),
            (Some(seen(true, "")), TrinoStatus::Healthy),
        ] {
            assert_eq!(trino_status(seen.as_ref()), word, "{seen:?}");
        }
    }

    #[test]
    fn keys_stand_in_trino_gateways_order() {
        let cluster = Cluster {
            name: "etl-1".into(),
            group: "etl".into(),
            active: true,
            url: "http://t:8080".into(),
            external_url: "http://t".into(),
            ..Cluster::default()
        };
        assert_eq!(
            serde_json::to_string(&of(cluster, Some(&seen(true, "")))).unwrap(),
            r#"{"clusterId":"etl-1","runningQueryCount":3,"queuedQueryCount":1,"numWorkerNodes":2,"trinoStatus":"HEALTHY","proxyTo":"http://t:8080","externalUrl":"http://t","routingGroup":"etl"}"#
        );
    }
}
