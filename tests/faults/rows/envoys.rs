//! One of two Envoys is not well.

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::http;

use crate::scene::Scene;

pub(super) fn killed(scene: &Scene) -> Result<()> {
    let envoy = scene.stack.envoy(1)?;
    scene.fault();
    envoy.process.kill9()?;
    scene.lasts(Duration::from_secs(3));
    envoy.start_again()?;
    scene.settles()
}

pub(super) fn hot_restarted(scene: &Scene) -> Result<()> {
    let old = scene.stack.envoy(1)?;
    scene.fault();
    let successor = scene.keep(old.successor()?);
    eventually(Duration::from_secs(60), "the old Envoy to end", || {
        ensure!(!old.process.alive(), "it still runs");
        Ok(())
    })?;
    scene.settles()?;
    ensure!(successor.stat("http.warren.downstream_rq_2xx")? > 0, "the successor has answered nothing");
    Ok(())
}

/// As when it is replaced: it says that it leaves, closes its door, ends, and another one starts.
pub(super) fn drained(scene: &Scene) -> Result<()> {
    let envoy = scene.stack.envoy(1)?;
    let door = format!("{}/v1/info", scene.stack.url(1)?);
    scene.fault();
    envoy.tell("/healthcheck/fail")?;
    envoy.tell("/drain_listeners?graceful")?;
    eventually(Duration::from_secs(60), "its door to close", || {
        ensure!(http::get(&door, &[]).is_err(), "it is open");
        Ok(())
    })?;
    envoy.process.stop()?;
    envoy.start_again()?;
    envoy.wait_live()?;
    scene.settles()
}
