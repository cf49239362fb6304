//! The matrix: every client × everything that a client does, through Warren, written down in `docs/clients.md`.
//!
//! `cargo test -p warren-tests --test clients -- --list`, `… -- NAME` to choose, `… -- --include-ignored` for the slow
//! ones too. Each case compares what it saw with its cell of the page; `UPDATE=1` writes the cells instead.

#![expect(clippy::indexing_slicing, reason = "these are tests: an index that is not there is a failed case")]

mod kind;
mod page;
mod scenarios;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use warren_tests::clients::Client;
use warren_tests::interrupt;
use warren_tests::shared::Shared;

use kind::Kind;
use page::Page;
use scenarios::{SCENARIOS, Scenario};
use world::World;

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let page = match Page::read() {
        Ok(page) => Arc::new(Mutex::new(page)),
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    let shared = Arc::new(Shared::default());
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        for scenario in SCENARIOS.iter().filter(|scenario| scenario.kinds.contains(&kind)) {
            for client in Client::ALL {
                let (shared, page) = (Arc::clone(&shared), Arc::clone(&page));
                let name = format!("{}::{}::{}", kind.name(), format!("{client:?}").to_lowercase(), scenario.name);
                let slow = kind.is_slow() || (scenario.is_slow)(client);
                let case = move || {
                    let saw =
                        run(&shared, kind, scenario, client).map_err(|error| Failed::from(format!("{error:#}")))?;
                    let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
                    page.compare(kind, scenario, client, &saw).map_err(|error| Failed::from(format!("{error:#}")))
                };
                trials.push(Trial::test(name, case).with_ignored_flag(slow));
            }
        }
    }
    let whole = Arc::clone(&page);
    trials.push(Trial::test("page::has_a_cell_for_each_case_and_no_other", move || {
        let page = whole.lock().unwrap_or_else(PoisonError::into_inner);
        page.is_whole().map_err(|error| Failed::from(format!("{error:#}")))
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Not left to the end of the process: a static or an exit would not stop the programs.
    drop(shared);
    conclusion.exit_code()
}

fn run(shared: &Shared<Kind, World>, kind: Kind, scenario: &Scenario, client: Client) -> Result<String> {
    shared.run(
        kind,
        || World::start(kind),
        |world, _| (scenario.run)(world, client).inspect_err(|_| eprintln!("\n{}", world.stack.run.log_tails(20))),
    )
}
