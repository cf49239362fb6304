//! End-to-end cases: one stack of real programs, started for the first case that runs and stopped after the last one.
//!
//! `cargo test -p warren-tests --test e2e -- --list`, `… -- NAME` to choose. One case at a time: they share the stack.

#![expect(clippy::indexing_slicing, reason = "these are tests: an index that is not there is a failed case")]

mod cases;
mod security_page;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use warren_tests::interrupt;
use warren_tests::progress::Progress;
use warren_tests::shared::Shared;
use warren_tests::stack::{Stack, StackOptions};

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let shared = Arc::new(Shared::default());
    let trials = cases::CASES
        .iter()
        .map(|(name, case)| {
            let shared = Arc::clone(&shared);
            Trial::test(*name, move || run(&shared, *case).map_err(|error| Failed::from(format!("{error:#}"))))
        })
        .chain([page()])
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Not left to the end of the process: a static or an exit would not stop the programs.
    drop(shared);
    conclusion.exit_code()
}

/// Needs no stack.
fn page() -> Trial {
    let check =
        || security_page::each_test_that_it_names_is_there().map_err(|error| Failed::from(format!("{error:#}")));
    Trial::test("security_page::each_test_that_it_names_is_there", check)
}

fn options() -> StackOptions {
    StackOptions {
        rules: vec![("rules.rhai".to_owned(), include_str!("rules/rules.rhai").to_owned())],
        warren: [
            "--show-rule",
            "--ui-domain",
            "ui.test",
            "--extra-paths",
            "/v1/thread",
            "--statement-paths",
            "/v1/statement2",
            "--playground",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/playground-page"),
        ]
        .map(str::to_owned)
        .to_vec(),
        ..StackOptions::default()
    }
}

fn run(shared: &Shared<(), Stack>, case: cases::Case) -> Result<()> {
    let start = || Stack::start("e2e", options(), &Progress::on_stderr());
    shared.run((), start, |stack, fresh| {
        let print_logs = LogsOnFailure { stack, done: false };
        if !fresh {
            stack.reset()?;
        }
        case(stack)?;
        print_logs.passed();
        Ok(())
    })
}

/// Prints the ends of all logs unless told that the case passed; by being dropped, so after a panic too.
struct LogsOnFailure<'a> {
    stack: &'a Stack,
    done: bool,
}

impl LogsOnFailure<'_> {
    fn passed(mut self) {
        self.done = true;
    }
}

impl Drop for LogsOnFailure<'_> {
    fn drop(&mut self) {
        if !self.done {
            eprintln!("\n{}", self.stack.run.log_tails(40));
        }
    }
}
