//! What Warren has to reach, beside plain Envoy and Trino Gateway.

use super::load::Load;
use super::report::Report;
use super::rounds::Sample;
use super::statistics::Spread;
use super::subjects::{PLAIN, TUNED, TUNED_ALL_CORES, TUNED_HOT, WARREN, WARREN_ALL_CORES, WARREN_HISTORY};

/// A comparison, and what it should come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Goal {
    /// What is compared.
    pub(super) what: &'static str,
    /// What is wanted.
    pub(super) wanted: Wanted,
    /// What was found; its median counts.
    pub(super) found: Spread,
}

/// What a comparison should come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    /// Microseconds.
    AtMostMicroseconds(f64),
    /// A ratio.
    AtLeast(f64),
    /// A ratio.
    AtMost(f64),
    /// Shown, with no goal.
    Ratio,
}

impl Goal {
    /// Whether it was reached; `None` if there is no goal.
    pub(super) fn reached(&self) -> Option<bool> {
        match self.wanted {
            Wanted::AtMostMicroseconds(most) => Some(self.found.median <= most),
            Wanted::AtLeast(least) => Some(self.found.median >= least),
            Wanted::AtMost(most) => Some(self.found.median <= most),
            Wanted::Ratio => None,
        }
    }

    /// In words, if it was not reached.
    pub(super) fn missed(&self) -> Option<String> {
        (self.reached() == Some(false))
            .then(|| format!("{}: {:.2}, wanted {}", self.what, self.found.median, self.wanted))
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::AtMostMicroseconds(most) => write!(f, "at most {most:.0} µs"),
            Wanted::AtLeast(least) => write!(f, "at least {least:.2}"),
            Wanted::AtMost(most) => write!(f, "at most {most:.2}"),
            Wanted::Ratio => f.write_str(""),
        }
    }
}

/// All that the run can tell of.
pub(super) fn all(report: &Report) -> Vec<Goal> {
    let cpu = |what, ours, theirs, load, wanted| {
        goal(report, (what, wanted), (ours, theirs), load, Sample::cpu, |our, their| our - their)
    };
    let history = |what, load| {
        let ratio = |our: f64, their: f64| our / their;
        goal(report, (what, Wanted::AtMost(1.15)), (WARREN_HISTORY, WARREN), load, Sample::cpu, ratio)
    };
    let rate = |what, ours, theirs, load, wanted| {
        goal(report, (what, wanted), (ours, theirs), load, Sample::rate, |our, their| our / their)
    };
    [
        cpu("CPU that Warren adds to a new query", WARREN, PLAIN, Load::Queries, Wanted::AtMostMicroseconds(40.0)),
        history("CPU of a new query, with history : without", Load::Queries),
        history("CPU of a request, ten follow-ups a query, with history : without", Load::Mix),
        rate("new queries, Warren : plain Envoy", WARREN, PLAIN, Load::Queries, Wanted::AtLeast(0.65)),
        rate("follow-ups, Warren : plain Envoy", WARREN, PLAIN, Load::FollowUps, Wanted::AtLeast(0.95)),
        rate("ten follow-ups a query, Warren : plain Envoy", WARREN, PLAIN, Load::Mix, Wanted::Ratio),
        rate("new queries, Warren : tuned Trino Gateway, a core each", WARREN, TUNED, Load::Queries, Wanted::Ratio),
        rate("new queries, Warren : the same when hot", WARREN, TUNED_HOT, Load::Queries, Wanted::AtLeast(4.0)),
        rate("follow-ups, Warren : tuned Trino Gateway, a core each", WARREN, TUNED, Load::FollowUps, Wanted::Ratio),
        rate("follow-ups, Warren : the same when hot", WARREN, TUNED_HOT, Load::FollowUps, Wanted::Ratio),
        rate(
            "new queries, Warren : tuned Trino Gateway, all cores each",
            WARREN_ALL_CORES,
            TUNED_ALL_CORES,
            Load::Queries,
            Wanted::Ratio,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn goal(
    report: &Report,
    (what, wanted): (&'static str, Wanted),
    (ours, theirs): (&str, &str),
    load: Load,
    value: impl Fn(&Sample) -> f64,
    compare: impl Fn(f64, f64) -> f64,
) -> Option<Goal> {
    let found = report.of(ours)?.beside(report.of(theirs)?, load, value, compare)?;
    Some(Goal { what, wanted, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_reaches_a_goal_or_does_not() {
        let goal = |wanted, median| Goal { what: "x", wanted, found: Spread { median, least: 0.0, most: 99.0 } };
        assert_eq!(goal(Wanted::AtLeast(0.65), 0.65).missed(), None);
        assert_eq!(goal(Wanted::AtLeast(0.65), 0.64).missed().as_deref(), Some("x: 0.64, wanted at least 0.65"));
        assert_eq!(goal(Wanted::AtMostMicroseconds(40.0), 40.0).missed(), None);
        assert_eq!(
            goal(Wanted::AtMostMicroseconds(40.0), 41.0).missed().as_deref(),
            Some("x: 41.00, wanted at most 40 µs")
        );
        assert_eq!(goal(Wanted::Ratio, 0.0).reached(), None);
    }
}
