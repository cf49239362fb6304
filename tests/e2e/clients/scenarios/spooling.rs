//! Results in segments: small ones within the page, large ones spooled to S3, fetched from there or through the
//! coordinator, and acknowledged.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::clients::{Client, Step};
use warren_tests::eventually::eventually;
use warren_tests::load_balancer::Passed;

use super::rows::{MANY_ROWS, has_many_rows};
use super::wire::{NO_HEARTBEAT, heartbeats};
use crate::kind::Kind;
use crate::world::{Door, Told, World};

/// How often a client is asked before it is said to send no heartbeat.
const ATTEMPTS: u32 = 5;

/// The encoding that client and Trino agreed on; none if the client asks for none.
fn encoding(passed: &[Passed]) -> Result<Option<&str>> {
    let post = passed.iter().find(|passed| passed.method == "POST").context("no POST passed")?;
    Ok(post.takes.as_deref().and(passed.iter().find_map(|passed| passed.gives.as_deref())))
}

/// Requests for segments, or to acknowledge them.
fn segments<'a>(passed: &'a [Passed], what: &str) -> Vec<&'a Passed> {
    let under = format!("/v1/spooled/{what}/");
    passed.iter().filter(|passed| passed.path.starts_with("/c/") && passed.path.contains(&under)).collect()
}

/// Asks at the load balancer; with each request that passed for it.
fn ask(world: &World, client: Client, step: Step) -> Result<(Told, Vec<Passed>)> {
    let before = world.balancer.passed()?.len();
    let told = world.ask(client, Door::Balancer, &[step])?.success()?;
    // Nobody else comes here, and the address of a segment names no query.
    let passed = world.balancer.passed()?.split_off(before);
    Ok((told, passed))
}

pub(super) fn a_small_result_comes_inline(world: &World, client: Client) -> Result<String> {
    let sql = "SELECT sequential_number, 'é' FROM TABLE(sequence(1, 25))".to_owned();
    let (told, passed) = ask(world, client, Step::Query(sql))?;
    let mut values = told.seen.values.clone();
    values.sort_by_key(|value| value.split('\t').next().and_then(|number| number.parse::<u64>().ok()));
    assert_eq!(told.seen.rows, 25);
    assert_eq!(values.first().map(String::as_str), Some("1\té"));
    assert_eq!(segments(&passed, "").len(), 0, "{passed:?}");
    Ok(match encoding(&passed)? {
        Some(encoding) => format!("all rows, `{encoding}`"),
        None => "all rows; asks for no segments".to_owned(),
    })
}

pub(super) fn a_large_result_comes_spooled(world: &World, client: Client) -> Result<String> {
    let (told, passed) = ask(world, client, Step::Query(MANY_ROWS.to_owned()))?;
    has_many_rows(&told.seen)?;
    let Some(encoding) = encoding(&passed)? else {
        assert_eq!(segments(&passed, "").len(), 0, "{passed:?}");
        return Ok("all rows; asks for no segments".to_owned());
    };
    let (fetched, acknowledged) = (segments(&passed, "download"), segments(&passed, "ack"));
    let by_coordinator = world.kind == Kind::SpoolingByCoordinator;
    ensure!(fetched.is_empty() != by_coordinator, "{passed:?}");
    ensure!(fetched.iter().chain(&acknowledged).all(|passed| passed.status == 200), "{passed:?}");
    ensure!(acknowledged.len() > 1, "{} segments were acknowledged: {passed:?}", acknowledged.len());
    let s3 = world.s3.as_ref().context("no S3")?;
    eventually(Duration::from_secs(20), "all segments to be removed, since they were acknowledged", || {
        let left = s3.segments()?;
        ensure!(left == 0, "{left} are left");
        Ok(())
    })?;
    Ok(format!("all rows, `{encoding}`; acknowledged and removed"))
}

pub(super) fn heartbeats_reach_the_coordinator(world: &World, client: Client) -> Result<String> {
    // A client that sends them does so between two pages only: none, if all segments are there at once.
    for _ in 0..ATTEMPTS {
        let (told, passed) = ask(world, client, Step::Heartbeat(MANY_ROWS.to_owned()))?;
        has_many_rows(&told.seen)?;
        let sent = heartbeats(&passed)?;
        if sent != NO_HEARTBEAT {
            return Ok(format!("all rows; {sent}"));
        }
    }
    Ok(format!("all rows; {NO_HEARTBEAT}"))
}
