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
    eprint!("{} of {all} rules translated", all.saturating_sub(refused));
    if refused == 0 {
        eprintln!();
        return Outcome::Good;
    }
    eprintln!("; the others are comments in the result, marked NOT TRANSLATED");
    Outcome::Findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const RULE: &str = "name: a\ncondition: 'true'\nactions: ['result.put(\"routingGroup\", \"etl\")']\n";

    fn ended(text: &str, out: Option<&str>) -> (u8, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there.rhai"), "old").unwrap();
        let file = folder.path().join("rules.yaml");
        if !text.is_empty() {
            fs::write(&file, text).unwrap();
        }
        let out = out.map(|out| folder.path().join(out));
        let args = ImportMvelArgs { file, out: out.clone(), check: out.is_none() };
        let code = match run(&args).unwrap() {
            Outcome::Good => 0,
            Outcome::Findings => 1,
            Outcome::Usage => 64,
        };
        (code, out.and_then(|out| fs::read_to_string(out).ok()))
    }

    #[test]
    fn the_exit_status_says_what_was_found_and_no_file_is_overwritten() {
        let result = "// The rules of Trino Gateway's rules.yaml, by `warren rules import-mvel`.\n\
                      // There the last rule that is true wins, here the first: they stand in reverse.\n\n\
                      // a\notherwise(route(\"etl\"));\n";
        for (text, out, code, left) in [
            (RULE, None, 0, None),
            (RULE, Some("new.rhai"), 0, Some(result)),
            (RULE, Some("there.rhai"), 64, Some("old")),
            ("name: a\n", None, 1, None),
            ("[", Some("new.rhai"), 64, None),
            ("", Some("new.rhai"), 64, None),
        ] {
            assert_eq!(ended(text, out), (code, left.map(str::to_owned)), "{text} {out:?}");
        }
    }
}
