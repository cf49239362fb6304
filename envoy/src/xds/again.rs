//! Offering an Envoy again what it refused only because it does not have the module at hand.
//!
//! An Envoy that lacks the module, because it is new or because it was not needed for a day
//! (`CODE_CACHE_SECONDS_CACHING_POSITIVE` in Envoy's `wasm.cc`), refuses the filter and fetches the module in the background, and
//! says no more than that it could not make the plugin: the same as of rules that the filter does not take. So it is asked
//! again, a few times. Values only.

use std::time::{Duration, Instant};

/// Time before each further attempt: about seven seconds for fetching 2.4 MB, before a refusal counts as one.
const WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1_500),
    Duration::from_millis(5_000),
];

/// A version that is to be offered again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) version: String,
    pub(super) at: Instant,
    attempts: usize,
}

impl Again {
    /// After a refusal of this version; none when it was offered often enough.
    pub(super) fn after(last: Option<Again>, version: &str, now: Instant) -> Option<Again> {
        let attempts = last.filter(|last| last.version == version).map_or(0, |last| last.attempts);
        let wait = WAITS.get(attempts)?;
        Some(Again { version: version.to_owned(), at: now + *wait, attempts: attempts + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_offered_four_times_more_and_another_one_begins_anew() {
        let now = Instant::now();
        let mut again = None;
        let mut waited = Vec::new();
        loop {
            again = Again::after(again, "1", now);
            let Some(again) = &again else { break };
            waited.push((again.at - now).as_millis());
        }
        assert_eq!(waited, [100, 400, 1_500, 5_000]);
        let last = Again { version: "1".to_owned(), at: now, attempts: 4 };
        assert_eq!(
            Again::after(Some(last), "2", now),
            Some(Again { version: "2".to_owned(), at: now + WAITS[0], attempts: 1 })
        );
    }
}
