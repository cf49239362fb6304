//! The same load on every subject in turn, a few rounds of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::ground::{Ground, ask};
use super::kernel;
use super::load::{CONNECTIONS, Counted, Load, Wrk};
use super::statistics::Spread;
use super::subjects::{Running, Subject};
use crate::eventually::eventually;
use crate::interrupt::interrupted;
use crate::progress::Progress;

/// How often a Trino Gateway is loaded again after it answered with errors.
const AGAIN: usize = 3;
/// How long that takes it at most to be well.
const WELL: Duration = Duration::from_secs(60);

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Rounds over all subjects.
    pub(super) rounds: usize,
    /// Seconds of each load on each subject in each round.
    pub(super) seconds: u32,
    /// Seconds of load before the first round, for a subject that warms up; half of them queries, half the mix.
    pub(super) warm_up: u32,
}

/// What one load did to one subject in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// What the load saw.
    pub(super) counted: Counted,
    /// What the measured program used; `None` without one.
    pub(super) used: Option<Used>,
}

/// What a program used meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    /// CPU time.
    pub(super) cpu: Duration,
    /// CPU time that others used on its first core.
    pub(super) others: Duration,
    /// How long it was looked at.
    pub(super) wall: Duration,
    /// Memory at the end, in bytes.
    pub(super) memory: u64,
}

/// All that was measured of a subject: a sample a round, by load.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    /// What it is.
    pub(super) subject: Subject,
    samples: Vec<(Load, Sample)>,
}

// === impl Sample ===

impl Sample {
    /// Answered requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.counted.rate()
    }

    /// CPU time a request in microseconds; 0 without a program.
    pub(super) fn cpu(&self) -> f64 {
        self.used.map_or(0.0, |used| used.cpu.as_secs_f64() * 1e6 / self.counted.requests.max(1) as f64)
    }

    /// Share of a core that the program was busy; above 1 if it used several.
    pub(super) fn busy(&self) -> f64 {
        self.used.map_or(0.0, |used| used.cpu.div_duration_f64(used.wall))
    }

    /// Share of its core that others used.
    pub(super) fn disturbed(&self) -> f64 {
        self.used.map_or(0.0, |used| used.others.div_duration_f64(used.wall))
    }

    /// Memory in megabytes (10^6 bytes); 0 without a program.
    pub(super) fn memory(&self) -> f64 {
        self.used.map_or(0.0, |used| used.memory as f64 / 1e6)
    }
}

// === impl Measured ===

impl Measured {
    /// Whether there is a program between the load and the upstream.
    pub(super) fn has_program(&self) -> bool {
        self.samples.iter().any(|(_, sample)| sample.used.is_some())
    }

    /// One value a round of a load.
    pub(super) fn each(&self, load: Load, value: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().filter(|(its, _)| *its == load).map(|(_, sample)| value(sample)).collect()
    }

    /// The spread of a value over the rounds.
    pub(super) fn spread(&self, load: Load, value: impl Fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(&self.each(load, value))
    }

    /// A value beside another subject's, within each round.
    pub(super) fn beside(
        &self,
        other: &Measured,
        load: Load,
        value: impl Fn(&Sample) -> f64,
        compare: impl Fn(f64, f64) -> f64,
    ) -> Option<Spread> {
        Spread::of_rounds(&self.each(load, &value), &other.each(load, &value), compare)
    }
}

/// Starts all subjects, warms up those that need it, and measures. Each round begins with another subject.
pub(super) fn measure(ground: &Ground, subjects: &[Subject], pace: Pace, progress: &Progress) -> Result<Vec<Measured>> {
    let wrk = Wrk::new()?;
    let mut running = Vec::new();
    for subject in subjects {
        running.push(progress.part(&format!("starting: {}", subject.name)).run(|| subject.start(ground))?);
    }
    for subject in &running {
        let seconds = if subject.subject.warms_up() { pace.warm_up } else { 2 };
        let warm_up = || {
            load(ground, &wrk, subject, Load::Queries, seconds.div_ceil(2))?;
            load(ground, &wrk, subject, Load::Mix, seconds.div_ceil(2))?;
            subject.confine(ground)?;
            subject.hold()
        };
        progress.part(&format!("warming up: {}", subject.subject.name)).run(warm_up)?;
    }
    let mut measured: Vec<Measured> =
        running.iter().map(|running| Measured { subject: running.subject, samples: Vec::new() }).collect();
    for round in 0..pace.rounds {
        let what = format!("round {} of {}", round + 1, pace.rounds);
        for place in 0..running.len() {
            let place = (place + round) % running.len();
            let (Some(running), Some(measured)) = (running.get(place), measured.get_mut(place)) else { continue };
            progress.part(&format!("{what}: {}", running.subject.name)).run(|| {
                running.release()?;
                for kind in Load::ALL {
                    measured.samples.push((kind, load_well(ground, &wrk, running, kind, pace.seconds)?));
                }
                running.hold()
            })?;
        }
    }
    Ok(measured)
}

/// A Trino Gateway that was held finds its cluster unhealthy now and then once it goes on, and answers with errors for a
/// moment. That says nothing of its speed: it is loaded again, which is told.
fn load_well(ground: &Ground, wrk: &Wrk, running: &Running, kind: Load, seconds: u32) -> Result<Sample> {
    for _ in 0..AGAIN {
        match load(ground, wrk, running, kind, seconds) {
            Err(error) if running.subject.is_trino_gateway() && !interrupted() => eprintln!("again: {error:#}"),
            done => return done,
        }
        eventually(WELL, &format!("{} to answer again", running.subject.name), || ask(&running.url).map(drop))?;
    }
    load(ground, wrk, running, kind, seconds)
}

fn load(ground: &Ground, wrk: &Wrk, running: &Running, load: Load, seconds: u32) -> Result<Sample> {
    let name = running.subject.name;
    let follow_up = ask(&running.url).with_context(|| format!("{name}: a query to begin with"))?;
    let (answered, before) = (ground.answered()?, Reading::now(ground, running)?);
    let counted = wrk.run(&running.url, load, &follow_up, seconds);
    if interrupted() {
        bail!("interrupted");
    }
    let counted = counted.with_context(|| format!("{name}: {}", load.title()))?;
    let after = Reading::now(ground, running)?;
    let reached = ground.answered()? - answered;
    // What was under way at the end reached the upstream and was not counted.
    ensure!(
        (counted.requests..=counted.requests + 2 * CONNECTIONS).contains(&reached),
        "{name}: {} answers were counted and {reached} requests reached the upstream: someone else answered",
        counted.requests
    );
    Ok(Sample { counted, used: before.zip(after).map(|(before, after)| after.since(&before)) })
}

struct Reading {
    at: Instant,
    cpu: Duration,
    core: Duration,
    memory: u64,
}

impl Reading {
    fn now(ground: &Ground, running: &Running) -> Result<Option<Self>> {
        let Some(pid) = running.pid() else { return Ok(None) };
        let core = ground.cores.measured().first().copied().unwrap_or_default();
        let (cpu, core, memory) = (kernel::cpu_time(pid)?, kernel::core_time(core)?, kernel::memory(pid)?);
        Ok(Some(Self { at: Instant::now(), cpu, core, memory }))
    }

    fn since(&self, before: &Self) -> Used {
        let cpu = self.cpu.saturating_sub(before.cpu);
        let others = self.core.saturating_sub(before.core).saturating_sub(cpu);
        Used { cpu, others, wall: self.at.duration_since(before.at), memory: self.memory }
    }
}
