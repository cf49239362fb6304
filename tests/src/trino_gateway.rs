//! Trino Gateway 21: what Warren is compared with, and what it shares a database with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::fetch::Programs;
use crate::http;
use crate::ports::free_port;
use crate::postgres_server::PostgresServer;
use crate::process::Process;
use crate::run_dir::RunDir;

/// Its file of rules, beside its configuration.
const RULES: &str = "rules.yaml";

/// It starts in 5 s on an idle machine.
const READY: Duration = Duration::from_secs(120);

/// How it is started. What is not named has its default.
#[derive(Debug, Clone)]
pub struct TrinoGatewayOptions {
    /// Database, which must be there. It makes its tables in it, unless they are there.
    pub database: String,
    /// Let it make or change the tables. Off for a database that Warren made: its migrations do not expect tables there.
    pub migrations: bool,
    /// Rules in MVEL. Without them `X-Trino-Routing-Group` names the group.
    pub rules: Option<String>,
    /// How old what it has read of the rules may be, in its notation.
    pub rules_period: String,
    /// A routing service that names the group, in place of rules.
    pub external: Option<String>,
    /// Let rules see the user and the statement.
    pub analyze: bool,
    /// Write each query to `query_history`.
    pub history: bool,
    /// Keep the list of clusters in memory.
    pub cached: bool,
    /// A log line a request.
    pub chatty: bool,
    /// Time between two health checks, in its notation.
    pub health_period: String,
    /// Flags of Java.
    pub java: Vec<String>,
}

/// A running Trino Gateway.
#[derive(Debug)]
pub struct TrinoGateway {
    /// The program.
    pub process: Process,
    port: u16,
    rules: PathBuf,
}

impl Default for TrinoGatewayOptions {
    fn default() -> Self {
        Self {
            database: "warren".to_owned(),
            migrations: true,
            rules: None,
            rules_period: "1m".to_owned(),
            external: None,
            analyze: false,
            history: true,
            cached: false,
            chatty: true,
            health_period: "1s".to_owned(),
            // For a test: starts sooner, stays small.
            java: ["-Xmx256m", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec(),
        }
    }
}

// === impl TrinoGateway ===

impl TrinoGateway {
    /// Starts it and waits until it is ready.
    pub fn start(
        programs: &Programs,
        run: &RunDir,
        postgres: &PostgresServer,
        name: &str,
        options: &TrinoGatewayOptions,
    ) -> Result<Self> {
        let folder = run.folder(name)?;
        let port = free_port()?;
        let write = |file: &str, text: &str| {
            fs::write(folder.join(file), text).with_context(|| format!("{file} of {name}: cannot be written"))
        };
        if let Some(rules) = &options.rules {
            write(RULES, rules)?;
        }
        write("log.properties", "io.trino.gateway=WARN\n")?;
        write("config.yaml", &options.configuration(&folder, port, postgres.port(), postgres.role()))?;
        let rules = folder.join(RULES);
        let (java, jar, flags) = (programs.java()?, programs.trino_gateway()?, options.java.clone());
        let process = Process::new(name, run.log(name), move || {
            let mut command = Command::new(&java);
            command.current_dir(&folder).args(&flags).arg("-jar").arg(&jar).arg("config.yaml");
            command
        });
        let gateway = Self { process, port, rules };
        gateway.start_again()?;
        Ok(gateway)
    }

    /// Starts it again on its old port and waits until it is ready.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        let ready = format!("{}/trino-gateway/readyz", self.url());
        self.process.wait_until(READY, "to be ready", || http::get(&ready, &[])?.success(&ready).map(drop))
    }

    /// Gives it other rules, which it reads when the period of its rules is over.
    pub fn set_rules(&self, rules: &str) -> Result<()> {
        fs::write(&self.rules, rules).with_context(|| format!("{} cannot be written", self.rules.display()))
    }

    /// Where its clients go, and its API.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

// === impl TrinoGatewayOptions ===

impl TrinoGatewayOptions {
    /// Its configuration file. `postgres` is the database server's port, `role` who connects to it.
    pub fn configuration(&self, folder: &Path, port: u16, postgres: u16, role: &str) -> String {
        let folder = folder.display();
        let log = if self.chatty { String::new() } else { format!("  log.levels-file: {folder}/log.properties\n") };
        let rules = match (&self.rules, &self.external) {
            // Without a list of headers it fails to read this, says nothing, and takes the group from the header.
            (None, Some(url)) => format!(
                "routingRules:\n  rulesEngineEnabled: true\n  rulesType: EXTERNAL\n  rulesExternalConfiguration:\n    \
                 urlPath: {url}\n    excludeHeaders: []\n"
            ),
            (Some(_), _) => format!(
                "routingRules:\n  rulesEngineEnabled: true\n  rulesConfigPath: {folder}/{RULES}\n  rulesRefreshPeriod: {}\n",
                self.rules_period
            ),
            (None, None) => String::new(),
        };
        format!(
            "serverConfig:\n  node.environment: test\n  node.bind-ip: 127.0.0.1\n  node.internal-address: 127.0.0.1\n  \
             http-server.http.port: {port}\n{log}\
             dataStore:\n  jdbcUrl: jdbc:postgresql://127.0.0.1:{postgres}/{}\n  user: {role}\n  password: none\n  driver: org.postgresql.Driver\n  \
             queryHistoryEnabled: {}\n  runMigrationsEnabled: {}\n\
             databaseCache:\n  enabled: {}\n\
             {rules}\
             requestAnalyzerConfig:\n  analyzeRequest: {}\n\
             monitor:\n  taskDelay: {}\n",
            self.database, self.history, self.migrations, self.cached, self.analyze, self.health_period
        )
    }
}
