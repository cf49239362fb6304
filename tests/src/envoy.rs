//! A real Envoy.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::fetch::Programs;
use crate::http;
use crate::process::Process;
use crate::run_dir::RunDir;

const READY: Duration = Duration::from_secs(30);

/// How long an Envoy that is told to drain, or that has a successor, goes on with what it has begun. Its own defaults are ten
/// and fifteen minutes.
const DRAIN: &[&str] = &["--drain-time-s", "5", "--parent-shutdown-time-s", "8"];

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    /// The program.
    pub process: Process,
    name: String,
    files: Files,
}

/// What it reads and writes.
#[derive(Debug, Clone)]
struct Files {
    log: PathBuf,
    program: PathBuf,
    bootstrap: PathBuf,
    admin_address: PathBuf,
    /// By this number an Envoy and its successor know each other.
    base_id: PathBuf,
    environment: Vec<(String, String)>,
    concurrency: u32,
}

impl Envoy {
    /// Starts Envoy with this bootstrap, which must have an `admin` address, and waits until the admin address answers.
    /// Listeners may come later: `wait_live`.
    pub fn start(programs: &Programs, run: &RunDir, name: &str, bootstrap: &str, concurrency: u32) -> Result<Self> {
        Self::start_in(programs, run, name, bootstrap, concurrency, Vec::new())
    }

    /// The same with more environment variables.
    pub fn start_in(
        programs: &Programs,
        run: &RunDir,
        name: &str,
        bootstrap: &str,
        concurrency: u32,
        environment: Vec<(String, String)>,
    ) -> Result<Self> {
        let files = Files {
            log: run.log(name),
            program: programs.envoy()?,
            bootstrap: run.path().join(format!("{name}.yaml")),
            admin_address: run.path().join(format!("{name}.admin")),
            base_id: run.path().join(format!("{name}.base-id")),
            environment,
            concurrency,
        };
        fs::write(&files.bootstrap, bootstrap)
            .with_context(|| format!("{}: cannot be written", files.bootstrap.display()))?;
        let of = files.clone();
        let process = Process::new(name, run.log(name), move || {
            let mut command = of.command();
            command.arg("--use-dynamic-base-id").arg("--base-id-path").arg(&of.base_id);
            command
        });
        let envoy = Self { process, name: name.to_owned(), files };
        envoy.start_again()?;
        Ok(envoy)
    }

    /// Starts a new Envoy that takes this one's sockets over; this one goes on with what it has begun, and ends. (Envoy calls
    /// it a hot restart.)
    pub fn successor(&self) -> Result<Self> {
        let base_id = fs::read_to_string(&self.files.base_id)
            .with_context(|| format!("{}: cannot be read", self.files.base_id.display()))?;
        let name = format!("{}-successor", self.name);
        let files =
            Files { admin_address: self.files.admin_address.with_extension("successor-admin"), ..self.files.clone() };
        let of = files.clone();
        let process = Process::new(&name, self.files.log.with_extension("successor.log"), move || {
            let mut command = of.command();
            command.args(["--restart-epoch", "1", "--base-id", base_id.trim()]);
            command
        });
        let envoy = Self { process, name, files };
        envoy.start_again()?;
        Ok(envoy)
    }

    /// Starts it again with the same bootstrap, and waits until its admin address answers.
    pub fn start_again(&self) -> Result<()> {
        if !self.process.alive() {
            // The address of the run before, if there was one.
            drop(fs::remove_file(&self.files.admin_address));
        }
        self.process.start()?;
        self.process.wait_until(READY, "its admin address", || self.admin("/server_info").map(drop))
    }

    /// Waits until all listeners and clusters it needs to begin with are there.
    pub fn wait_live(&self) -> Result<()> {
        self.process
            .wait_until(READY, "to be live (it has got its first configuration)", || self.admin("/ready").map(drop))
    }

    /// Its name, which is also its node id.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// GET from the admin address.
    pub fn admin(&self, path: &str) -> Result<String> {
        let url = self.admin_url(path)?;
        http::get(&url, &[])?.success(&url)
    }

    fn admin_url(&self, path: &str) -> Result<String> {
        let address = fs::read_to_string(&self.files.admin_address)
            .with_context(|| format!("{}: has not written {}", self.name, self.files.admin_address.display()))?;
        Ok(format!("http://{}{path}", address.trim()))
    }

    /// Changes one of Envoy's runtime values, until it ends.
    pub fn modify_runtime(&self, key: &str, value: &str) -> Result<()> {
        self.tell(&format!("/runtime_modify?{key}={value}"))
    }

    /// POST to the admin address.
    pub fn tell(&self, path: &str) -> Result<()> {
        let url = self.admin_url(path)?;
        http::send("POST", &url, &[], "")?.success(&url).map(drop)
    }

    /// A counter or gauge by its full name; 0 while Envoy has not used it.
    pub fn stat(&self, name: &str) -> Result<u64> {
        let exact = format!("^{}$", name.replace('.', "\\.")).replace('^', "%5E").replace('\\', "%5C");
        let text = self.admin(&format!("/stats?usedonly&filter={exact}"))?;
        for line in text.lines() {
            if let Some((found, value)) = line.split_once(": ")
                && found == name
            {
                return value.trim().parse().with_context(|| format!("{}: {line}: not a number", self.name));
            }
        }
        Ok(0)
    }

    /// All statistics in use, as `name: value` lines.
    pub fn stats(&self) -> Result<String> {
        self.admin("/stats?usedonly")
    }

    /// What Envoy has been configured with, endpoints too.
    pub fn config_dump(&self) -> Result<Value> {
        let text = self.admin("/config_dump?include_eds")?;
        serde_json::from_str(&text).with_context(|| format!("{}: its configuration is not JSON", self.name))
    }

    /// Checks a bootstrap without serving: `envoy --mode validate`.
    pub fn validate(programs: &Programs, run: &RunDir, bootstrap: &str) -> Result<()> {
        let file = run.path().join("to-validate.yaml");
        fs::write(&file, bootstrap).with_context(|| format!("{}: cannot be written", file.display()))?;
        let mut command = Command::new(programs.envoy()?);
        command.args(["--mode", "validate", "--use-dynamic-base-id", "--log-level", "warn", "-c"]).arg(&file);
        let output = command.output().context("`envoy` cannot be started")?;
        ensure!(output.status.success(), "Envoy refuses the bootstrap: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

impl Files {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(&self.bootstrap).arg("--admin-address-path").arg(&self.admin_address).args(DRAIN);
        command.args(["--log-level", "warn", "--concurrency"]).arg(self.concurrency.to_string());
        // Access logs soon, not after Envoy's ten seconds.
        command.args(["--file-flush-interval-msec", "100"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
