//! A real Trino: one coordinator that also works.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::client::Session;
use crate::fetch::Programs;
use crate::fetch::trino_483::Trino483;
use crate::http;
use crate::ports::free_port;
use crate::process::Process;
use crate::run_dir::RunDir;

mod configuration;

/// Three at once on two busy cores take a while.
const READY: Duration = Duration::from_secs(180);

/// What a test may want otherwise.
#[derive(Debug, Clone)]
pub struct TrinoOptions {
    /// Another Trino than the one with plugins.
    pub newest: Option<Trino483>,
    /// Largest heap. Below 1 GB Trino was not seen to work.
    pub heap: String,
    /// Both compilers, for measurements. Off: the quick one only, which starts a Trino in 3/4 of the time.
    pub optimise: bool,
    /// Plugins by the names of their folders in the server's own, besides the connectors.
    pub plugins: Vec<String>,
    /// What it is in its cluster.
    pub role: Role,
    /// Take `X-Forwarded-…` headers. Trino's own default is not to.
    pub forwarded: bool,
    /// Lines for `config.properties`.
    pub config: Vec<String>,
    /// Further files: path below `etc`, text.
    pub files: Vec<(String, String)>,
    /// Use the class cache if it was made.
    pub class_cache: bool,
}

/// What a Trino is in its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// A coordinator that also works.
    Alone,
    /// A coordinator that leaves the work to its workers.
    Coordinator,
    /// A worker of the coordinator at this address.
    Worker(String),
}

/// A running Trino.
#[derive(Debug)]
pub struct Trino {
    /// The program.
    pub process: Process,
    name: String,
    port: u16,
    first_query: &'static str,
}

/// A query as its coordinator tells of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoordinatorQuery {
    /// Id.
    pub query_id: String,
    /// State, such as `FINISHED`.
    pub state: String,
    /// Statement.
    pub query: String,
    /// Why it failed, if it did.
    pub error_code: Option<CoordinatorErrorCode>,
    /// Who asked.
    pub session: CoordinatorSession,
}

/// Why a query failed, as the coordinator tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct CoordinatorErrorCode {
    /// Name of the error, such as `USER_CANCELED`.
    pub name: String,
}

/// Who asked, as the coordinator got it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoordinatorSession {
    /// User.
    pub user: String,
    /// Program.
    #[serde(default)]
    pub source: Option<String>,
    /// Client tags.
    #[serde(default)]
    pub client_tags: Vec<String>,
    /// Trace token.
    #[serde(default)]
    pub trace_token: Option<String>,
}

impl CoordinatorQuery {
    /// Whether it is at its end, one way or the other.
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "FINISHED" | "FAILED")
    }
}

impl Default for TrinoOptions {
    fn default() -> Self {
        Self {
            newest: None,
            heap: "1G".to_owned(),
            optimise: false,
            plugins: Vec::new(),
            role: Role::Alone,
            forwarded: true,
            config: Vec::new(),
            files: Vec::new(),
            class_cache: true,
        }
    }
}

// === impl TrinoOptions ===

/// `open sesame`, by PBKDF2, as Trino's own file of passwords has it.
const OPEN_SESAME: &str = "10000:0123456789abcdef:fba11ab9cb888bae5eafbd4db9992147f1443432f4f88e32fefd19b14f4a3755";

impl TrinoOptions {
    /// It lets these users in by the password `open sesame`; `ways` of logging in are Trino's names of them, `PASSWORD` among them.
    pub fn with_passwords(ways: &str, users: &[&str]) -> Self {
        let authenticator = "password-authenticator.name=file\nfile.password-file=etc/passwords\n";
        let passwords: String = users.iter().map(|user| format!("{user}:{OPEN_SESAME}\n")).collect();
        Self {
            plugins: vec!["password-authenticators".to_owned()],
            config: vec![
                format!("http-server.authentication.type={ways}"),
                "internal-communication.shared-secret=of-this-test".to_owned(),
            ],
            files: vec![
                ("password-authenticator.properties".to_owned(), authenticator.to_owned()),
                ("passwords".to_owned(), passwords),
            ],
            ..Self::default()
        }
    }
}

// === impl Trino ===

impl Trino {
    /// Starts a Trino with the catalogs `tpch` and `memory`. It takes some seconds to answer: `wait_ready`.
    pub fn start(programs: &Programs, run: &RunDir, name: &str, options: &TrinoOptions) -> Result<Self> {
        let mut flags = jvm_flags(options);
        let class_cache = programs.class_cache()?;
        if options.class_cache && class_cache.is_file() && options.newest.is_none() {
            flags.push(with_path("-XX:AOTCache=", &class_cache));
            // A cache that does not fit is passed over without a word on standard error.
            flags.push("-Xlog:aot=off,aot*=off".into());
        }
        Self::start_with_flags(programs, run, name, options, flags)
    }

