//! `warren users`.

use super::Outcome;
use crate::access::{self, Role};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// Print a person's line for the file of --users; the password is read from the terminal, or from standard input
    Hash {
        name: String,
        /// What the person may do
        #[arg(long, value_enum)]
        role: Role,
    },
}

pub(super) fn run(command: &UsersCommand) -> Result<Outcome> {
    let UsersCommand::Hash { name, role } = command;
    match access::line(name, *role, &password()?) {
        Ok(line) => {
            say!("{line}");
            Ok(Outcome::Good)
        }
        Err(errors) => {
            eprintln!("{}", errors.join("\n"));
            Ok(Outcome::Usage)
        }
    }
}

/// Typed twice and not seen, or the first line that is sent.
fn password() -> Result<String> {
    let terminal = console::Term::stderr();
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) || !terminal.is_term() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("the password cannot be read from standard input")?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    let ask = |what: &str| -> Result<String> {
        terminal.write_str(what)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask("password: ")?;
    ensure!(password == ask("again: ")?, "the two are not the same");
    Ok(password)
}
