//! A clock that can be set, for the programs that are started with it. What counts passed time goes on, as on a machine whose
//! clock is set. (The known library for this, libfaketime, hangs in Envoy's allocator.)

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run_dir::RunDir;

const SOURCE: &str = include_str!("clock.c");

/// What several programs take for the time of day.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    /// How many seconds it is off, as the library reads it.
    offset: PathBuf,
}

impl Clock {
    /// A clock that is right. Needs a C compiler: `cc`, or another named in CC.
    pub fn new(run: &RunDir) -> Result<Self> {
        let (source, library) = (run.path().join("clock.c"), run.path().join("clock.so"));
        fs::write(&source, SOURCE).with_context(|| format!("{}: cannot be written", source.display()))?;
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let mut command = Command::new(&compiler);
        command.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source);
        let name = compiler.to_string_lossy();
        let output = command.output().with_context(|| {
            format!("`{name}` cannot be started: install a C compiler (Debian: apt-get install gcc)")
        })?;
        ensure!(output.status.success(), "`{name}` failed: {}", String::from_utf8_lossy(&output.stderr));
        let clock = Self { library, offset: run.path().join("clock") };
        fs::write(&clock.offset, 0_i64.to_ne_bytes())
            .with_context(|| format!("{}: cannot be written", clock.offset.display()))?;
        Ok(clock)
    }

    /// Sets it so many seconds forward, or back, from the right time, for all programs at once.
    pub fn set(&self, seconds: i64) -> Result<()> {
        use std::io::Write;
        // In place: the programs hold this very file.
        OpenOptions::new()
            .write(true)
            .open(&self.offset)
            .and_then(|mut file| file.write_all(&seconds.to_ne_bytes()))
            .with_context(|| format!("{}: cannot be written", self.offset.display()))
    }

    /// Environment of a program that goes by it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &PathBuf| path.display().to_string();
        vec![("LD_PRELOAD".to_owned(), text(&self.library)), ("WARREN_CLOCK".to_owned(), text(&self.offset))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_goes_by_a_clock_that_is_set() {
        let run = RunDir::new("unit").unwrap();
        let clock = Clock::new(&run).unwrap();
        let year = || {
            let output = Command::new("date").args(["-u", "+%Y"]).envs(clock.environment()).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse::<i32>().unwrap()
        };
        let now = year();
        clock.set(-10 * 366 * 24 * 60 * 60).unwrap();
        assert!((now - 11..=now - 10).contains(&year()));
    }
}
