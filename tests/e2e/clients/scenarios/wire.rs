//! How a client speaks.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use warren_tests::clients::{Client, Step};
use warren_tests::envoy::Envoy;
use warren_tests::load_balancer::Passed;

use super::rows::{MANY_ROWS, has_many_rows};
use crate::world::{Door, Told, World};

/// Reads many rows at a door, whatever else is looked at.
fn read_at(world: &World, client: Client, door: Door) -> Result<Told> {
    let told = world.ask(client, door, &[Step::Query(MANY_ROWS.to_owned())])?.success()?;
    has_many_rows(&told.seen)?;
    Ok(told)
}

/// Connections and requests that an Envoy got: of HTTP/1.1, of HTTP/2, requests.
fn counters(envoy: &Envoy) -> Result<[u64; 3]> {
    let count = |what: &str| envoy.stat(&format!("http.warren.downstream_{what}_total"));
    Ok([count("cx_http1")?, count("cx_http2")?, count("rq")?])
}

/// Reads many rows from an Envoy that nobody else speaks to meanwhile; the version of HTTP that the client speaks.
fn version(world: &World, client: Client, door: Door, envoy: &Envoy) -> Result<&'static str> {
    let before = counters(envoy)?;
    let told = read_at(world, client, door)?;
    assert_eq!(told.queries.len(), 1, "one query, known to one coordinator");
    let after = counters(envoy)?;
    let [one, two, requests] = [after[0] - before[0], after[1] - before[1], after[2] - before[2]];
    ensure!(requests >= 6, "all rows came in {requests} requests");
    match (one, two) {
        (1.., 0) => Ok("HTTP/1.1"),
        (0, 1..) => Ok("HTTP/2"),
        _ => bail!("{one} connections of HTTP/1.1 and {two} of HTTP/2 came"),
    }
}

pub(super) fn all_rows_come_over_plain_http(world: &World, client: Client) -> Result<String> {
    Ok(format!("each once, {}", version(world, client, Door::Plain, world.stack.envoy(0)?)?))
}

pub(super) fn all_rows_come_over_tls(world: &World, client: Client) -> Result<String> {
    Ok(format!("each once, {}", version(world, client, Door::Tls, &world.tls.envoy)?))
}

pub(super) fn all_rows_come_through_a_load_balancer(world: &World, client: Client) -> Result<String> {
    let told = read_at(world, client, Door::BalancerTls)?;
    let passed = world.passed(&told)?;
    let set = |of: fn(&Passed) -> Option<&str>| -> Vec<&str> {
        passed.iter().filter_map(of).collect::<BTreeSet<&str>>().into_iter().collect()
    };
    let (versions, encodings) = (set(|passed| Some(&passed.protocol)), set(|passed| passed.encoding.as_deref()));
    ensure!(passed.len() >= 6 && versions.len() == 1 && encodings.len() == 1, "{passed:?}");
    Ok(format!("each once, {}, {}", versions[0], encodings[0]))
}

pub(super) fn an_idle_result_can_be_read_on(world: &World, client: Client) -> Result<String> {
    let told = world.ask(client, Door::Balancer, &[Step::Idle(MANY_ROWS.to_owned())])?.success()?;
    has_many_rows(&told.seen)?;
    let passed = world.passed(&told)?;
    Ok(format!("all rows; {}", heartbeats(&passed)?))
}

/// Of a client that sends none, or was answered too soon to send one.
pub(super) const NO_HEARTBEAT: &str = "sends no heartbeat";

/// What was sent to tell the coordinator that somebody still wants the result.
pub(super) fn heartbeats(passed: &[Passed]) -> Result<&'static str> {
    // Status 0: what was waited for was there, and the client did not wait for the heartbeat's answer.
    let heads: Vec<&Passed> = passed.iter().filter(|passed| passed.method == "HEAD" && passed.status != 0).collect();
    if heads.is_empty() {
        return Ok(NO_HEARTBEAT);
    }
    ensure!(heads.iter().all(|head| head.status == 200 && head.path.starts_with("/c/")), "{heads:?}");
    Ok("heartbeats by HEAD of `nextUri`")
}
