//! A PostgreSQL server with an empty database.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::fetch::Programs;
use crate::ports::free_port;
use crate::process::Process;
use crate::run_dir::RunDir;

const ROLE: &str = "warren";
const DATABASE: &str = "warren";
const READY: Duration = Duration::from_secs(30);

/// A running PostgreSQL; its data stays through `stop` and `start`.
#[derive(Debug)]
pub struct PostgresServer {
    /// The server.
    pub process: Process,
    port: u16,
}

impl PostgresServer {
    /// Makes a data folder in the run's folder, starts the server and makes the database `warren`.
    pub fn start(programs: &Programs, run: &RunDir) -> Result<Self> {
        let other_user = user_when_root()?;
        let mut installation = programs.postgres()?;
        if other_user.is_some() {
            // The cache is likely below root's home, where no other user can read.
            let copy = run.folder("postgresql")?;
            copy_folder(&installation, &copy)?;
            installation = copy;
        }
        let data = run.folder("postgresql-data")?;
        if let Some(user) = &other_user {
            chown(&data, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .with_context(|| format!("{}: cannot be given to user {}", data.display(), user.name))?;
        }
        let as_user = move |program: &str, folder: &Path| {
            let mut command = Command::new(installation.join("bin").join(program));
            command.current_dir(folder);
            if let Some(user) = &other_user {
                command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            }
            command
        };
        initialise(as_user("initdb", &data), &data)?;
        let port = free_port()?;
        let process = Process::new("postgresql", run.log("postgresql"), move || {
            let mut command = as_user("postgres", &data);
            command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
            // No socket file: its folder may not exist. No fsync: nobody pulls the plug on a test's data.
            for setting in
                ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=32MB"]
            {
                command.args(["-c", setting]);
            }
            command
        })
        // "Fast shutdown": SIGTERM would wait for the clients to go away.
        .with_stop_signal(Signal::SIGINT);
        let server = Self { process, port };
        server.process.start()?;
        server.wait_ready_on("postgres")?;
        server.connect("postgres")?.batch_execute(&format!("CREATE DATABASE {DATABASE}")).context("CREATE DATABASE")?;
        Ok(server)
    }

    /// Starts the server again on its old data and port, and waits until it answers.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        self.wait_ready_on(DATABASE)
    }

    /// Port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Address of the database, for `--database-url`. There is no password.
    pub fn url(&self) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{DATABASE}", self.port)
    }

    /// Runs statements and forgets what they return.
    pub fn sql(&self, text: &str) -> Result<()> {
        self.connect(DATABASE)?.batch_execute(text).with_context(|| format!("SQL failed: {text}"))
    }

    /// Runs a query; every value as PostgreSQL prints it.
    pub fn query(&self, text: &str) -> Result<Vec<Vec<Option<String>>>> {
        let messages = self.connect(DATABASE)?.simple_query(text).with_context(|| format!("SQL failed: {text}"))?;
        let mut rows = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                let value = |column| Ok(row.try_get(column)?.map(str::to_owned));
                rows.push((0..row.len()).map(value).collect::<Result<_>>()?);
            }
        }
        Ok(rows)
    }

    fn connect(&self, database: &str) -> Result<Client> {
        postgres::Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user(ROLE)
            .dbname(database)
            .application_name("warren-tests")
            .connect_timeout(Duration::from_secs(5))
            .connect(NoTls)
            .with_context(|| format!("PostgreSQL on port {}: cannot connect", self.port))
    }

    fn wait_ready_on(&self, database: &str) -> Result<()> {
        self.process.wait_until(READY, "a first connection", || self.connect(database).map(drop))
    }
}

fn initialise(mut initdb: Command, data: &Path) -> Result<()> {
    initdb.args(["-U", ROLE, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"]).arg(data);
    let output = initdb.stdin(Stdio::null()).output().context("`initdb` cannot be started")?;
    ensure!(output.status.success(), "`initdb` failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// PostgreSQL refuses to run as root: the user it runs as then.
fn user_when_root() -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    match User::from_name("nobody").context("the user database cannot be read")? {
        Some(user) => Ok(Some(user)),
        None => bail!(
            "PostgreSQL does not run as root and there is no user `nobody` to run it as; run this as another user"
        ),
    }
}

/// Copies what a running server needs; static libraries are left out.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{}: cannot be made", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))? {
        let entry = entry?;
        let (source, target): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&source, &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)
                .with_context(|| format!("{}: cannot be made", target.display()))?;
        } else if source.extension().is_none_or(|extension| extension != "a") {
            fs::copy(&source, &target).with_context(|| format!("{}: cannot be copied", source.display()))?;
        }
    }
    Ok(())
}
