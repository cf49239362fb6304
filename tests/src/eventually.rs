//! Waiting, above all for something to become true: the only place in the tests that sleeps.

use std::fmt;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::interrupt::interrupted;

/// Shortest and longest wait between two tries: soon there for what is quick, no load on what is slow.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(400);

/// Between two tries when the moment itself is measured.
const FINE: Duration = Duration::from_millis(1);

/// An error that waiting does not cure: `eventually` stops at once. Use it as `Err(GiveUp(why).into())`.
#[derive(Debug)]
pub struct GiveUp(
    /// Why there is nothing to wait for.
    pub String,
);

impl fmt::Display for GiveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GiveUp {}

/// Lets time pass: the length of a fault, the pace of a client. To wait for something, use `eventually`.
pub fn let_pass(duration: Duration) {
    let end = Instant::now() + duration;
    while !interrupted() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(LONGEST));
    }
}

/// Tries until `attempt` succeeds and returns what it returned. After `timeout`, or at Ctrl-C, the error says what was
/// waited for, how long, and why the last try failed.
pub fn eventually<T>(timeout: Duration, what: &str, attempt: impl FnMut() -> Result<T>) -> Result<T> {
    poll(timeout, what, interrupted, SHORTEST..=LONGEST, attempt)
}

/// The same, a try each millisecond: for measuring when something becomes true.
pub fn finely<T>(timeout: Duration, what: &str, attempt: impl FnMut() -> Result<T>) -> Result<T> {
    poll(timeout, what, interrupted, FINE..=FINE, attempt)
}

/// Lets time pass, where what is measured must not follow at once on what went before. Ends early at Ctrl-C.
pub fn pause(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end && !interrupted() {
        thread::sleep(LONGEST.min(end.saturating_duration_since(Instant::now())));
    }
}

/// As `eventually`, not to be interrupted: for cleaning up after the interruption.
pub(crate) fn surely<T>(timeout: Duration, what: &str, attempt: impl FnMut() -> Result<T>) -> Result<T> {
    poll(timeout, what, || false, SHORTEST..=LONGEST, attempt)
}

fn poll<T>(
    timeout: Duration,
    what: &str,
    stop: impl Fn() -> bool,
    pauses: RangeInclusive<Duration>,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = *pauses.start();
    loop {
        let error = match attempt() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let waited = start.elapsed();
        if error.is::<GiveUp>() || waited >= timeout || stop() {
            return Err(error).with_context(|| format!("waited {:.1} s for: {what}", waited.as_secs_f32()));
        }
        thread::sleep(pause);
        pause = pause.mul_f32(1.4).min(*pauses.end());
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{anyhow, ensure};

    use super::*;

    #[test]
    fn returns_what_the_first_good_try_returned() {
        let mut tries = 0;
        let third = eventually(Duration::from_secs(5), "the third try", || {
            tries += 1;
            ensure!(tries == 3, "only {tries}");
            Ok(tries)
        });
        assert_eq!(third.unwrap(), 3);
    }

    #[test]
    fn tells_what_it_waited_for_and_why_it_is_not_there() {
        let error = eventually::<()>(Duration::ZERO, "rain", || Err(anyhow!("no clouds"))).unwrap_err();
        assert_eq!(format!("{error:#}"), "waited 0.0 s for: rain: no clouds");
    }

    #[test]
    fn stops_when_there_is_no_hope() {
        let error = eventually::<()>(Duration::from_secs(60), "Envoy", || Err(GiveUp("it ended".to_owned()).into()));
        assert_eq!(format!("{:#}", error.unwrap_err()), "waited 0.0 s for: Envoy: it ended");
    }
}
