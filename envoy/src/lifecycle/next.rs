//! What to do next with a cluster on its way out. Pure: what was seen goes in, one thing to do comes out.

use super::Left;
use crate::state::Stage;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// No query runs or waits for as long: a client may still fetch the last pages of one that has just ended.
pub(crate) const QUIET: Duration = Duration::from_secs(5);

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OperationStep {
    Draining,
    StoppingWorkers,
    StoppingCoordinator,
    /// Ended well.
    Done,
    /// Ended at its deadline; the cluster stays as it is.
    Deadline,
    /// Ended because someone activated or removed the cluster.
    Undone,
    /// Ended by an obstacle; the note says which.
    Failed,
}

impl OperationStep {
    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            OperationStep::Draining => "draining",
            OperationStep::StoppingWorkers => "stopping_workers",
            OperationStep::StoppingCoordinator => "stopping_coordinator",
            OperationStep::Done => "done",
            OperationStep::Deadline => "deadline",
            OperationStep::Undone => "undone",
            OperationStep::Failed => "failed",
        }
    }

    /// Did it end?
    pub(crate) fn ended(self) -> bool {
        matches!(self, OperationStep::Done | OperationStep::Deadline | OperationStep::Undone | OperationStep::Failed)
    }
}

/// The operation under way, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub(super) shutdown: bool,
    pub(super) step: OperationStep,
    pub(super) late: bool,
}

/// What was seen a moment ago.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// For how long nothing runs or waits; none while something does, or while that is unknown.
    pub(super) quiet: Option<Duration>,
    /// Workers were told, and which of them are gone is known.
    pub(super) left: Left,
    /// Nothing answers at the coordinator's address.
    pub(super) coordinator_gone: bool,
    /// Warren has a command or a webhook that stops a coordinator.
    pub(super) can_stop: bool,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Look again a little later.
    Wait,
    /// Note that the cluster is drained, and end a drain.
    Drained,
    /// List the workers and tell each to stop.
    TellWorkers,
    /// All workers are gone.
    WorkersGone,
    /// Call what stops the coordinator.
    CallStop,
    /// End the operation so.
    End(OperationStep),
}

/// What follows from what was seen.
pub(super) fn next(active: bool, stage: Stage, operation: Option<UnderWay>, seen: &Seen) -> Next {
    let Some(operation) = operation else {
        let drained = stage == Stage::Live && !active && seen.quiet.is_some_and(|quiet| quiet >= QUIET);
        return if drained { Next::Drained } else { Next::Wait };
    };
    if active {
        return Next::End(OperationStep::Undone);
    }
    match operation.step {
        OperationStep::Draining => match stage {
            Stage::Added | Stage::Live if seen.quiet.is_some_and(|quiet| quiet >= QUIET) => Next::Drained,
            Stage::Added | Stage::Live if operation.late => Next::End(OperationStep::Deadline),
            Stage::Added | Stage::Live => Next::Wait,
            _ if operation.shutdown => Next::TellWorkers,
            _ => Next::End(OperationStep::Done),
        },
        OperationStep::StoppingWorkers if seen.left.workers.iter().all(|worker| worker.gone) => Next::WorkersGone,
        // With nothing to call the coordinator is someone else's to stop.
        OperationStep::StoppingCoordinator if seen.coordinator_gone || !seen.can_stop => Next::End(OperationStep::Done),
        OperationStep::StoppingCoordinator if !seen.left.stop_called => Next::CallStop,
        OperationStep::StoppingCoordinator if operation.late => Next::End(OperationStep::Deadline),
        OperationStep::StoppingWorkers if operation.late => Next::End(OperationStep::Deadline),
        _ => Next::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::super::WorkerLeft;
    use super::*;

    fn operation(shutdown: bool, step: OperationStep, late: bool) -> Option<UnderWay> {
        Some(UnderWay { shutdown, step, late })
    }

    fn quiet(seconds: u64) -> Seen {
        Seen { quiet: Some(Duration::from_secs(seconds)), ..Seen::default() }
    }

    fn workers(gone: &[bool]) -> Seen {
        let worker = |gone: &bool| WorkerLeft { node_id: "w".to_owned(), uri: String::new(), gone: *gone };
        Seen { left: Left { workers: gone.iter().map(worker).collect(), ..Left::default() }, ..Seen::default() }
    }

    #[test]
    fn a_deactivated_cluster_is_drained_once_it_is_quiet_for_a_while() {
        for (active, stage, seen, want) in [
            (false, Stage::Live, Seen::default(), Next::Wait),
            (false, Stage::Live, quiet(4), Next::Wait),
            (false, Stage::Live, quiet(5), Next::Drained),
            (true, Stage::Live, quiet(5), Next::Wait),
            (false, Stage::Added, quiet(5), Next::Wait),
        ] {
            assert_eq!(next(active, stage, None, &seen), want, "{active} {stage:?} {seen:?}");
        }
    }

    #[test]
    fn a_drain_ends_when_its_queries_do_or_at_its_deadline() {
        use OperationStep::{Deadline, Done, Draining, Undone};
        for (active, stage, late, seen, want) in [
            (false, Stage::Live, false, Seen::default(), Next::Wait),
            (false, Stage::Live, false, quiet(5), Next::Drained),
            (false, Stage::Live, true, quiet(5), Next::Drained),
            (false, Stage::Live, true, quiet(1), Next::End(Deadline)),
            (false, Stage::Drained, false, Seen::default(), Next::End(Done)),
            (true, Stage::Live, false, quiet(9), Next::End(Undone)),
        ] {
            let got = next(active, stage, operation(false, Draining, late), &seen);
            assert_eq!(got, want, "{active} {stage:?} {late} {seen:?}");
        }
    }

    #[test]
    fn a_shutdown_drains_stops_workers_and_then_the_coordinator() {
        use OperationStep::{Deadline, Done, Draining, StoppingCoordinator, StoppingWorkers};
        let coordinator = |gone, called: Option<bool>| Seen {
            coordinator_gone: gone,
            can_stop: called.is_some(),
            left: Left { stop_called: called == Some(true), ..Left::default() },
            ..Seen::default()
        };
        for (stage, step, late, seen, want) in [
            (Stage::Live, Draining, false, quiet(5), Next::Drained),
            (Stage::Drained, Draining, false, Seen::default(), Next::TellWorkers),
            (Stage::Stopping, StoppingWorkers, false, workers(&[true, false]), Next::Wait),
            (Stage::Stopping, StoppingWorkers, true, workers(&[true, false]), Next::End(Deadline)),
            (Stage::Stopping, StoppingWorkers, true, workers(&[true, true]), Next::WorkersGone),
            (Stage::Stopping, StoppingWorkers, false, workers(&[]), Next::WorkersGone),
            (Stage::Stopping, StoppingCoordinator, false, coordinator(false, None), Next::End(Done)),
            (Stage::Stopping, StoppingCoordinator, false, coordinator(false, Some(false)), Next::CallStop),
            (Stage::Stopping, StoppingCoordinator, false, coordinator(false, Some(true)), Next::Wait),
            (Stage::Stopping, StoppingCoordinator, true, coordinator(false, Some(true)), Next::End(Deadline)),
            (Stage::Stopping, StoppingCoordinator, true, coordinator(true, Some(true)), Next::End(Done)),
        ] {
            assert_eq!(next(false, stage, operation(true, step, late), &seen), want, "{stage:?} {step:?} {late}");
        }
    }
}
