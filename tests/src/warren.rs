//! The `warren` command: the control service, and its command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::http;
use crate::ports::free_port;
use crate::process::Process;
use crate::relay::Relay;
use crate::run_dir::RunDir;

const READY: Duration = Duration::from_secs(30);

/// How `warren serve` is started.
#[derive(Debug, Clone, Default)]
pub struct WarrenOptions {
    /// Name of its log and of its state folder, when there is more than one; else `warren`.
    pub name: String,
    /// PostgreSQL's address.
    pub database_url: String,
    /// Port of Envoy's listener, for an Envoy whose bootstrap names none.
    pub listen: u16,
    /// The filter, when it is not the one that was built.
    pub filter: Option<PathBuf>,
    /// Folder of rules that is watched.
    pub rules: Option<PathBuf>,
    /// Group for queries that no rule routes.
    pub default_group: String,
    /// More arguments.
    pub more: Vec<String>,
    /// Who signed the API's certificate, if the arguments give it one.
    pub api_ca: Option<PathBuf>,
    /// More environment variables.
    pub environment: Vec<(String, String)>,
}

/// A running control service.
#[derive(Debug)]
pub struct Warren {
    /// The program.
    pub process: Process,
    program: PathBuf,
    state: PathBuf,
    xds: u16,
    api: u16,
    api_ca: Option<PathBuf>,
}

/// What a command of the command line said.
#[derive(Debug, Clone)]
pub struct Said {
    /// Exit status; 0 is good.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

// === impl Warren ===

impl Warren {
    /// Starts `warren serve` and waits until it answers `/livez`.
    pub fn start(run: &RunDir, options: &WarrenOptions) -> Result<Self> {
        let program = program()?;
        let (xds, api) = (free_port()?, free_port()?);
        let name = if options.name.is_empty() { "warren" } else { &options.name };
        let state = run.folder(&format!("{name}-state"))?;
        let filter = options.filter.clone().map_or_else(built_filter, Ok)?;
        let arguments = arguments(options, xds, api, &filter, &state)?;
        let (serve, environment) = (program.clone(), options.environment.clone());
        let process = Process::new(name, run.log(name), move || {
            let mut command = quiet(&serve);
            command.args(&arguments).envs(environment.iter().map(|(name, value)| (name, value)));
            command
        });
        let warren = Self { process, program, state, xds, api, api_ca: options.api_ca.clone() };
        warren.start_again()?;
        Ok(warren)
    }

    /// Starts it again with the same arguments and waits until it answers.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        if self.api_ca.is_some() {
            // The harness speaks no TLS, the command does.
            return self.process.wait_until(READY, "the API to answer", || {
                let said = self.say(&["status", "--json"])?;
                ensure!(!said.stdout.is_empty(), "{}", said.stderr);
                Ok(())
            });
        }
        let url = format!("{}/livez", self.api_url());
        self.process.wait_until(READY, "/livez to answer", || http::get(&url, &[])?.success(&url).map(drop))
    }

    /// Its folder for the last good state.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// Address of the API.
    pub fn api_url(&self) -> String {
        let scheme = if self.api_ca.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.api)
    }

    /// Where Envoy asks for its configuration: `host:port`.
    pub fn xds_address(&self) -> String {
        format!("127.0.0.1:{}", self.xds)
    }

    /// The port of that.
    pub fn xds_port(&self) -> u16 {
        self.xds
    }

    /// Bootstrap of an Envoy that listens on `port`, as `warren bootstrap` prints it. The admin address gets a free port.
    pub fn bootstrap(&self, node_id: &str, port: u16) -> Result<String> {
        self.bootstrap_from(&self.xds_address(), node_id, port)
    }

    /// The same for an Envoy that asks for its configuration through a relay.
    pub fn bootstrap_through(&self, relay: &Relay, node_id: &str, port: u16) -> Result<String> {
        self.bootstrap_from(&format!("127.0.0.1:{}", relay.port()), node_id, port)
    }

    fn bootstrap_from(&self, xds: &str, node_id: &str, port: u16) -> Result<String> {
        let listen = format!("127.0.0.1:{port}");
        let admin = format!("127.0.0.1:{}", free_port()?);
        self.cli(&["bootstrap", "--xds", xds, "--node-id", node_id, "--admin", &admin, "--listen", &listen])
    }

    /// Runs a command that must succeed, and returns its standard output.
    pub fn cli(&self, arguments: &[&str]) -> Result<String> {
        let said = self.say(arguments)?;
        ensure!(
            said.code == 0,
            "`warren {}` ended with {}: {}{}",
            arguments.join(" "),
            said.code,
            said.stderr,
            said.stdout
        );
        Ok(said.stdout)
    }

    /// Runs a command and returns what it said, whatever its exit status.
    pub fn say(&self, arguments: &[&str]) -> Result<Said> {
        let mut command = quiet(&self.program);
        command.args(arguments).env("WARREN_API", self.api_url());
        command.envs(self.api_ca.iter().map(|ca| ("WARREN_API_CA", ca)));
        run(command, None)
    }

    /// The `warren` executable.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Runs a `warren` command that needs no service, with `input` as its standard input.
