//! Puts each client's program and what it needs into the cache, by the pinned versions and checksums beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::fetch::Programs;
use crate::progress::Progress;

/// A client's files, as they were when this was built.
type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($file:literal),*) => {
        &[$(($file, include_str!(concat!("../../clients/", $folder, "/", $file)))),*]
    };
}

const JAVA: Files = files!("java": "Client.java");
const PYTHON: Files = files!("python": "client.py", "requirements.txt");
const NODE: Files = files!("node": "client.js", "package.json", "package-lock.json");
const GO: Files = files!("go": "main.go", "go.mod", "go.sum");

/// Compiled by a compiler that needs only the Java that was fetched.
pub(super) fn java(programs: &Programs, progress: &Progress) -> Result<PathBuf> {
    let driver = programs.trino_jdbc()?;
    once(programs, "client-java", JAVA, &driver.display().to_string(), progress, |folder| {
        let mut command = Command::new(programs.java()?);
        command.arg("-jar").arg(programs.java_compiler()?).args(["-25", "-d", ".", "Client.java"]);
        run(command, folder, "the Java that was fetched is broken: remove it from the cache")
    })
}

/// Wheels, each with its checksum, into a folder of their own: no virtual environment, which Debian has apart.
pub(super) fn python(programs: &Programs, progress: &Progress) -> Result<PathBuf> {
    let install = "install Python 3 with pip (Debian: apt-get install python3-pip), or name another in WARREN_PYTHON";
    let mut version = Command::new(python_command());
    version.arg("--version");
    let version = said(version, install)?;
    once(programs, "client-python", PYTHON, &version, progress, |folder| {
        let mut command = Command::new(python_command());
        command.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]);
        command.args(["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-warn-script-location"]);
        command.args(["--target", "packages", "--requirement", "requirements.txt"]);
        run(command, folder, install)
    })
}

pub(super) fn node(programs: &Programs, progress: &Progress) -> Result<PathBuf> {
    installed_node(programs, "client-node", NODE, progress)
}

/// A folder of the cache with these files, and the packages that they name.
pub(crate) fn installed_node(programs: &Programs, name: &str, files: Files, progress: &Progress) -> Result<PathBuf> {
    let install = "install Node.js, 20.15 or newer, with npm (Debian: apt-get install nodejs npm)";
    once(programs, name, files, "", progress, |folder| {
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
        run(command, folder, install)
    })
}

pub(super) fn go(programs: &Programs, progress: &Progress) -> Result<PathBuf> {
    let install = "install Go, 1.25.5 or newer (Debian: apt-get install golang-go)";
    once(programs, "client-go", GO, "", progress, |folder| {
        let mut command = Command::new("go");
        command.args(["build", "-mod=readonly", "-trimpath", "-o", "client", "."]).env("GOTOOLCHAIN", "local");
        run(command, folder, install)
    })
}

/// `WARREN_PYTHON`, else `python3`.
pub(super) fn python_command() -> String {
    std::env::var("WARREN_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// A folder of the cache with these files, completed by `install`. Other files, or another `with`, another folder.
fn once(
    programs: &Programs,
    name: &str,
    files: Files,
    with: &str,
    progress: &Progress,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let mut hasher = Sha256::new();
    for text in files.iter().flat_map(|(name, text)| [*name, *text]).chain([with]) {
        hasher.update(text.len().to_le_bytes());
        hasher.update(text);
    }
    let sum: String = hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    programs.once(&format!("{name}-{sum}"), progress, |folder| {
        for (name, text) in files {
            let file = folder.join(name);
            std::fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        install(folder)
    })
}

fn run(mut command: Command, folder: &Path, install: &str) -> Result<()> {
    command.current_dir(folder);
    said(command, install).map(drop)
}

fn said(mut command: Command, install: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("`{name}` cannot be started: {install}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(
        output.status.success(),
        "`{name}` ended with {}: {}{}\n{install}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    Ok(text(&output.stdout))
}
