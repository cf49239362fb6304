//! `make demo`: Warren with the real programs, on this machine.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use warren_tests::demo::{self, DemoOptions};

/// Starts PostgreSQL, warren, Envoy and three Trino coordinators, sends queries as several users with the real Trino CLI,
/// shows which cluster ran each of them, and stays up until Ctrl-C.
#[derive(Parser)]
struct Arguments {
    /// Do not stay; exit 1 if a query went elsewhere than it should, by the coordinators' own word.
    #[arg(long)]
    check: bool,
    /// Folder with the rules to begin with.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/samples/demo"), hide_default_value = true)]
    rules: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { check, rules } = Arguments::parse();
    match demo::run(&DemoOptions { rules, check }) {
        Ok(true) => ExitCode::SUCCESS,
        // As a shell reports a program that Ctrl-C ended.
        Ok(false) => ExitCode::from(130),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
