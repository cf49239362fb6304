//! A file system that is so small that it can be filled.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// A file system in memory, mounted over a folder until it is removed: what the folder held is back then.
pub(crate) struct SmallDisk {
    folder: PathBuf,
    mounted: std::cell::Cell<bool>,
}

impl SmallDisk {
    /// Mounts it. `size` as `mount` takes it: `64k`.
    pub(crate) fn over(folder: &Path, size: &str) -> Result<Self> {
        let old = fs::metadata(folder).with_context(|| format!("{}", folder.display()))?;
        run("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &folder.display().to_string()])
            .context("a full disk needs a disk of its own, and only root may mount one; run this as root")?;
        let disk = Self { folder: folder.to_owned(), mounted: true.into() };
        chown(folder, Some(old.uid()), Some(old.gid()))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(old.mode() & 0o7777))?;
        Ok(disk)
    }

    /// Writes until nothing more fits.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.filler())?;
        let mut piece = vec![0; 1 << 20];
        while !piece.is_empty() {
            match file.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(error) => bail!("{}: {error}", self.filler().display()),
            }
        }
        Ok(())
    }

    /// Makes room again.
    pub(crate) fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).with_context(|| format!("{}", self.filler().display()))
    }

    /// Takes it away.
    pub(crate) fn remove(self) -> Result<()> {
        self.unmount()
    }

    fn unmount(&self) -> Result<()> {
        if self.mounted.replace(false) {
            // Lazily: a program that still has files open there keeps them.
            run("umount", &["-l", &self.folder.display().to_string()])?;
        }
        Ok(())
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = self.unmount() {
            eprintln!("{error:#}");
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output =
        Command::new(program).args(arguments).output().with_context(|| format!("`{program}` cannot be started"))?;
    ensure!(output.status.success(), "`{program}`: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
