//! The demo: the real programs, a few real queries, and who ran them.

mod answer;
mod ask;
mod show;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::interrupt;
use crate::process;
use crate::progress::Progress;
use crate::stack::{Stack, StackOptions};

pub use answer::{Answer, Decision};
pub use ask::{ASKS, Ask, Wanted, ask_all};

/// What the demo is told.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Folder with the rule set; it is copied, and the copy is what the user edits.
    pub rules: PathBuf,
    /// Stop after the queries, and fail if one of them went elsewhere than it should.
    pub check: bool,
}

/// Starts everything, asks, shows, and stays until Ctrl-C unless it is a check. `Ok(false)`: stopped by Ctrl-C before it
/// was up.
pub fn run(options: &DemoOptions) -> Result<bool> {
    interrupt::listen()?;
    say("Warren demo: PostgreSQL, warren, Envoy, and three Trino coordinators in two groups.");
    let progress = Progress::on_stderr();
    let stack_options = StackOptions { envoys: 1, rules: files_of(&options.rules)?, ..StackOptions::default() };
    let stack = match Stack::start("demo", stack_options, &progress) {
        Err(_) if interrupt::interrupted() => return Ok(false),
        stack => stack?,
    };
    let waiting = progress.part(&format!("{} queries by the real Trino CLI", ASKS.len()));
    let answers = match waiting.run(|| ask_all(&stack, ASKS)) {
        Err(_) if interrupt::interrupted() => return Ok(false),
        Err(error) => return Err(error.context(stack.run.log_tails(25))),
        Ok(answers) => answers,
    };
    say(&format!("\n{}", show::table(&answers)));
    let astray: Vec<String> = answers.iter().filter_map(Answer::astray).collect();
    for line in &astray {
        say(&format!("  went astray: {line}"));
    }
    if !options.check {
        say(&show::what_to_try(&stack)?);
        interrupt::wait();
    }
    drop(stack);
    let left = process::left_over();
    ensure!(left.is_empty(), "process groups are left over: {left:?}");
    say("All programs stopped.");
    if options.check && !astray.is_empty() {
        bail!(
            "{} of {} queries went elsewhere than they should:\n  {}",
            astray.len(),
            answers.len(),
            astray.join("\n  ")
        );
    }
    Ok(true)
}

/// A reader who has gone away is no reason to fail, and less so to leave programs running.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// All files of a folder, by path below it.
fn files_of(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("{}: cannot be read", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
            files.push((path.strip_prefix(folder)?.to_string_lossy().into_owned(), text));
        }
    }
    ensure!(!files.is_empty(), "{}: no rules in it", folder.display());
    Ok(files)
}
