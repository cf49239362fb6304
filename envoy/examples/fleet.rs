//! Many Envoys, as far as xDS goes: each subscribes to all that a real one does, accepts everything, and keeps nothing.
//!
//! `fleet HOST:PORT COUNT`. Prints a line of JSON when all have everything, and one for each line that it reads: what came
//! since then, once nothing came for two seconds.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::core::v3::{Node, TypedExtensionConfig};
use envoy_types::pb::envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy_types::pb::envoy::config::listener::v3::Listener;
use envoy_types::pb::envoy::config::route::v3::RouteConfiguration;
use envoy_types::pb::envoy::service::discovery::v3::DeltaDiscoveryRequest;
use envoy_types::pb::envoy::service::discovery::v3::aggregated_discovery_service_client::AggregatedDiscoveryServiceClient;
use prost::{Message, Name};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// The one listener, route configuration and filter.
const ONLY: &str = "warren";
/// Nothing came for as long: all that was to come has.
const QUIET: Duration = Duration::from_secs(2);

/// Something that one Envoy was sent.
struct Arrival {
    envoy: usize,
    at: Instant,
    bytes: usize,
}

/// What all of them were sent since the last line.
#[derive(Serialize)]
struct Wave {
    envoys: usize,
    responses: usize,
    bytes: usize,
    /// When the last Envoy got its first response and when anything came last, in microseconds since 1970.
    all_reached_at: u128,
    last_at: u128,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let xds = arguments.next().context("fleet HOST:PORT COUNT")?;
    let count: usize = arguments.next().context("fleet HOST:PORT COUNT")?.parse().context("COUNT is no number")?;
    let (arrivals, mut arrived) = mpsc::channel(100_000);
    for envoy in 0..count {
        let (xds, arrivals) = (xds.clone(), arrivals.clone());
        tokio::spawn(async move {
            if let Err(error) = run(&xds, envoy, arrivals).await {
                eprintln!("envoy {envoy}: {error:#}");
            }
        });
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        println!("{}", serde_json::to_string(&wave(&mut arrived, count).await)?);
        if lines.next_line().await?.is_none() {
            return Ok(());
        }
    }
}

/// Waits until each Envoy got something and then nothing came for a while.
async fn wave(arrived: &mut mpsc::Receiver<Arrival>, count: usize) -> Wave {
    let mut first = BTreeMap::new();
    let (mut responses, mut bytes, mut last) = (0, 0, Instant::now());
    loop {
        match tokio::time::timeout(QUIET, arrived.recv()).await {
            Ok(Some(arrival)) => {
                responses += 1;
                bytes += arrival.bytes;
                last = arrival.at;
                first.entry(arrival.envoy).or_insert(arrival.at);
            }
            Ok(None) => break,
            Err(_) if first.len() == count => break,
            Err(_) => {}
        }
    }
    let reached = first.values().max().copied().unwrap_or(last);
    Wave { envoys: first.len(), responses, bytes, all_reached_at: micros(reached), last_at: micros(last) }
}

fn micros(at: Instant) -> u128 {
    let then = SystemTime::now().checked_sub(at.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH);
    then.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros()
}

async fn run(xds: &str, envoy: usize, arrivals: mpsc::Sender<Arrival>) -> Result<()> {
    let mut client = AggregatedDiscoveryServiceClient::connect(format!("http://{xds}"))
        .await
        .context("cannot connect")?
        .max_decoding_message_size(256 << 20);
    let (requests, stream) = mpsc::channel(64);
    let subscribe = |kind: String, names: Vec<String>| DeltaDiscoveryRequest {
        node: Some(Node { id: format!("fleet-{envoy}"), ..Node::default() }),
        type_url: kind,
        resource_names_subscribe: names,
        ..DeltaDiscoveryRequest::default()
    };
    requests.send(subscribe(Cluster::type_url(), vec![])).await?;
    requests.send(subscribe(Listener::type_url(), vec![])).await?;
    for kind in [RouteConfiguration::type_url(), TypedExtensionConfig::type_url()] {
        requests.send(subscribe(kind, vec![ONLY.to_owned()])).await?;
    }
    let mut responses = client.delta_aggregated_resources(ReceiverStream::new(stream)).await?.into_inner();
    while let Some(response) = responses.message().await? {
        arrivals.send(Arrival { envoy, at: Instant::now(), bytes: response.encoded_len() }).await?;
        let groups: Vec<String> =
            response.resources.iter().map(|r| r.name.clone()).filter(|name| name.starts_with("group/")).collect();
        let new_groups = response.type_url == Cluster::type_url() && !groups.is_empty();
        requests
            .send(DeltaDiscoveryRequest {
                type_url: response.type_url,
                response_nonce: response.nonce,
                ..DeltaDiscoveryRequest::default()
            })
            .await?;
        if new_groups {
            requests.send(subscribe(ClusterLoadAssignment::type_url(), groups)).await?;
        }
    }
    Ok(())
}
