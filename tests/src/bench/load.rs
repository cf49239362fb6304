//! The load: `wrk`, 16 connections that each send the next request when the last one is answered.

use std::io::{self, Write};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tempfile::NamedTempFile;

/// Connections that the load keeps open.
pub(super) const CONNECTIONS: u64 = 16;

const SCRIPT: &str = include_str!("load.lua");

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// New queries: `POST /v1/statement`, eight headers.
    Queries,
    /// Polls of a running query: `GET` of its `nextUri`.
    FollowUps,
    /// Ten follow-ups a query.
    Mix,
}

/// What wrk counted.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Counted {
    /// Answered requests.
    pub(super) requests: u64,
    /// How long it took.
    pub(super) microseconds: u64,
    /// Half of the answers took no longer, in microseconds.
    pub(super) p50: u64,
    /// 99 of 100 answers took no longer, in microseconds.
    pub(super) p99: u64,
    /// The longest that an answer took, in microseconds.
    pub(super) most: u64,
    connect: u64,
    read: u64,
    write: u64,
    status: u64,
    timeout: u64,
}

/// wrk with its script.
#[derive(Debug)]
pub(super) struct Wrk {
    script: NamedTempFile,
}

// === impl Load ===

impl Load {
    /// All, in the order in which they are sent and shown.
    pub(super) const ALL: [Load; 3] = [Load::Queries, Load::FollowUps, Load::Mix];

    /// As a table's title.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Load::Queries => "New queries (POST /v1/statement)",
            Load::FollowUps => "Follow-ups (GET nextUri)",
            Load::Mix => "Ten follow-ups a query",
        }
    }

    const fn argument(self) -> &'static str {
        match self {
            Load::Queries => "query",
            Load::FollowUps => "follow-up",
            Load::Mix => "mix",
        }
    }
}

// === impl Wrk ===

impl Wrk {
    /// Writes the script where wrk can read it.
    pub(super) fn new() -> Result<Self> {
        let mut script = tempfile::Builder::new().suffix(".lua").tempfile().context("no file for wrk's script")?;
        script.write_all(SCRIPT.as_bytes()).context("wrk's script cannot be written")?;
        Ok(Self { script })
    }

    /// Loads `url` for some seconds. An answer that is no success, or none at all, is an error: then what was measured is
    /// something else.
    pub(super) fn run(&self, url: &str, load: Load, follow_up: &str, seconds: u32) -> Result<Counted> {
        let mut command = Command::new("wrk");
        // The timeout only keeps wrk from counting an answer that took long as none.
        command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "--timeout", "30s", "-s"]);
        command.arg(self.script.path()).args([url, "--", load.argument(), follow_up]);
        let output = match command.output() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(error).context("`wrk` is missing; install it (Debian: apt-get install wrk)");
            }
            output => output.context("`wrk` cannot be started")?,
        };
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "wrk failed: {said}{}", String::from_utf8_lossy(&output.stderr));
        Counted::read(&said)
    }
}

// === impl Counted ===

impl Counted {
    /// Reads the line that `done` of the script prints, among wrk's own for people.
    fn read(said: &str) -> Result<Self> {
        let line = said.lines().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("wrk printed no result: {said}"))?;
        let counted: Self = serde_json::from_str(line).with_context(|| format!("wrk's result: {line}"))?;
        let Self { connect, read, write, status, timeout, .. } = counted;
        ensure!(
            connect + read + write + status + timeout == 0,
            "not every request was answered well: {connect} could not connect, {read} could not be read, {write} could not \
             be written, {timeout} timed out, {status} had a status of 400 or more"
        );
        ensure!(counted.requests > 0, "not one request was answered");
        Ok(counted)
    }

    /// Answered requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Running 5s test @ http://127.0.0.1:1\n  1 threads and 16 connections\n\
        {\"requests\":50000,\"microseconds\":5000000,\"p50\":812,\"p99\":2100,\"most\":9000,\"connect\":0,\"read\":0,\"write\":0,\"status\":0,\"timeout\":0}\n";

    #[test]
    fn reads_the_line_of_the_script() {
        let counted = Counted::read(GOOD).unwrap();
        assert_eq!((counted.requests, counted.p50, counted.p99, counted.most), (50_000, 812, 2_100, 9_000));
        assert_eq!(counted.rate(), 10_000.0);
    }

    #[test]
    fn a_request_that_was_not_answered_well_spoils_the_run() {
        let bad = GOOD.replace("\"status\":0", "\"status\":3").replace("\"read\":0", "\"read\":1");
        assert_eq!(
            Counted::read(&bad).unwrap_err().to_string(),
            "not every request was answered well: 0 could not connect, 1 could not be read, 0 could not be written, 0 timed \
             out, 3 had a status of 400 or more"
        );
        let none = GOOD.replace("\"requests\":50000", "\"requests\":0");
        assert_eq!(Counted::read(&none).unwrap_err().to_string(), "not one request was answered");
    }

    #[test]
    fn output_without_a_result_is_quoted() {
        assert_eq!(
            Counted::read("unable to connect").unwrap_err().to_string(),
            "wrk printed no result: unable to connect"
        );
    }
}
