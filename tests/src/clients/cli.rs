//! The Trino CLI: a program already, so its steps become its arguments, and its output the result.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command};
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::run::to_the_end;
use super::{Ask, Login, Seen, Step};
use crate::fetch::Programs;
use crate::run_dir::RunDir;

/// What the CLI prints of statements that have no rows.
const DONE: [&str; 5] = ["SET SESSION", "USE", "START TRANSACTION", "COMMIT", "PREPARE"];

/// Asks the CLI: all steps in one session.
pub(super) fn ask(programs: &Programs, ask: &Ask, run: &RunDir) -> Result<Seen> {
    let mut command = java(programs)?;
    command.arg("-jar").arg(programs.trino_cli()?);
    command.args(["--server", &ask.url, "--user", &ask.user, "--source", &ask.source, "--output-format", "TSV"]);
    if let Some(ca) = &ask.ca {
        command.arg("--truststore-path").arg(ca);
    }
    match &ask.login {
        None => {}
        Some(Login::Token(token)) => drop(command.arg("--access-token").arg(token)),
        Some(Login::Certificate(file)) => drop(command.arg("--keystore-path").arg(file)),
        Some(Login::Password(password)) => drop(command.arg("--password").env("TRINO_PASSWORD", password)),
    }
    let statements: Vec<String> = ask.steps.iter().map(statement).collect();
    command.args(["--execute", &statements.join("; ")]);
    let halfway = ask.steps.iter().find(|step| matches!(step, Step::Cancel(_) | Step::Idle(_)));
    let ended = to_the_end(command, run, |stdout, pid| read(stdout, pid, halfway))?;
    let error = plain(&ended.stderr);
    let failed = !ended.status.success();
    Ok(Seen { error: failed.then_some(error), ..ended.read? })
}

/// A Java that starts quickly.
pub(super) fn java(programs: &Programs) -> Result<Command> {
    let mut command = Command::new(programs.java()?);
    command.arg("-XX:TieredStopAtLevel=1");
    Ok(command)
}

fn read(stdout: ChildStdout, pid: u32, halfway: Option<&Step>) -> Result<Seen> {
    let mut seen = Seen { rows: 0, checksum: 0, values: Vec::new(), error: None };
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        if DONE.contains(&line.as_str()) {
            continue;
        }
        seen.rows += 1;
        seen.checksum += u64::from(crc32fast::hash(line.as_bytes()));
        if seen.values.len() < 20 {
            seen.values.push(line);
        }
        if seen.rows == 1000 {
            match halfway {
                // As Ctrl-C does.
                Some(Step::Cancel(_)) => kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGINT)?,
                // Nothing is waited for: a reader who does nothing is what is asked for.
                Some(Step::Idle(_)) => std::thread::sleep(Duration::from_secs(35)),
                _ => {}
            }
        }
    }
    Ok(seen)
}

fn statement(step: &Step) -> String {
    match step {
        Step::Query(sql) | Step::Do(sql) | Step::Cancel(sql) | Step::Idle(sql) | Step::Heartbeat(sql) => sql.clone(),
        Step::Execute(sql) => format!("PREPARE statement FROM {sql}; EXECUTE statement USING 'warren'"),
        Step::Begin => "START TRANSACTION".to_owned(),
        Step::Commit => "COMMIT".to_owned(),
    }
}

/// What the CLI said, on one line, without colours and Java's own warnings.
pub(crate) fn plain(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("WARNING")).collect();
    let mut text = String::new();
    for (number, piece) in lines.join(" ").split('\x1b').enumerate() {
        // After the first, each piece begins with the rest of an escape sequence, which ends with an `m`.
        text.push_str(if number == 0 { piece } else { piece.split_once('m').map_or("", |(_, rest)| rest) });
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cli_says_is_one_plain_line() {
        assert_eq!(plain("WARNING: old\n\x1b[31;1mQuery 1 failed:\x1b[0m\nno\n"), "Query 1 failed: no");
    }
}
