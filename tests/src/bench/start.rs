//! How long an Envoy takes to start, and what it holds then, with the filter and without.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::ground::{Ground, ask};
use super::kernel;
use super::statistics::Spread;
use super::warren_envoy::{FIVE, WarrenEnvoy, plain_envoy};
use crate::envoy::Envoy;
use crate::eventually::finely;
use crate::progress::Progress;

const LIVE: Duration = Duration::from_secs(60);

/// Starts of one kind of Envoy.
#[derive(Debug, Clone)]
pub(super) struct Starts {
    /// What was started.
    pub(super) what: &'static str,
    /// From the start of the process to the first `LIVE` of its admin address, in milliseconds.
    pub(super) live: Spread,
    /// Memory after a first query, in megabytes.
    pub(super) memory: Spread,
}

/// Starts each kind of Envoy a few times, with one worker, on any core.
pub(super) fn measure(ground: &Ground, times: usize, progress: &Progress) -> Result<Vec<Starts>> {
    let start = |bootstrap: &str| {
        let start = || Envoy::start(&ground.programs, &ground.run, "start-warren", bootstrap, 1);
        ground.cores.starting_on(ground.cores.all(), start)
    };
    let warren = WarrenEnvoy::start(ground, "start-warren", FIVE, &[], start)?;
    let (plain, plain_url) = ground.cores.starting_on(ground.cores.all(), || plain_envoy(ground, "start-plain", 1))?;
    let mut found = Vec::new();
    for (what, envoy, url) in
        [("plain Envoy", &plain, plain_url), ("Envoy with the filter, from warren", &warren.envoy, warren.url())]
    {
        let starts = || {
            let (mut live, mut memory) = (Vec::new(), Vec::new());
            for _ in 0..times {
                let (milliseconds, megabytes) = start_once(ground, envoy, &url)?;
                live.push(milliseconds);
                memory.push(megabytes);
            }
            Ok((live, memory))
        };
        let (live, memory) = progress.part(&format!("{times} starts: {what}")).run(starts)?;
        if let (Some(live), Some(memory)) = (Spread::of(&live), Spread::of(&memory)) {
            found.push(Starts { what, live, memory });
        }
    }
    Ok(found)
}

fn start_once(ground: &Ground, envoy: &Envoy, url: &str) -> Result<(f64, f64)> {
    envoy.process.stop()?;
    let since = Instant::now();
    ground.cores.starting_on(ground.cores.all(), || envoy.process.start())?;
    finely(LIVE, &format!("{} to be live", envoy.name()), || envoy.admin("/ready").map(drop))?;
    let milliseconds = since.elapsed().as_secs_f64() * 1e3;
    ask(url)?;
    let memory = envoy.process.pid().map(kernel::memory).transpose()?.unwrap_or_default();
    Ok((milliseconds, memory as f64 / 1e6))
}
