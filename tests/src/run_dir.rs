//! The folder that holds all files of one run: configurations, data, logs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A temporary folder, removed at the end unless `WARREN_KEEP=1`.
#[derive(Debug)]
pub struct RunDir {
    folder: TempDir,
}

impl RunDir {
    /// Makes the folder. Every user may look into it, since PostgreSQL runs as another user when we are root.
    pub fn new(name: &str) -> Result<Self> {
        let mut folder = tempfile::Builder::new()
            .prefix(&format!("warren-{name}-"))
            .tempdir()
            .context("no folder for the run can be made; name another place in TMPDIR")?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))
            .with_context(|| format!("{}: its mode cannot be set", folder.path().display()))?;
        if std::env::var("WARREN_KEEP").is_ok_and(|keep| keep == "1") {
            folder.disable_cleanup(true);
            eprintln!("kept (WARREN_KEEP=1): {}", folder.path().display());
        }
        Ok(Self { folder })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder in it.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.path().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        Ok(folder)
    }

    /// Where the process called `name` logs to.
    pub fn log(&self, name: &str) -> PathBuf {
        self.path().join(format!("{name}.log"))
    }

    /// All logs, by name.
    pub fn logs(&self) -> Result<Vec<PathBuf>> {
        let files = fs::read_dir(self.path()).with_context(|| format!("{}: no folder", self.path().display()))?;
        let mut logs: Vec<PathBuf> = files
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .collect();
        logs.sort();
        Ok(logs)
    }

    /// The last `lines` lines of every log, for a reader who wants to know what went wrong.
    pub fn log_tails(&self, lines: usize) -> String {
        let mut text = String::new();
        for log in self.logs().unwrap_or_default() {
            text.push_str(&format!("── {} (last {lines} lines)\n{}\n", log.display(), tail(&log, lines)));
        }
        text
    }
}

/// The last lines of a file; empty if it cannot be read.
pub fn tail(path: &Path, lines: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_end_of_every_log() {
        let run = RunDir::new("unit").unwrap();
        fs::write(run.log("b"), "1\n2\n3\n").unwrap();
        fs::write(run.log("a"), "x\n").unwrap();
        let want = format!(
            "── {} (last 2 lines)\nx\n── {} (last 2 lines)\n2\n3\n",
            run.log("a").display(),
            run.log("b").display()
        );
        assert_eq!(run.log_tails(2), want);
    }
}
