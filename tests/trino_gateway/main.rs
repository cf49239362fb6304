//! Warren beside the real Trino Gateway: asked the same, and on the same database.
//!
//! `cargo test -p warren-tests --test trino_gateway -- --list`, `… -- NAME` to choose. `same::…` asks both the same, each on
//! a database of its own; `back::…` is the way back; `rules::…` imports rules in MVEL and compares the groups that both
//! choose; `together::…` runs both on one database, before two Trinos; `page::…` holds `docs/migration.md` against what is asked (`UPDATE=1` writes its table).

#![expect(clippy::indexing_slicing, reason = "these are tests: an index that is not there is a failed case")]

mod case;
mod cases;
mod difference;
mod pair;
mod rules;
mod together;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use warren_tests::interrupt;
use warren_tests::shared::Shared;
use warren_tests::stack::Stack;

use difference::Difference;
use pair::Pair;
use rules::Rules;

/// What cases ask; at most one of them runs, so that a small machine does.
enum World {
    Pair(Box<Pair>),
    Stack(Box<Stack>),
    Rules(Box<Rules>),
}

#[derive(PartialEq)]
enum Kind {
    Pair,
    Stack,
    Rules,
}

type Worlds = Shared<Kind, World>;

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let shared = Arc::new(Worlds::default());
    let trial = |name: String, run: Box<dyn Fn() -> Result<()> + Send>| {
        Trial::test(name, move || run().map_err(|error| Failed::from(format!("{error:#}"))))
    };
    let mut trials = Vec::new();
    for case in cases::all() {
        let (shared, name) = (Arc::clone(&shared), format!("same::{}", case.name));
        trials.push(trial(name, Box::new(move || with_pair(&shared, |pair| pair.try_case(&case)))));
    }
    let pair = Arc::clone(&shared);
    let back = move || with_pair(&pair, Pair::start_on_warrens_database);
    trials.push(trial("back::trino_gateway_starts_on_a_database_that_warren_made".to_owned(), Box::new(back)));
    let folders = match rules::folders() {
        Ok(folders) => folders,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
    };
    for folder in folders {
        let (shared, name) = (Arc::clone(&shared), format!("rules::{}", rules::name(&folder)));
        trials.push(trial(name, Box::new(move || with_rules(&shared, |rules| rules.try_folder(&folder)))));
    }
    for (name, case) in together::CASES {
        let shared = Arc::clone(&shared);
        trials.push(trial(format!("together::{name}"), Box::new(move || with_stack(&shared, case))));
    }
    trials.push(trial("page::each_difference_is_asked_for".to_owned(), Box::new(each_difference_is_asked_for)));
    trials.push(trial("page::has_the_differences".to_owned(), Box::new(difference::check_page)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Not left to the end of the process: a static or an exit would not stop the programs.
    drop(shared);
    conclusion.exit_code()
}

fn with_pair(worlds: &Worlds, case: impl FnOnce(&Pair) -> Result<()>) -> Result<()> {
    let start = || Ok(World::Pair(Box::new(Pair::start()?)));
    worlds.run(Kind::Pair, start, |world, _| {
        let World::Pair(pair) = world else { bail!("something else was started") };
        case(pair).inspect_err(|_| eprintln!("\n{}", pair.run.log_tails(20)))
    })
}

fn with_rules(worlds: &Worlds, case: impl FnOnce(&Rules) -> Result<()>) -> Result<()> {
    let start = || Ok(World::Rules(Box::new(Rules::start()?)));
    worlds.run(Kind::Rules, start, |world, _| {
        let World::Rules(rules) = world else { bail!("something else was started") };
        case(rules).inspect_err(|_| eprintln!("\n{}", rules.run.log_tails(20)))
    })
}

fn with_stack(worlds: &Worlds, case: together::Case) -> Result<()> {
    let start = || Ok(World::Stack(Box::new(together::start()?)));
    worlds.run(Kind::Stack, start, |world, fresh| {
        let World::Stack(stack) = world else { bail!("something else was started") };
        if !fresh {
            stack.reset()?;
        }
        case(stack).inspect_err(|_| eprintln!("\n{}", stack.run.log_tails(30)))
    })
}

fn each_difference_is_asked_for() -> Result<()> {
    let asked: Vec<Difference> = cases::all().iter().filter_map(case::Case::difference).collect();
    let forgotten: Vec<Difference> = Difference::ALL.into_iter().filter(|known| !asked.contains(known)).collect();
    ensure!(forgotten.is_empty(), "no case shows {forgotten:?}");
    Ok(())
}
