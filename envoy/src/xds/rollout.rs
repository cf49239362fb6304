//! One Envoy after the other takes a new module. Envoy compiles it on its main thread, and is deaf to everything else for a second;
//! and a module that an Envoy refuses, or dies of, is not one for all of them at once. Rules that change with it wait for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// An Envoy that has not answered by then hangs or is gone: the next one's turn. The one that hangs is at the end of the line.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whose turn it is, among the Envoys of this Warren.
#[derive(Debug, Default)]
pub(crate) struct Rollout {
    turn: Mutex<Turn>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Turn {
    /// Node id, and since when.
    holder: Option<(String, Instant)>,
    /// A module that an Envoy refused: nobody else is asked to take it.
    refused: Option<String>,
}

impl Rollout {
    /// May this Envoy take this module now? Asked again while it is its turn, it still may.
    pub(crate) fn take(&self, node: &str, module: &str, now: Instant) -> bool {
        let mut turn = self.turn();
        if turn.refused.as_deref() == Some(module) {
            return false;
        }
        match &turn.holder {
            Some((holder, since)) if holder != node && now < *since + PATIENCE => false,
            Some((holder, _)) if holder == node => true,
            _ => {
                tracing::info!(node, module, "takes the new module");
                turn.holder = Some((node.to_owned(), now));
                true
            }
        }
    }

    /// It has it, or is gone.
    pub(crate) fn done(&self, node: &str) {
        self.turn().holder.take_if(|(holder, _)| holder == node);
        self.changed.notify_waiters();
    }

    /// It does not want it: the others keep what they have until there is another module.
    pub(crate) fn refused(&self, node: &str, module: &str) {
        let mut turn = self.turn();
        if turn.holder.take_if(|(holder, _)| holder == node).is_some() {
            tracing::warn!(node, module, "refused the new module; no other Envoy is given it");
            turn.refused = Some(module.to_owned());
        }
    }

    /// Waits until it may be someone else's turn.
    pub(crate) async fn changed(&self) {
        tokio::select! {
            () = self.changed.notified() => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_after_the_other() {
        let (rollout, now) = (Rollout::default(), Instant::now());
        assert!(rollout.take("a", "m", now));
        assert!(!rollout.take("b", "m", now));
        assert!(rollout.take("a", "m", now), "it is still its turn");
        rollout.done("b");
        assert!(!rollout.take("b", "m", now), "b had no turn to end");
        rollout.done("a");
        assert!(rollout.take("b", "m", now));
    }

    #[test]
    fn one_that_hangs_holds_up_the_others_for_half_a_minute() {
        let (rollout, now) = (Rollout::default(), Instant::now());
        assert!(rollout.take("a", "m", now));
        assert!(!rollout.take("b", "m", now + PATIENCE - Duration::from_millis(1)));
        assert!(rollout.take("b", "m", now + PATIENCE));
    }

    #[test]
    fn a_module_that_one_refused_is_given_to_no_other() {
        let (rollout, now) = (Rollout::default(), Instant::now());
        assert!(rollout.take("a", "bad", now));
        rollout.refused("a", "bad");
        assert!(!rollout.take("b", "bad", now));
        assert!(rollout.take("b", "good", now));
    }
}
