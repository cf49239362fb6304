//! What cases share because it takes long to start: running programs.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Started for the first case that asks for it, kept for the next. What did not start is not tried again for each case: it
/// may have waited a minute for what does not come. Stopped when it is dropped, so it must not be a static.
pub struct Shared<K, T>(Mutex<Option<Started<K, T>>>);

struct Started<K, T> {
    kind: K,
    /// Or why there is none.
    what: Result<T, String>,
}

impl<K, T> Default for Shared<K, T> {
    fn default() -> Self {
        Shared(Mutex::new(None))
    }
}

impl<K, T> fmt::Debug for Shared<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl<K: PartialEq, T> Shared<K, T> {
    /// Runs a case on what is of this kind, one at a time. One of another kind is stopped first: two are too much for a small
    /// machine. The case is told whether it was started for it.
    ///
    /// # Errors
    /// The case's own; or that there is nothing to ask, and why.
    pub fn run<R>(
        &self,
        kind: K,
        start: impl FnOnce() -> Result<T>,
        case: impl FnOnce(&T, bool) -> Result<R>,
    ) -> Result<R> {
        // A case that panicked leaves the lock poisoned and what it asked as good as a failing one does.
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = shared.as_ref().is_none_or(|started| started.kind != kind);
        if fresh {
            *shared = None;
            *shared = Some(Started { kind, what: start().map_err(|error| format!("{error:#}")) });
        }
        match shared.as_ref().map(|started| &started.what) {
            Some(Ok(what)) => case(what, fresh),
            Some(Err(error)) => bail!("nothing to ask: {error}"),
            None => bail!("nothing was started"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_one_of_each_kind_and_what_is_broken_not_again() {
        let shared = Shared::<u8, u8>::default();
        let mut starts = Vec::new();
        let mut said = Vec::new();
        for (kind, works) in [(1, true), (1, true), (2, false), (2, true), (1, true)] {
            let start = || {
                starts.push(kind);
                if works { Ok(kind * 10) } else { bail!("no luck") }
            };
            let case = |what: &u8, fresh: bool| Ok((*what, fresh));
            said.push(shared.run(kind, start, case).map_err(|error| error.to_string()));
        }
        let broken = || Err("nothing to ask: no luck".to_owned());
        assert_eq!(said, [Ok((10, true)), Ok((10, false)), broken(), broken(), Ok((10, true))]);
        assert_eq!(starts, [1, 2, 1]);
    }
}
