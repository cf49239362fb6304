//! A coordinator of a group of two is not well.

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::relay::{Manner, http_answer};

use crate::scene::Scene;

/// The one that is not well.
const VICTIM: &str = "adhoc-2";

pub(super) fn killed(scene: &Scene) -> Result<()> {
    let victim = scene.stack.trino(VICTIM)?;
    scene.fault();
    victim.process.kill9()?;
    scene.queries_of_may_fail(VICTIM)?;
    scene.settles()?;
    victim.start_again()?;
    scene.settles()
}

pub(super) fn stopped(scene: &Scene) -> Result<()> {
    let victim = scene.stack.trino(VICTIM)?;
    scene.fault();
    victim.process.stop()?;
    scene.queries_of_may_fail(VICTIM)?;
    scene.settles()?;
    victim.start_again()?;
    scene.settles()
}

pub(super) fn deactivated_and_restarted(scene: &Scene) -> Result<()> {
    let victim = scene.stack.trino(VICTIM)?;
    scene.fault();
    scene.stack.warren.cli(&["clusters", "deactivate", VICTIM])?;
    eventually(Duration::from_secs(60), "its last query to end", || {
        let running = victim.queries()?.iter().filter(|query| !query.has_ended()).count();
        ensure!(running == 0, "{running} queries run");
        Ok(())
    })?;
    victim.process.stop()?;
    victim.start_again()?;
    scene.stack.warren.cli(&["clusters", "activate", VICTIM])?;
    scene.settles()
}

pub(super) fn paused(scene: &Scene) -> Result<()> {
    let victim = &scene.stack.trino(VICTIM)?.process;
    scene.fault();
    victim.pause()?;
    scene.lasts(Duration::from_secs(20));
    victim.resume()?;
    scene.settles()
}

pub(super) fn refuses(scene: &Scene) -> Result<()> {
    let relay = scene.behind_relay(VICTIM)?;
    scene.fault();
    relay.set(Manner::Refuse)?;
    scene.lasts(Duration::from_secs(10));
    relay.set(Manner::Pass)?;
    scene.settles()
}

/// Something else listens there now.
pub(super) fn not_http(scene: &Scene) -> Result<()> {
    answers(scene, "SSH-2.0-OpenSSH_9.2p1\r\n".to_owned())
}

/// A web server listens there now, or a page of a proxy comes in between.
pub(super) fn web_page(scene: &Scene) -> Result<()> {
    answers(scene, http_answer("200 OK", "text/html", "<html><body><h1>It works!</h1></body></html>"))
}

fn answers(scene: &Scene, bytes: String) -> Result<()> {
    let relay = scene.behind_relay(VICTIM)?;
    scene.fault();
    relay.set(Manner::Answer(bytes))?;
    scene.queries_of_may_fail(VICTIM)?;
    scene.settles()?;
    relay.set(Manner::Pass)?;
    scene.settles()
}

pub(super) fn starting_for_ever(scene: &Scene) -> Result<()> {
    let relay = scene.behind_relay(VICTIM)?;
    scene.fault();
    let info =
        r#"{"nodeVersion":{"version":"476"},"environment":"test","coordinator":true,"starting":true,"uptime":"1.00s"}"#;
    relay.set(Manner::AnswerPath("/v1/info", http_answer("200 OK", "application/json", info)))?;
    scene.lasts(Duration::from_secs(10));
    scene.settles()?;
    relay.set(Manner::Pass)?;
    scene.settles()
}
