//! The benchmark: Warren beside nothing, a plain Envoy and Trino Gateway, in one run.

mod changes;
mod fleet;
mod goals;
mod ground;
mod history;
mod kernel;
mod load;
mod machine;
mod plot;
mod report;
mod rounds;
mod start;
mod statistics;
mod subjects;
mod trino_gateway;
pub mod upstream;
mod warren_envoy;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::interrupt;
use crate::progress::Progress;
use goals::Goal;
use ground::Ground;
use kernel::Priority;
use machine::Machine;
use report::Report;
use rounds::Pace;
use subjects::{SUBJECTS, Subject};

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The same load through every subject in turn.
    Load,
    /// Start of an Envoy, with the filter and without.
    Start,
    /// From a change to its being in force.
    Changes,
    /// What becomes of the history under full load.
    History,
    /// A thousand clusters, fifty Envoys.
    Fleet,
}

/// What the benchmark is told.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// Parts to measure; all, if there are none.
    pub parts: Vec<Part>,
    /// Keys of the subjects to load; all, if there are none.
    pub subjects: Vec<String>,
    /// Shorter and less sure.
    pub quick: bool,
    /// Rounds, if not as many as usual.
    pub rounds: Option<usize>,
    /// Seconds of each load, if not as many as usual.
    pub seconds: Option<u32>,
    /// Fail if a goal is not reached.
    pub check: bool,
    /// Folder whose `benchmarks.md` and `benchmarks.svg` are written anew after a whole run.
    pub docs: PathBuf,
}

/// Measures, prints, and writes the page if everything was measured as it should be.
pub fn run(options: &BenchOptions) -> Result<()> {
    interrupt::listen()?;
    let subjects = chosen(&options.subjects)?;
    let wants = |part| options.parts.is_empty() || options.parts.contains(&part);
    let pace = pace(options);
    let repeats = if options.quick { (2, 20) } else { (5, 200) };
    let progress = Progress::on_stderr();
    let priority = Priority::highest();
    if !priority.is_set() {
        eprintln!("this session's priority cannot be raised: what else runs on this machine will be felt");
    }
    let with_gateway = wants(Part::Load) && subjects.iter().any(Subject::is_trino_gateway);
    let ground = Ground::prepare(with_gateway, &progress)?;
    let measure = || -> Result<Report> {
        Ok(Report {
            machine: Machine::this(&ground)?,
            pace,
            starts: if wants(Part::Start) { start::measure(&ground, repeats.0, &progress)? } else { Vec::new() },
            changes: if wants(Part::Changes) { changes::measure(&ground, repeats.1, &progress)? } else { Vec::new() },
            fleet: if wants(Part::Fleet) {
                fleet::measure(&ground, if options.quick { 2 } else { 10 }, &progress)?
            } else {
                Vec::new()
            },
            history: if wants(Part::History) {
                history::measure(&ground, if options.quick { 3 } else { 15 }, &progress)?
            } else {
                Vec::new()
            },
            measured: if wants(Part::Load) {
                rounds::measure(&ground, &subjects, pace, &progress)?
            } else {
                Vec::new()
            },
        })
    };
    let report = measure().map_err(|error| error.context(ground.run.log_tails(12)))?;
    drop(ground);
    drop(priority);
    // A reader who has gone away is no reason to fail.
    let _ = writeln!(io::stdout(), "{}", report.for_terminal());
    let whole = options.parts.is_empty() && options.subjects.is_empty() && !options.quick;
    if whole {
        report.write(&options.docs)?;
        eprintln!("written: {0}/benchmarks.md, {0}/benchmarks.svg", options.docs.display());
    } else {
        eprintln!("not written to the documentation: that takes a whole run");
    }
    let missed: Vec<String> = goals::all(&report).iter().filter_map(Goal::missed).collect();
    if options.check && !missed.is_empty() {
        bail!("goals that were not reached:\n  {}", missed.join("\n  "));
    }
    Ok(())
}

fn pace(options: &BenchOptions) -> Pace {
    let usual = if options.quick {
        Pace { rounds: 1, seconds: 2, warm_up: 10 }
    } else {
        Pace { rounds: 5, seconds: 4, warm_up: 60 }
    };
    Pace { rounds: options.rounds.unwrap_or(usual.rounds), seconds: options.seconds.unwrap_or(usual.seconds), ..usual }
}

fn chosen(keys: &[String]) -> Result<Vec<Subject>> {
    let known = || SUBJECTS.map(|subject| subject.key).join(", ");
    for key in keys {
        ensure!(SUBJECTS.iter().any(|subject| subject.key == key), "there is no subject `{key}`; known: {}", known());
    }
    Ok(SUBJECTS.into_iter().filter(|subject| keys.is_empty() || keys.iter().any(|key| key == subject.key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_is_not_known_is_named_beside_those_that_are() {
        let error = chosen(&["plane".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("there is no subject `plane`; known: nothing, plain, lua-5, warren-5, "), "{error}");
        let keys: Vec<_> = chosen(&["tgw".to_owned(), "plain".to_owned()]).unwrap().iter().map(|s| s.key).collect();
        assert_eq!(keys, ["plain", "tgw"]);
    }
}