pub fn warren_alone(arguments: &[&str], input: &str) -> Result<Said> {
    let mut command = quiet(&program()?);
    command.args(arguments);
    run(command, Some(input))
}

fn arguments(options: &WarrenOptions, xds: u16, api: u16, filter: &Path, state: &Path) -> Result<Vec<String>> {
    let text = |path: &Path| path.display().to_string();
    let mut arguments = vec!["serve".to_owned()];
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    add("--database-url", options.database_url.clone());
    add("--xds-listen", format!("127.0.0.1:{xds}"));
    add("--api-listen", format!("127.0.0.1:{api}"));
    add("--listen", format!("127.0.0.1:{}", options.listen));
    add("--filter", text(filter));
    add("--state-dir", text(state));
    add("--default-group", options.default_group.clone());
    add("--poll", "1s".to_owned());
    add("--health-period", "1s".to_owned());
    if let Some(rules) = &options.rules {
        add("--rules", text(rules));
    }
    arguments.extend(options.more.iter().cloned());
    Ok(arguments)
}

/// A command that does not see our own WARREN_… variables, which would be settings to it.
fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WARREN_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(mut command: Command, input: Option<&str>) -> Result<Said> {
    use std::io::Write;
    let name = command.get_program().to_string_lossy().into_owned();
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{name}` cannot be started"))?;
    if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
        // A command that ends before it has read its input says why by itself.
        drop(pipe.write_all(input.as_bytes()));
    }
    let output = child.wait_with_output().with_context(|| format!("`{name}` cannot be waited for"))?;
    Ok(Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// `WARREN_BIN`, else `warren` as built beside the running executable.
fn program() -> Result<PathBuf> {
    let hint = "build it (`cargo build -p warren`), or name it in WARREN_BIN";
    find("WARREN_BIN", Path::new("warren"), "the `warren` executable", hint)
}

/// `WARREN_FILTER`, else the filter as built in the same target folder.
pub fn built_filter() -> Result<PathBuf> {
    let file = Path::new("wasm32-wasip1/wasm/warren_filter.wasm");
    find("WARREN_FILTER", file, "the filter", "build it (`make build`), or name it in WARREN_FILTER")
}

/// `WARREN_PLANTED_FILTER`, else the filter that panics when asked to, as built in the same target folder.
pub fn planted_filter() -> Result<PathBuf> {
    let file = Path::new("wasm32-wasip1/planted/warren_filter.wasm");
    let hint = "build it (`cargo build -p warren-filter --features planted-panic --target wasm32-wasip1 --profile planted`), \
                or name it in WARREN_PLANTED_FILTER";
    find("WARREN_PLANTED_FILTER", file, "the filter with a planted panic", hint)
}

/// Looks in the folders above the running executable: `target/debug/deps`, `target/debug`, `target`.
fn find(variable: &str, file: &Path, what: &str, hint: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        ensure!(path.is_file(), "{what}: {variable} names {}, which is no file", path.display());
        return std::path::absolute(&path).with_context(|| format!("{}", path.display()));
    }
    let here = std::env::current_exe().context("the running executable cannot be found")?;
    let found = here.ancestors().skip(1).take(3).map(|folder| folder.join(file)).find(|path| path.is_file());
    found.with_context(|| {
        let nearest = here.parent().map_or_else(String::new, |folder| folder.display().to_string());
        format!("{what}: no {} in {nearest} or the two folders above it; {hint}", file.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envoy_gets_its_own_port() {
        let options = WarrenOptions {
            database_url: "postgres://x".to_owned(),
            listen: 1,
            default_group: "adhoc".to_owned(),
            ..WarrenOptions::default()
        };
        let line = arguments(&options, 8, 9, Path::new("/f.wasm"), Path::new("/s")).unwrap().join(" ");
        assert_eq!(
            line,
            "serve --database-url postgres://x --xds-listen 127.0.0.1:8 --api-listen 127.0.0.1:9 --listen 127.0.0.1:1 \
             --filter /f.wasm --state-dir /s \
             --default-group adhoc --poll 1s --health-period 1s"
        );
    }

    #[test]
    fn what_is_not_built_is_named_with_the_command_that_builds_it() {
        let error = find("WARREN_UNSET", Path::new("nothing-of-this-name"), "the thing", "build it").unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("the thing: no nothing-of-this-name in ") && error.ends_with("; build it"),
            "{error}"
        );
    }
}
