//! Faults under load: twenty clients ask real queries all the time while one thing after the other breaks, and every query is
//! accounted for.
//!
//! `cargo test -p warren-tests --test faults` breaks what is quick to mend, `… -- --include-ignored` everything;
//! `UPDATE=1` writes what was measured into `docs/operations.md`. One fault at a time: they share one stack.

#![expect(clippy::indexing_slicing, reason = "these are tests: an index that is not there is a failed row")]

mod full_disk;
mod rows;
mod scene;
mod status_watch;
mod table;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use warren_tests::interrupt;
use warren_tests::progress::Progress;
use warren_tests::shared::Shared;
use warren_tests::stack::{Stack, StackOptions};

use rows::{ROWS, Row};
use scene::Scene;

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let shared = Arc::new(Shared::default());
    let failed = |error: anyhow::Error| Failed::from(format!("{error:#}"));
    let mut trials: Vec<Trial> = ROWS
        .iter()
        .map(|row| {
            let shared = Arc::clone(&shared);
            Trial::test(row.name, move || run(&shared, row).map_err(failed)).with_ignored_flag(!row.quick)
        })
        .collect();
    trials.push(Trial::test("the_table_in_operations_has_every_fault", move || table::check().map_err(failed)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Not left to the end of the process: a static or an exit would not stop the programs.
    drop(shared);
    conclusion.exit_code()
}

/// One group of two clusters, so that there is always another one to go to.
fn options() -> StackOptions {
    let cluster = |name: &str| (name.to_owned(), "adhoc".to_owned());
    StackOptions {
        clusters: vec![cluster("adhoc-1"), cluster("adhoc-2")],
        warren: vec!["--access-log=false".to_owned()],
        relays: true,
        clock: true,
        ..StackOptions::default()
    }
}

fn run(shared: &Shared<(), Stack>, row: &Row) -> Result<()> {
    let start = || Stack::start("faults", options(), &Progress::on_stderr());
    shared.run((), start, |stack, fresh| {
        if !fresh {
            stack.reset()?;
        }
        let measured = measure(stack, row).inspect_err(|_| eprintln!("\n{}", stack.run.log_tails(25)))?;
        eprintln!("{}", measured.line(row.what));
        table::note(row.what, &measured)
    })
}

fn measure(stack: &Stack, row: &Row) -> Result<table::Measured> {
    let scene = Scene::begin(stack)?;
    let broke = (row.run)(&scene);
    let ended = scene.end();
    broke?;
    let (measured, unexpected) = ended?;
    ensure!(
        unexpected.is_empty(),
        "{} queries that should not have failed or were lost: {unexpected:#?}",
        unexpected.len()
    );
    Ok(measured)
}
