//! Trino Gateway as it comes and as one would tune it.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::ground::{GROUP, Ground};
use crate::http;
use crate::trino_gateway::{TrinoGateway, TrinoGatewayOptions};

/// The five rules of `five.rhai`.
const RULES: &str = include_str!("trino_gateway_rules.yaml");

/// Its health check runs each 5 s.
const HEALTHY: Duration = Duration::from_secs(120);

/// Starts it on a database of its own, gives it the upstream as its only cluster, and waits until that is healthy.
/// `tuned`: the list of clusters from memory, no query history, no log line a request.
pub(super) fn start(ground: &Ground, name: &str, tuned: bool) -> Result<TrinoGateway> {
    let database = name.replace('-', "_");
    ground.postgres.create_database(&database)?;
    let gateway =
        TrinoGateway::start(&ground.programs, &ground.run, &ground.postgres, name, &options(database, tuned))?;
    serve(&gateway, &ground.upstream_url())?;
    Ok(gateway)
}

/// What is not named has its default, but for the delay of health checks, which is no part of a query's way.
fn options(database: String, tuned: bool) -> TrinoGatewayOptions {
    TrinoGatewayOptions {
        database,
        migrations: true,
        rules: Some(RULES.to_owned()),
        history: !tuned,
        cached: tuned,
        chatty: !tuned,
        health_period: "5s".to_owned(),
        java: vec!["-Xmx1g".to_owned()],
        ..TrinoGatewayOptions::default()
    }
}

fn serve(gateway: &TrinoGateway, upstream: &str) -> Result<()> {
    let add = format!("{}/gateway/backend/modify/add", gateway.url());
    let cluster = json!({"name": "bench-1", "proxyTo": upstream, "active": true, "routingGroup": GROUP});
    http::send("POST", &add, &[("Content-Type", "application/json")], &cluster.to_string())?.success(&add)?;
    let state = format!("{}/api/public/backends/bench-1/state", gateway.url());
    gateway.process.wait_until(HEALTHY, "its cluster to be healthy", || {
        let state = http::get(&state, &[])?.json(&state)?;
        ensure!(state.get("trinoStatus").is_some_and(|status| status == "HEALTHY"), "{state}");
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn default_and_tuned_differ_in_what_is_said_and_nothing_else() {
        let text = |tuned| options("x".to_owned(), tuned).configuration(Path::new("/r"), 1, 2, "warren");
        let (default, tuned) = (text(false), text(true));
        let only_in = |one: &str, other: &str| -> Vec<String> {
            one.lines().filter(|line| !other.lines().any(|l| l == *line)).map(|line| line.trim().to_owned()).collect()
        };
        assert_eq!(only_in(&default, &tuned), ["queryHistoryEnabled: true", "enabled: false"]);
        assert_eq!(
            only_in(&tuned, &default),
            ["log.levels-file: /r/log.properties", "queryHistoryEnabled: false", "enabled: true"]
        );
    }
}
