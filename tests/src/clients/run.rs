//! Runs a client's program to its end, or ends it when it takes too long.

use std::io::Read;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use super::{Ask, Login, PATIENCE, Seen, Step};
use crate::eventually::eventually;
use crate::run_dir::RunDir;

/// What became of a program.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// What the reader of its standard output made of it.
    pub(super) read: Result<Seen>,
    pub(super) stderr: String,
}

/// Asks one of the programs in `tests/clients`.
pub(super) fn program(mut command: Command, ask: &Ask, run: &RunDir) -> Result<Seen> {
    let ca = ask.ca.as_ref().map_or_else(String::new, |ca| ca.display().to_string());
    command.args([&ask.url, &ask.user, &ask.source, &ca]);
    command.args(ask.steps.iter().map(argument));
    match &ask.login {
        None => {}
        Some(Login::Token(token)) => drop(command.env("WARREN_TOKEN", token)),
        Some(Login::Certificate(file)) => drop(command.env("WARREN_CERTIFICATE", file)),
        Some(Login::Password(password)) => drop(command.env("WARREN_PASSWORD", password)),
    }
    let ended = to_the_end(command, run, |mut stdout, _| {
        let mut text = String::new();
        stdout.read_to_string(&mut text)?;
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str(line).with_context(|| format!("no result in what it wrote: {text}"))
    })?;
    ended.read.with_context(|| format!("it ended with {}: {}", ended.status, ended.stderr))
}

/// Starts a program and waits until it has ended. `read` gets its standard output and its process id.
pub(super) fn to_the_end(
    mut command: Command,
    run: &RunDir,
    read: impl FnOnce(ChildStdout, u32) -> Result<Seen> + Send,
) -> Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    // A home of its own: some clients read settings from the user's.
    let folder = run.folder("clients")?;
    let errors = tempfile::NamedTempFile::new_in(&folder).context("a client's errors cannot be kept")?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.reopen()?);
    command.env("HOME", &folder).env("TERM", "dumb").current_dir(&folder);
    // Python's `requests` believes these rather than what its caller says.
    command.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE");
    let mut child = command.spawn().with_context(|| format!("`{name}` cannot be started"))?;
    let pid = child.id();
    let stdout = child.stdout.take().context("a client without standard output")?;
    thread::scope(|scope| {
        let reading = scope.spawn(move || read(stdout, pid));
        let status = eventually(PATIENCE, "the client to end", || match child.try_wait()? {
            Some(status) => Ok(status),
            None => bail!("it still runs"),
        });
        if status.is_err() {
            // Whether or not that succeeds, the error to show is that it did not end by itself.
            drop(child.kill().and_then(|()| child.wait()));
        }
        let read = reading.join().map_err(|_| anyhow!("the thread that reads a client's output panicked"))?;
        let stderr = std::fs::read(errors.path()).context("a client's errors cannot be read")?;
        Ok(Ended { status: status?, read, stderr: String::from_utf8_lossy(&stderr).into_owned() })
    })
}

fn argument(step: &Step) -> String {
    match step {
        Step::Query(sql) => format!("query {sql}"),
        Step::Do(sql) => format!("do {sql}"),
        Step::Cancel(sql) => format!("cancel {sql}"),
        Step::Execute(sql) => format!("execute {sql}"),
        Step::Idle(sql) => format!("idle {sql}"),
        Step::Heartbeat(sql) => format!("heartbeat {sql}"),
        Step::Begin => "begin".to_owned(),
        Step::Commit => "commit".to_owned(),
    }
}
