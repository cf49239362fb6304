//! Fetches the programs that the demo and the end-to-end tests start.

use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::Parser;
use comfy_table::{Table, presets};
use warren_tests::fetch::{Programs, programs};
use warren_tests::progress::Progress;
use warren_tests::trino::Trino;

/// Fetches Envoy, Java, PostgreSQL and Trino into the cache (WARREN_CACHE, else the user's cache folder), checks them
/// against their pinned checksums, and prints where they are.
#[derive(Parser)]
struct Arguments {
    /// Also make the class cache that starts a Trino in two thirds of the time. Takes half a minute, once.
    #[arg(long)]
    class_cache: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let progress = Progress::on_stderr();
    let fetched = Programs::fetch(&progress)?;
    if arguments.class_cache {
        progress.part("making Trino's class cache").run(|| Trino::make_class_cache(&fetched))?;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["PROGRAM", "VERSION", "FROM", "PATH"]);
    for program in programs::for_this_machine()?.into_iter().filter(|program| !program.part.is_extra()) {
        let path = fetched.folder(program).display().to_string();
        table.add_row([program.name, program.version, &program.origin(), &path]);
    }
    writeln!(io::stdout(), "{table}").context("the table cannot be printed")
}
