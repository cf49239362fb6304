//! The life of a cluster: states, and which step leads from which to which. Pure; `leave` carries out what takes time.
//!
//! ```text
//! added ─► active ─► serving ─► draining ─► drained ─► stopping ─► stopped ─► removed
//!            ▲─────────┴───────────┴───────────┴────── (undo) ───────┘
//! ```

pub(crate) mod leave;
mod left;
mod next;
pub(crate) mod stop;
pub(crate) mod workers;

pub(crate) use left::{Left, WorkerLeft};
pub(crate) use next::OperationStep;

use crate::state::Stage;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// What a cluster is doing, as people see it. Follows from its row, its health and [`Stage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Life {
    /// Known, and never active yet.
    Added,
    /// It may take queries, but is not healthy.
    Active,
    /// Takes queries.
    Serving,
    /// Takes no new queries; some may still run.
    Draining,
    /// Takes none, and none runs.
    Drained,
    /// Its workers were told to stop.
    Stopping,
    /// Its workers are gone.
    Stopped,
    /// A removed or edited address, kept for its running queries.
    Retired,
}

/// What someone asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Activate,
    Deactivate,
    Drain,
    Shutdown,
    Remove,
}

/// What comes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The cluster goes on to this.
    To(Life),
    /// It is there already.
    Already,
    /// It is removed.
    Removed,
    /// Not from here; why, and what to do.
    Refused(&'static str),
}

impl Life {
    /// Of a cluster whose address is in use.
    pub(crate) fn of(active: bool, takes_queries: bool, stage: Stage) -> Life {
        match (active, stage) {
            (true, _) if takes_queries => Life::Serving,
            (true, _) => Life::Active,
            (false, Stage::Added) => Life::Added,
            (false, Stage::Live) => Life::Draining,
            (false, Stage::Drained) => Life::Drained,
            (false, Stage::Stopping) => Life::Stopping,
            (false, Stage::Stopped) => Life::Stopped,
        }
    }

    /// The table: from each state, what each step leads to. Each step twice is the step once.
    pub(crate) fn after(self, step: Step) -> Outcome {
        use Life::{Active, Added, Drained, Draining, Retired, Serving, Stopped, Stopping};
        use Outcome::{Already, Refused, Removed, To};
        match (self, step) {
            (Retired, _) => Refused("it was removed; its address is kept for its running queries only"),

            (Added | Draining | Drained | Stopped, Step::Activate) => To(Active),
            (Active | Serving, Step::Activate) => Already,
            (Stopping, Step::Activate) => {
                Refused("its workers are stopping; wait until it is stopped, start it again, then activate it")
            }

            (Active | Serving, Step::Deactivate | Step::Drain) => To(Draining),
            (Added, Step::Drain) => To(Drained),
            (Draining, Step::Drain) => To(Draining),
            (Added | Draining | Drained | Stopping | Stopped, Step::Deactivate) => Already,
            (Drained | Stopping | Stopped, Step::Drain) => Already,

            // A shutdown that ended before its end is taken up again.
            (Added | Active | Serving | Draining | Drained | Stopping, Step::Shutdown) => To(Stopping),
            (Stopped, Step::Shutdown) => Already,

            (Added | Drained | Stopped, Step::Remove) => Removed,
            (Active | Serving, Step::Remove) => Refused(
                "it may take queries; drain it first, or remove it at once (now): its running queries go on for as long as retired addresses are kept",
            ),
            (Draining, Step::Remove) => Refused(
                "queries may run there; wait until it is drained, or remove it at once (now): they go on for as long as retired addresses are kept",
            ),
            (Stopping, Step::Remove) => {
                Refused("it is being shut down; wait until it is stopped, or remove it at once (now)")
            }
        }
    }

    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Life::Added => "added",
            Life::Active => "active",
            Life::Serving => "serving",
            Life::Draining => "draining",
            Life::Drained => "drained",
            Life::Stopping => "stopping",
            Life::Stopped => "stopped",
            Life::Retired => "retired",
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Life; 8] = [
        Life::Added,
        Life::Active,
        Life::Serving,
        Life::Draining,
        Life::Drained,
        Life::Stopping,
        Life::Stopped,
        Life::Retired,
    ];
    const STEPS: [Step; 5] = [Step::Activate, Step::Deactivate, Step::Drain, Step::Shutdown, Step::Remove];

    fn cell(outcome: Outcome) -> String {
        match outcome {
            Outcome::To(life) => life.to_string(),
            Outcome::Already => "–".to_owned(),
            Outcome::Removed => "removed".to_owned(),
            Outcome::Refused(_) => "refused".to_owned(),
        }
    }

    /// The table that `docs/operations.md` shows.
    fn table() -> String {
        let mut table =
            "| | activate | deactivate | drain | shutdown | remove |\n| --- | --- | --- | --- | --- | --- |\n"
                .to_owned();
        for life in ALL {
            let cells: Vec<String> = STEPS.iter().map(|step| cell(life.after(*step))).collect();
            table.push_str(&format!("| {life} | {} |\n", cells.join(" | ")));
        }
        table
    }

    #[test]
    fn the_table_is_the_documented_one() {
        let page = include_str!("../../../docs/operations.md");
        assert!(page.contains(&table()), "docs/operations.md lacks:\n{}", table());
    }

    #[test]
    fn a_step_taken_twice_is_taken_once() {
        for life in ALL {
            for step in STEPS {
                if let Outcome::To(next) = life.after(step) {
                    let again = next.after(step);
                    assert!(again == Outcome::Already || again == Outcome::To(next), "{life} {step:?} {again:?}");
                }
            }
        }
    }

    #[test]
    fn everything_can_be_undone_until_workers_stop_and_after_they_have() {
        for life in ALL {
            let undone = matches!(life.after(Step::Activate), Outcome::To(Life::Active) | Outcome::Already);
            assert_eq!(undone, !matches!(life, Life::Stopping | Life::Retired), "{life}");
        }
    }
}
