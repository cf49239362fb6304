//! A PostgreSQL server with an empty database.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::eventually::eventually;
use crate::fetch::Programs;
use crate::ports::free_port;
use crate::process::Process;
use crate::relay::Relay;
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
    data: PathBuf,
    installed: Installed,
}

/// Where its programs are, and who runs them.
#[derive(Debug, Clone)]
struct Installed {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root.
    other_user: Option<User>,
}

impl PostgresServer {
    /// Makes a data folder in the run's folder, starts the server and makes the database `warren`.
    pub fn start(programs: &Programs, run: &RunDir) -> Result<Self> {
        let installed = Installed::for_this_user(programs, run)?;
        let data = run.folder("postgresql-data")?;
        installed.give(&data)?;
        initialise(installed.command("initdb", &data), &data)?;
        let server = Self::on(run, "postgresql", installed, data)?;
        server.process.start()?;
        server.wait_ready_on("postgres")?;
        server.connect("postgres")?.batch_execute(&format!("CREATE DATABASE {DATABASE}")).context("CREATE DATABASE")?;
        Ok(server)
    }

    /// Starts a second server that follows this one, until it is promoted. This one is stopped for a moment, to be copied.
    pub fn standby(&self, run: &RunDir) -> Result<Self> {
        let data = run.path().join("postgresql-standby");
        self.process.stop()?;
        copy_all(&self.data, &data)?;
        self.start_again()?;
        for (file, text) in [
            ("standby.signal", String::new()),
            ("postgresql.auto.conf", format!("primary_conninfo = 'host=127.0.0.1 port={} user={ROLE}'\n", self.port)),
        ] {
            let file = data.join(file);
            fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
            self.installed.give(&file)?;
        }
        let standby = Self::on(run, "postgresql-standby", self.installed.clone(), data)?;
        standby.start_again()?;
        eventually(READY, "the standby to follow", || {
            let following = self.query("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")?.len();
            ensure!(following == 1, "{following} servers follow");
            Ok(())
        })?;
        Ok(standby)
    }

    fn on(run: &RunDir, name: &str, installed: Installed, data: PathBuf) -> Result<Self> {
        let port = free_port()?;
        let (own, folder) = (installed.clone(), data.clone());
        let process = Process::new(name, run.log(name), move || {
            let mut command = own.command("postgres", &folder);
            command.arg("-D").arg(&folder).arg("-p").arg(port.to_string());
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
        Ok(Self { process, port, data, installed })
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Gives a file or folder to the user it runs as.
    pub fn give(&self, path: &Path) -> Result<()> {
        self.installed.give(path)
    }

    /// Speaks TLS, to those who ask for it, with this certificate and key; with none, to nobody.
    pub fn use_tls(&self, files: Option<(&Path, &Path)>) -> Result<()> {
        let Some((certificate, key)) = files else {
            self.sql("ALTER SYSTEM RESET ssl")?;
            return self.sql("SELECT pg_reload_conf()");
        };
        self.give(key)?;
        fs::set_permissions(key, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("{}: its mode cannot be set", key.display()))?;
        let certificate = certificate.display();
        self.sql(&format!("ALTER SYSTEM SET ssl_cert_file = '{certificate}'"))?;
        self.sql(&format!("ALTER SYSTEM SET ssl_key_file = '{}'", key.display()))?;
        self.sql("ALTER SYSTEM SET ssl = on")?;
        self.sql("SELECT pg_reload_conf()")
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

    /// The same through a relay.
    pub fn url_through(&self, relay: &Relay) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{DATABASE}", relay.port())
    }

    /// The role that owns everything. It has no password.
    pub fn role(&self) -> &'static str {
        ROLE
    }

    /// Makes another empty database and returns its address.
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(format!("postgres://{ROLE}@127.0.0.1:{}/{name}", self.port))
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

    /// A connection of one's own to one of its databases.
    pub fn connect(&self, database: &str) -> Result<Client> {
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

impl Installed {
    fn for_this_user(programs: &Programs, run: &RunDir) -> Result<Self> {
        let other_user = user_when_root()?;
        let mut folder = programs.postgres()?;
        if other_user.is_some() {
            // The cache is likely below root's home, where no other user can read.
            let copy = run.folder("postgresql")?;
            copy_folder(&folder, &copy)?;
            folder = copy;
        }
        Ok(Self { folder, other_user })
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(program));
        command.current_dir(folder);
        if let Some(user) = &self.other_user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn give(&self, path: &Path) -> Result<()> {
        let Some(user) = &self.other_user else { return Ok(()) };
        chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .with_context(|| format!("{}: cannot be given to user {}", path.display(), user.name))
    }
}

/// Copies a folder with owners and modes; what is in `to` already stays.
pub fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new("cp");
    command.arg("-a").arg("--no-target-directory").args([from, to]);
    let output = command.output().context("`cp` cannot be started")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} cannot be copied: {errors}", from.display());
    Ok(())
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
