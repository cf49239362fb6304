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

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    /// The program.
    pub process: Process,
    name: String,
    admin_address: PathBuf,
}

impl Envoy {
    /// Starts Envoy with this bootstrap, which must have an `admin` address, and waits until the admin address answers.
    /// Listeners may come later: `wait_live`.
    pub fn start(programs: &Programs, run: &RunDir, name: &str, bootstrap: &str, concurrency: u32) -> Result<Self> {
        let file = run.path().join(format!("{name}.yaml"));
        fs::write(&file, bootstrap).with_context(|| format!("{}: cannot be written", file.display()))?;
        let admin_address = run.path().join(format!("{name}.admin"));
        let (program, address) = (programs.envoy()?, admin_address.clone());
        let process = Process::new(name, run.log(name), move || {
            let mut command = Command::new(&program);
            command.arg("-c").arg(&file).arg("--admin-address-path").arg(&address);
            command
                .args(["--use-dynamic-base-id", "--log-level", "warn", "--concurrency"])
                .arg(concurrency.to_string());
            // Access logs soon, not after Envoy's ten seconds.
            command.args(["--file-flush-interval-msec", "100"]);
            command
        });
        let envoy = Self { process, name: name.to_owned(), admin_address };
        envoy.start_again()?;
        Ok(envoy)
    }

    /// Starts it again with the same bootstrap, and waits until its admin address answers.
    pub fn start_again(&self) -> Result<()> {
        if !self.process.alive() {
            // The address of the run before, if there was one.
            drop(fs::remove_file(&self.admin_address));
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
        let address = fs::read_to_string(&self.admin_address)
            .with_context(|| format!("{}: has not written {}", self.name, self.admin_address.display()))?;
        Ok(format!("http://{}{path}", address.trim()))
    }

    /// Changes one of Envoy's runtime values, until it ends.
    pub fn modify_runtime(&self, key: &str, value: &str) -> Result<()> {
        let url = self.admin_url(&format!("/runtime_modify?{key}={value}"))?;
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
