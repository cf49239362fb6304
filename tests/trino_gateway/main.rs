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
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use warren_tests::interrupt;
use warren_tests::stack::Stack;

use difference::Difference;
use pair::Pair;
use rules::Rules;

/// What the case before left running; at most one of them, so that a small machine does.
#[derive(Default)]
enum World {
    #[default]
    Nothing,
    Pair(Box<Pair>),
    Stack(Box<Stack>),
    Rules(Box<Rules>),
    /// Not tried again for each case: it waits minutes for what does not come.
    Broken(String),
}

type Shared = Arc<Mutex<World>>;

fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if let Err(error) = interrupt::listen() {
        eprintln!("{error:#}");
        return ExitCode::FAILURE;
    }
    let shared = Shared::default();
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

fn with_pair(shared: &Shared, case: impl FnOnce(&Pair) -> Result<()>) -> Result<()> {
    let mut world = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*world, World::Nothing | World::Stack(_) | World::Rules(_)) {
        *world = World::Nothing;
        *world =
            Pair::start().map_or_else(|error| World::Broken(format!("{error:#}")), |pair| World::Pair(Box::new(pair)));
    }
    match &*world {
        World::Pair(pair) => case(pair).inspect_err(|_| eprintln!("\n{}", pair.run.log_tails(20))),
        World::Broken(error) => bail!("nothing to ask: {error}"),
        World::Nothing | World::Stack(_) | World::Rules(_) => bail!("nothing was started"),
    }
}

fn with_rules(shared: &Shared, case: impl FnOnce(&Rules) -> Result<()>) -> Result<()> {
    let mut world = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*world, World::Nothing | World::Pair(_) | World::Stack(_)) {
        *world = World::Nothing;
        *world = Rules::start()
            .map_or_else(|error| World::Broken(format!("{error:#}")), |rules| World::Rules(Box::new(rules)));
    }
    match &*world {
        World::Rules(rules) => case(rules).inspect_err(|_| eprintln!("\n{}", rules.run.log_tails(20))),
        World::Broken(error) => bail!("nothing to ask: {error}"),
        World::Nothing | World::Pair(_) | World::Stack(_) => bail!("nothing was started"),
    }
}

fn with_stack(shared: &Shared, case: together::Case) -> Result<()> {
    let mut world = shared.lock().unwrap_or_else(PoisonError::into_inner);
    match &*world {
        World::Stack(stack) => stack.reset()?,
        World::Nothing | World::Pair(_) | World::Rules(_) => {
            *world = World::Nothing;
            *world = together::start()
                .map_or_else(|error| World::Broken(format!("{error:#}")), |stack| World::Stack(Box::new(stack)));
        }
        World::Broken(_) => {}
    }
    match &*world {
        World::Stack(stack) => case(stack).inspect_err(|_| eprintln!("\n{}", stack.run.log_tails(30))),
        World::Broken(error) => bail!("nothing to ask: {error}"),
        World::Nothing | World::Pair(_) | World::Rules(_) => bail!("nothing was started"),
    }
}

fn each_difference_is_asked_for() -> Result<()> {
    let asked: Vec<Difference> = cases::all().iter().filter_map(case::Case::difference).collect();
    let forgotten: Vec<Difference> = Difference::ALL.into_iter().filter(|known| !asked.contains(known)).collect();
    ensure!(forgotten.is_empty(), "no case shows {forgotten:?}");
    Ok(())
}