    fn start_with_flags(
        programs: &Programs,
        run: &RunDir,
        name: &str,
        options: &TrinoOptions,
        mut flags: Vec<OsString>,
    ) -> Result<Self> {
        let port = free_port()?;
        let folder = run.folder(name)?;
        configuration::write(programs, &folder, name, port, options)?;
        flags.extend(["-Dconfig=etc/config.properties".into(), "-cp".into()]);
        let java = match &options.newest {
            None => {
                flags.extend([class_path(&programs.trino_jars()?, None)?, "io.trino.server.TrinoServer".into()]);
                programs.java()?
            }
            Some(newest) => {
                flags.extend([class_path(&newest.jars, Some(&newest.main))?, "TrinoServer".into()]);
                flags.insert(0, "--add-modules=jdk.incubator.vector".into());
                newest.java.clone()
            }
        };
        let process = Process::new(name, run.log(name), move || {
            let mut command = Command::new(&java);
            command.args(&flags).current_dir(&folder);
            command
        });
        process.start()?;
        // Each needs a worker. A worker says a little later than that it is there which catalogs it has.
        let first_query = match options.newest {
            None => "SELECT count(*) FROM tpch.tiny.nation",
            Some(_) => "SELECT count(*) FROM TABLE(sequence(1, 25))",
        };
        Ok(Self { process, name: name.to_owned(), port, first_query })
    }

    /// Waits until it runs queries. Trino says that it has started a little before it can.
    pub fn wait_ready(&self) -> Result<()> {
        let session = Session::user("warren-tests").source("wait-ready");
        self.process.wait_until(READY, "a first query to succeed", || {
            let query = session.run(&self.url(), self.first_query)?.success()?;
            ensure!(query.value().is_some_and(|count| count == 25), "got {:?}", query.rows);
            Ok(())
        })
    }

    /// Waits until it says that it has started; for one that runs no queries by itself.
    pub fn wait_started(&self) -> Result<()> {
        let url = format!("{}/v1/info", self.url());
        self.process.wait_until(READY, "to have started", || {
            let info = http::get(&url, &[])?.json(&url)?;
            ensure!(info.get("starting").is_some_and(|starting| starting == false), "{info}");
            Ok(())
        })
    }

    /// Starts it again on its old port and waits until it runs queries. What it knew of earlier queries is gone.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        self.wait_ready()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Every query the coordinator knows of, also the failed ones: the word of Trino itself on who ran what where. A
    /// query of which only the POST came is not among them.
    pub fn queries(&self) -> Result<Vec<CoordinatorQuery>> {
        let url = format!("{}/v1/query", self.url());
        let text = http::get(&url, &[("X-Trino-User", "warren-tests")])?.success(&url)?;
        serde_json::from_str(&text).with_context(|| format!("{}: its queries cannot be read", self.name))
    }

    /// Whether the coordinator knows the query with this id.
    pub fn knows(&self, query_id: &str) -> Result<bool> {
        Ok(self.queries()?.iter().any(|query| query.query_id == query_id))
    }

    /// Makes the class cache: starts a Trino, lets it write what it loaded, and stops it. Takes about half a minute once
    /// and saves a third of every start from then on. Does nothing if it is there.
    pub fn make_class_cache(programs: &Programs) -> Result<()> {
        let cache = programs.class_cache()?;
        if cache.is_file() {
            return Ok(());
        }
        let run = RunDir::new("class-cache")?;
        let options = TrinoOptions::default();
        let fresh = tempfile::Builder::new().prefix(".class-cache-").tempdir_in(programs.cache())?;
        let written = fresh.path().join("trino.aot");
        let mut flags = jvm_flags(&options);
        flags.push(with_path("-XX:AOTCacheOutput=", &written));
        let trino = Self::start_with_flags(programs, &run, "trino", &options, flags)?;
        trino.wait_ready()?;
        trino.process.signal(nix::sys::signal::Signal::SIGTERM)?;
        // Writing takes longer than the time a program has to stop.
        crate::eventually::eventually(Duration::from_secs(120), "the class cache to be written", || {
            ensure!(!trino.process.alive(), "Java still writes");
            Ok(())
        })?;
        ensure!(written.is_file(), "Java wrote no class cache; the end of its log:\n{}", trino.process.log_tail(20));
        fs::rename(&written, &cache).with_context(|| format!("{}: cannot be put in place", cache.display()))
    }
}

/// What Trino's own launcher gives, for a small machine. The class cache is bound to them.
fn jvm_flags(options: &TrinoOptions) -> Vec<OsString> {
    let mut flags: Vec<OsString> = vec![format!("-Xmx{}", options.heap).into()];
    flags.extend(
        [
            "-XX:+UseG1GC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-OmitStackTraceInFastThrow",
            "-XX:+EnableDynamicAgentLoading",
            "-XX:-UsePerfData",
            "-Djdk.attach.allowAttachSelf=true",
            "-Djdk.nio.maxCachedBufferSize=2000000",
            "-Dfile.encoding=UTF-8",
        ]
        .map(OsString::from),
    );
    if !options.optimise {
        flags.push("-XX:TieredStopAtLevel=1".into());
    }
    flags
}

fn with_path(flag: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(flag);
    flag.push(path);
    flag
}

/// All jars by name: a fixed order, which the class cache relies on. `first` is a folder of classes.
fn class_path(folder: &Path, first: Option<&Path>) -> Result<OsString> {
    let mut jars: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be read", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    jars.sort();
    let all = first.into_iter().chain(jars.iter().map(PathBuf::as_path));
    std::env::join_paths(all).with_context(|| format!("{}: cannot be a class path", folder.display()))
}
