//! How often somebody may be wrong: a bucket of attempts each, which fills up again with time. Pure: the clock is given.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Buckets, of which a bounded number is kept.
pub(crate) struct Throttle<K> {
    /// Attempts that a full bucket holds.
    burst: u32,
    /// As long does one take to come back.
    every: Duration,
    most: usize,
    /// When each is full again. One that is, is as good as none.
    full_at: HashMap<K, Instant>,
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    pub(crate) fn new(burst: u32, every: Duration, most: usize) -> Throttle<K> {
        Throttle { burst, every, most, full_at: HashMap::new() }
    }

    /// Takes an attempt.
    ///
    /// # Errors
    /// How long until there is one.
    pub(crate) fn take(&mut self, key: &K, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.get(key).map_or(now, |at| (*at).max(now)) + self.every;
        let too_much = full_at.duration_since(now).saturating_sub(self.every * self.burst);
        if !too_much.is_zero() {
            return Err(too_much);
        }
        self.make_room(key, now);
        self.full_at.insert(key.clone(), full_at);
        Ok(())
    }

    /// Gives one back: it was right.
    pub(crate) fn give_back(&mut self, key: &K) {
        let every = self.every;
        if let Some(at) = self.full_at.get_mut(key) {
            *at = at.checked_sub(every).unwrap_or(*at);
        }
    }

    /// Forgets full buckets first, then the fullest: those who are wrong most often are remembered longest.
    fn make_room(&mut self, key: &K, now: Instant) {
        if self.full_at.len() < self.most || self.full_at.contains_key(key) {
            return;
        }
        self.full_at.retain(|_, at| *at > now);
        if self.full_at.len() >= self.most
            && let Some(fullest) = self.full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone())
        {
            self.full_at.remove(&fullest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_few_attempts_are_free_and_then_one_at_a_time() {
        let mut throttle = Throttle::new(3, 10 * SECOND, 10);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(throttle.take(&"ann", start), Ok(()));
        }
        assert_eq!(throttle.take(&"ann", start), Err(10 * SECOND));
        assert_eq!(throttle.take(&"ann", start + 4 * SECOND), Err(6 * SECOND));
        assert_eq!(throttle.take(&"bob", start), Ok(()));
        assert_eq!(throttle.take(&"ann", start + 10 * SECOND), Ok(()));
        assert_eq!(throttle.take(&"ann", start + 10 * SECOND), Err(10 * SECOND));
        // Never more than a full bucket.
        let later = start + 1000 * SECOND;
        assert_eq!([0; 4].map(|_| throttle.take(&"ann", later).is_ok()), [true, true, true, false]);
    }

    #[test]
    fn what_was_right_does_not_count() {
        let mut throttle = Throttle::new(1, 10 * SECOND, 10);
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(throttle.take(&"ann", start), Ok(()));
            throttle.give_back(&"ann");
        }
        throttle.give_back(&"nobody");
    }

    #[test]
    fn a_flood_of_names_takes_no_more_room_and_frees_nobody_who_is_held() {
        let mut throttle = Throttle::new(2, 10 * SECOND, 100);
        let start = Instant::now();
        for _ in 0..2 {
            assert_eq!(throttle.take(&usize::MAX, start), Ok(()));
        }
        for name in 0..10_000 {
            assert_eq!(throttle.take(&name, start), Ok(()));
        }
        assert_eq!(throttle.full_at.len(), 100);
        assert!(throttle.take(&usize::MAX, start).is_err());
    }
}
