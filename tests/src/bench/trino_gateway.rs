//! Trino Gateway 21, as it comes and as one would tune it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::ground::{GROUP, Ground};
use crate::http;
use crate::ports::free_port;
use crate::process::Process;

/// The five rules of `five.rhai`.
const RULES: &str = include_str!("trino_gateway_rules.yaml");

/// It starts in 5 s on an idle machine.
const READY: Duration = Duration::from_secs(120);

/// A running Trino Gateway.
#[derive(Debug)]
pub(super) struct TrinoGateway {
    /// The program.
    pub(super) process: Process,
    port: u16,
}

impl TrinoGateway {
    /// Starts it on a database of its own, gives it the upstream as its only cluster, and waits until that is healthy.
    /// `tuned`: the list of clusters from memory, no query history, no log line a request.
    pub(super) fn start(ground: &Ground, name: &str, tuned: bool) -> Result<Self> {
        let folder = ground.run.folder(name)?;
        let port = free_port()?;
        let write = |file: &str, text: &str| {
            fs::write(folder.join(file), text).with_context(|| format!("{file} of {name}: cannot be written"))
        };
        let database = name.replace('-', "_");
        ground.postgres.create_database(&database)?;
        let database = format!("//127.0.0.1:{}/{database}", ground.postgres.port());
        write("rules.yaml", RULES)?;
        write("log.properties", "io.trino.gateway=WARN\n")?;
        write("config.yaml", &configuration(&folder, port, &database, ground.postgres.role(), tuned))?;
        let (java, jar) = (ground.programs.java()?, ground.programs.trino_gateway()?);
        let process = Process::new(name, ground.run.log(name), move || {
            let mut command = Command::new(&java);
            command.current_dir(&folder).arg("-Xmx1g").arg("-jar").arg(&jar).arg("config.yaml");
            command
        });
        let gateway = Self { process, port };
        gateway.process.start()?;
        gateway.serve(&ground.upstream_url())?;
        Ok(gateway)
    }

    /// Where its clients go.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn serve(&self, upstream: &str) -> Result<()> {
        let ready = format!("{}/trino-gateway/readyz", self.url());
        self.process.wait_until(READY, "to be ready", || http::get(&ready, &[])?.success(&ready).map(drop))?;
        let add = format!("{}/gateway/backend/modify/add", self.url());
        let cluster = json!({"name": "bench-1", "proxyTo": upstream, "active": true, "routingGroup": GROUP});
        http::send("POST", &add, &[("Content-Type", "application/json")], &cluster.to_string())?.success(&add)?;
        let state = format!("{}/api/public/backends/bench-1/state", self.url());
        self.process.wait_until(READY, "its cluster to be healthy", || {
            let state = http::get(&state, &[])?.json(&state)?;
            ensure!(state.get("trinoStatus").is_some_and(|status| status == "HEALTHY"), "{state}");
            Ok(())
        })
    }
}

/// What is not named has its default, but for the delay of health checks, which is no part of a query's way.
fn configuration(folder: &Path, port: u16, database: &str, role: &str, tuned: bool) -> String {
    let (history, cache) = (!tuned, tuned);
    let log = if tuned { format!("  log.levels-file: {}/log.properties\n", folder.display()) } else { String::new() };
    format!(
        "serverConfig:\n  node.environment: bench\n  http-server.http.port: {port}\n{log}\
         dataStore:\n  jdbcUrl: jdbc:postgresql:{database}\n  user: {role}\n  password: none\n  driver: org.postgresql.Driver\n  \
         queryHistoryEnabled: {history}\n\
         databaseCache:\n  enabled: {cache}\n\
         routingRules:\n  rulesEngineEnabled: true\n  rulesConfigPath: {}/rules.yaml\n\
         monitor:\n  taskDelay: 5s\n",
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_and_tuned_differ_in_what_is_said_and_nothing_else() {
        let text = |tuned| configuration(Path::new("/r"), 1, "//127.0.0.1:2/x", "warren", tuned);
        let (default, tuned) = (text(false), text(true));
        let only_in = |one: &str, other: &str| -> Vec<String> {
            one.lines().filter(|line| !other.lines().any(|l| l == *line)).map(|line| line.trim().to_owned()).collect()
        };
        assert_eq!(only_in(&default, &tuned), ["queryHistoryEnabled: true", "enabled: false"]);
        assert_eq!(
            only_in(&tuned, &default),
            ["log.levels-file: /r/log.properties", "queryHistoryEnabled: false", "enabled: true"]
        );
    }
}
