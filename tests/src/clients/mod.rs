//! The real clients of Trino: each takes the same steps on one connection and tells what its user saw.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::fetch::Programs;
use crate::fetch::programs::Part;
use crate::progress::Progress;
use crate::run_dir::RunDir;

pub(crate) mod cli;
mod install;
pub(crate) use install::installed_node;
mod run;

/// Longer than the two minutes for which Java's clients try again.
const PATIENCE: Duration = Duration::from_secs(240);

/// Parts that the clients are made of, for [`Programs::fetch_also`].
pub const PARTS: &[Part] = &[Part::TrinoJdbc, Part::JavaCompiler];

/// A client of Trino.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Trino's command line client.
    Cli,
    /// Trino's JDBC driver.
    Jdbc,
    /// `trino` from the Python Package Index.
    Python,
    /// `trino-client` from the npm registry.
    Node,
    /// `trino-go-client`.
    Go,
}

/// One step on a client's connection; `tests/clients/README.md` says what each does.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads all rows.
    Query(String),
    /// Runs it; its rows do not count.
    Do(String),
    /// Reads 1,000 rows, then cancels.
    Cancel(String),
    /// A prepared statement with `'warren'` for its one parameter.
    Execute(String),
    /// Reads 1,000 rows, does nothing for 35 seconds, reads the rest.
    Idle(String),
    /// Reads all rows with heartbeats a millisecond apart, where the client can be told so.
    Heartbeat(String),
    /// Begins a transaction.
    Begin,
    /// Ends it.
    Commit,
}

/// What a client is to do.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Address of the server, `http` or `https`.
    pub url: String,
    /// Who asks.
    pub user: String,
    /// With which program: marks the queries at the coordinators.
    pub source: String,
    /// PEM file of who is trusted over `https`.
    pub ca: Option<PathBuf>,
    /// How it says who it is, over `https`; the CLI and Python only.
    pub login: Option<Login>,
    /// What is done, one after the other, until one fails.
    pub steps: Vec<Step>,
}

/// How a client says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A bearer token.
    Token(String),
    /// PEM file with a certificate and its key.
    Certificate(PathBuf),
    /// The user's password.
    Password(String),
}

/// What the user of a client saw.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// Rows of all steps.
    pub rows: u64,
    /// Sum of the CRC-32 of each row: values as text, tabs between them.
    pub checksum: u64,
    /// The first 20 rows.
    pub values: Vec<String>,
    /// What the client's error says, if there was one.
    pub error: Option<String>,
}

/// The clients, installed.
#[derive(Debug)]
pub struct Clients {
    programs: Programs,
    java: PathBuf,
    python: PathBuf,
    node: PathBuf,
    go: PathBuf,
}

// === impl Client ===

impl Client {
    /// All of them.
    pub const ALL: [Client; 5] = [Client::Cli, Client::Jdbc, Client::Python, Client::Node, Client::Go];
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Client::Cli => "CLI 476",
            Client::Jdbc => "JDBC 476",
            Client::Python => "Python 0.340.0",
            Client::Node => "Node 0.2.9",
            Client::Go => "Go 1.1.0",
        })
    }
}

// === impl Clients ===

impl Clients {
    /// Installs what is missing, into the cache. `programs` must have been fetched with [`PARTS`].
    pub fn install(programs: &Programs, progress: &Progress) -> Result<Self> {
        Ok(Self {
            programs: programs.clone(),
            java: install::java(programs, progress)?,
            python: install::python(programs, progress)?,
            node: install::node(programs, progress)?,
            go: install::go(programs, progress)?,
        })
    }

    /// Lets a client do what is asked. That a step fails is for the caller to judge: [`Seen::error`].
    pub fn ask(&self, client: Client, ask: &Ask, run: &RunDir) -> Result<Seen> {
        self.try_to_ask(client, ask, run).with_context(|| format!("{client}: {:?}", ask.steps))
    }

    fn try_to_ask(&self, client: Client, ask: &Ask, run: &RunDir) -> Result<Seen> {
        let mut command;
        match client {
            Client::Cli => return cli::ask(&self.programs, ask, run),
            Client::Jdbc => {
                command = cli::java(&self.programs)?;
                let class_path = [self.java.clone(), self.programs.trino_jdbc()?];
                command.arg("-cp").arg(std::env::join_paths(class_path)?).arg("Client");
            }
            Client::Python => {
                command = Command::new(install::python_command());
                command.arg(self.python.join("client.py")).env("PYTHONPATH", self.python.join("packages"));
            }
            Client::Node => {
                command = Command::new("node");
                command.arg(self.node.join("client.js"));
            }
            Client::Go => command = Command::new(self.go.join("client")),
        }
        run::program(command, ask, run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::programs::PROGRAMS;

    #[test]
    fn names_say_the_pinned_versions() {
        let pinned = |part: Part| PROGRAMS.iter().find(|program| program.part == part).map(|program| program.version);
        assert_eq!(Client::Cli.to_string(), format!("CLI {}", pinned(Part::TrinoCli).unwrap()));
        assert_eq!(Client::Jdbc.to_string(), format!("JDBC {}", pinned(Part::TrinoJdbc).unwrap()));
        for (client, before, lock, line) in [
            (Client::Python, "Python ", include_str!("../../clients/python/requirements.txt"), "trino=={} "),
            (Client::Node, "Node ", include_str!("../../clients/node/package.json"), "\"trino-client\": \"{}\""),
            (Client::Go, "Go ", include_str!("../../clients/go/go.mod"), "trinodb/trino-go-client v{}\n"),
        ] {
            let name = client.to_string();
            let line = line.replace("{}", name.strip_prefix(before).unwrap());
            assert!(lock.contains(&line), "{name}: no `{line}`");
        }
    }
}
