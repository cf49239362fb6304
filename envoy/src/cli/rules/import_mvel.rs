//! `warren rules import-mvel`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::cli::Outcome;
use crate::mvel::{self, Import};

#[derive(Args)]
pub(crate) struct ImportMvelArgs {
    /// Rules of Trino Gateway: YAML with MVEL
    file: PathBuf,
    /// Write the rules into this new file, not to standard output
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Write no rules, only tell what could not be translated
    #[arg(long)]
    check: bool,
}

/// Rules to standard output or a file, the report to standard error; findings if a rule could not be translated.
pub(super) fn run(args: &ImportMvelArgs) -> Result<Outcome> {
    let path = args.file.display();
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("cannot read {path}: {error}");
            return Ok(Outcome::Usage);
        }
    };
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let import = match mvel::import(&name, &text) {
        Ok(import) => import,
        Err(finding) => {
            eprintln!("{path}: {finding}");
            return Ok(Outcome::Usage);
        }
    };
    match &args.out {
        Some(out) => match File::create_new(out) {
            Ok(mut file) => {
                file.write_all(import.rhai.as_bytes()).with_context(|| format!("cannot write {}", out.display()))?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                eprintln!("{} is there already; remove it, or write into another file", out.display());
                return Ok(Outcome::Usage);
            }
            Err(error) => return Err(error).with_context(|| format!("cannot write {}", out.display())),
        },
        None if args.check => {}
        None => write!(std::io::stdout(), "{}", import.rhai)?,
    }
    Ok(tell(&path.to_string(), &import))
}

fn tell(path: &str, import: &Import) -> Outcome {
    for note in &import.notes {
        eprintln!("{path}: {note}");
    }
    for refused in &import.refused {
        eprintln!("{path}: {refused}");
    }
    let (all, refused) = (import.rules, import.refused.len());
    if refused == 0 {
        eprintln!("{all} rules translated");
        return Outcome::Good;
    }
    eprintln!(
        "{} of {all} rules translated, {refused} not: they are comments in the result, marked NOT TRANSLATED",
        all.saturating_sub(refused)
    );
    Outcome::Findings
}
