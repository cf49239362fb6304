//! Attempts that were refused, on their way into the audit. A flood of them does not fill the disk: the same attempt is one row
//! a minute, with a count, and rows are rationed; what is beyond the ration is counted in one row.

use super::throttle::Throttle;
use crate::store::Store;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The same attempts in so long are one row.
const WINDOW: Duration = Duration::from_secs(60);
/// Rows that may be written at once, and how soon there may be another: 2,880 a day.
const ROWS: u32 = 300;
const EVERY: Duration = Duration::from_secs(30);
/// How often it is looked for windows that are over.
const LOOK: Duration = Duration::from_secs(5);
/// Whose attempts were too many to be told apart, and at what.
const SEVERAL: &str = "several";

/// An attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Whoever it was, as far as that is known.
    pub(crate) actor: String,
    /// Method and path, the path as the route has it: there are no more than there are routes.
    pub(crate) endpoint: String,
    pub(crate) status: u16,
    pub(crate) why: String,
}

/// A row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeniedRow {
    pub(crate) denied: Denied,
    /// How often, in this row; the first of a window has a row of its own.
    pub(crate) times: u64,
}

/// What was refused in the last minute.
struct Denials {
    windows: HashMap<(String, String, u16), Window>,
    /// Attempts for which there was no row.
    beyond: u64,
    ration: Throttle<()>,
}

struct Window {
    since: Instant,
    why: String,
    /// Beyond the first one.
    more: u64,
}

impl Denials {
    fn new() -> Denials {
        Denials { windows: HashMap::new(), beyond: 0, ration: Throttle::new(ROWS, EVERY, 1) }
    }

    /// The row to write at once: the first of its kind has one.
    fn note(&mut self, denied: Denied, now: Instant) -> Option<DeniedRow> {
        let key = (denied.actor.clone(), denied.endpoint.clone(), denied.status);
        if let Some(window) = self.windows.get_mut(&key) {
            window.more += 1;
            return None;
        }
        if self.ration.take(&(), now).is_err() {
            self.beyond += 1;
            return None;
        }
        self.windows.insert(key, Window { since: now, why: denied.why.clone(), more: 0 });
        Some(DeniedRow { denied, times: 1 })
    }

    /// Rows of the windows that are over.
    fn flush(&mut self, now: Instant) -> Vec<DeniedRow> {
        let over = self.windows.extract_if(|_, window| now.duration_since(window.since) >= WINDOW);
        let over: Vec<_> = over.filter(|(_, window)| window.more > 0).collect();
        let mut rows = Vec::new();
        for ((actor, endpoint, status), Window { why, more, .. }) in over {
            if self.ration.take(&(), now).is_ok() {
                rows.push(DeniedRow { denied: Denied { actor, endpoint, status, why }, times: more });
            } else {
                self.beyond += more;
            }
        }
        if self.beyond > 0 && self.ration.take(&(), now).is_ok() {
            let (actor, endpoint) = (SEVERAL.to_owned(), SEVERAL.to_owned());
            let why = "more than are told apart".to_owned();
            rows.push(DeniedRow { denied: Denied { actor, endpoint, status: 0, why }, times: self.beyond });
            self.beyond = 0;
        }
        rows.sort_by(|a, b| (&a.denied.actor, &a.denied.endpoint).cmp(&(&b.denied.actor, &b.denied.endpoint)));
        rows
    }
}

/// Writes for ever what comes. Nobody who is refused waits for it.
pub(crate) async fn record(store: Store, mut attempts: mpsc::Receiver<Denied>) {
    let mut denials = Denials::new();
    let mut look = tokio::time::interval(LOOK);
    loop {
        let rows = tokio::select! {
            attempt = attempts.recv() => match attempt {
                Some(attempt) => denials.note(attempt, Instant::now()).into_iter().collect(),
                // The API is gone, and so is all of Warren soon.
                None => std::future::pending().await,
            },
            _ = look.tick() => denials.flush(Instant::now()),
        };
        for row in rows {
            if let Err(error) = store.add_denied(&row).await {
                tracing::warn!(%error, times = row.times, endpoint = row.denied.endpoint, "a refused attempt is not in the audit");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(actor: &str) -> Denied {
        Denied { actor: actor.into(), endpoint: "POST /api/v1/rules".into(), status: 403, why: "no".into() }
    }

    #[test]
    fn the_first_is_written_at_once_and_the_others_of_a_minute_as_one() {
        let mut denials = Denials::new();
        let start = Instant::now();
        assert_eq!(denials.note(denied("ann"), start), Some(DeniedRow { denied: denied("ann"), times: 1 }));
        for _ in 0..1000 {
            assert_eq!(denials.note(denied("ann"), start), None);
        }
        assert_eq!(denials.note(denied("bob"), start), Some(DeniedRow { denied: denied("bob"), times: 1 }));
        assert_eq!(denials.flush(start + WINDOW / 2), []);
        assert_eq!(denials.flush(start + WINDOW), [DeniedRow { denied: denied("ann"), times: 1000 }]);
        assert!(denials.windows.is_empty());
    }

    #[test]
    fn a_flood_from_everywhere_is_rationed_and_counted() {
        let mut denials = Denials::new();
        let start = Instant::now();
        let written = (0..5000).filter(|n| denials.note(denied(&format!("10.0.0.{n}")), start).is_some()).count();
        assert_eq!((written, denials.windows.len()), (300, 300));
        let rows = denials.flush(start + EVERY);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!((rows[0].times, rows[0].denied.actor.as_str()), (4700, "several"));
    }
}
