//! `make bench`: Warren's speed beside nothing, a plain Envoy and Trino Gateway, in one run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use warren_tests::bench::{self, BenchOptions, Part, upstream};

/// Sends the same load through nothing, a plain Envoy route, Warren and Trino Gateway, in turn, a few rounds of it; times starts
/// of Envoy and changes. A whole run takes 20 minutes and rewrites the tables of docs/benchmarks.md.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Three minutes: everything once, and less sure
    #[arg(long)]
    quick: bool,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Load only these subjects, such as plain,warren-5; an unknown one lists all
    #[arg(long, value_delimiter = ',')]
    subjects: Vec<String>,
    /// Rounds over all subjects
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Seconds of each load on each subject in each round
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
    /// Exit with 1 if a goal is not reached
    #[arg(long)]
    check: bool,
    /// Folder of benchmarks.md and benchmarks.svg
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"), hide_default_value = true)]
    docs: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Be the upstream: a coordinator that answers at once
    #[command(hide = true)]
    Upstream { port: u16 },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Upstream { port }) => upstream::serve(port),
        None => bench::run(&BenchOptions {
            parts: arguments.only,
            subjects: arguments.subjects,
            quick: arguments.quick,
            rounds: arguments.rounds.and_then(|rounds| usize::try_from(rounds).ok()),
            seconds: arguments.seconds,
            check: arguments.check,
            docs: arguments.docs,
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
