//! One real program: started, paused, killed and started again on the same configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::eventually::{GiveUp, eventually, surely};
use crate::interrupt::interrupted;
use crate::run_dir::tail;

/// A program that can be started more than once. Each start is a process group of its own, so that what it starts itself
/// ends with it; standard output and error are appended to its log. Dropping it ends it.
pub struct Process {
    name: String,
    log: PathBuf,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    stop_signal: Signal,
    child: Mutex<Option<Child>>,
}

/// Process groups that run now, for the way out at Ctrl-C.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// All that ever ran, to look for what is left of them.
static STARTED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// How long a program may take to stop when asked to.
const STOP_DEADLINE: Duration = Duration::from_secs(15);

// === impl Process ===

impl Process {
    /// Describes the program; nothing runs yet. `command` is asked at each start.
    pub fn new(name: &str, log: PathBuf, command: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            log,
            command: Box::new(command),
            stop_signal: Signal::SIGTERM,
            child: Mutex::new(None),
        }
    }

    /// Asks with another signal than SIGTERM at `stop`.
    pub fn with_stop_signal(mut self, signal: Signal) -> Self {
        self.stop_signal = signal;
        self
    }

    /// Starts it. Does nothing if it runs.
    pub fn start(&self) -> Result<()> {
        ensure!(!interrupted(), "{}: not started: interrupted", self.name);
        let mut child = self.child();
        if is_alive(&mut child) {
            return Ok(());
        }
        forget(&child);
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("{}: cannot be written", self.log.display()))?;
        let errors = log.try_clone().context("a log cannot be shared")?;
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let started = command.spawn().with_context(|| format!("{}: `{program}` cannot be started", self.name))?;
        let group = i32::try_from(started.id())?;
        lock(&RUNNING).insert(group);
        lock(&STARTED).insert(group);
        *child = Some(started);
        Ok(())
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it logs to.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }

    /// Process id; `None` when it does not run.
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        if is_alive(&mut child) { child.as_ref().map(Child::id) } else { None }
    }

    /// Whether it runs (or is paused).
    pub fn alive(&self) -> bool {
        self.pid().is_some()
    }

    /// Tries `attempt` until it succeeds; stops at once, with the end of the log, when the program is not there any more.
    pub fn wait_until<T>(&self, timeout: Duration, what: &str, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let what = format!("{}: {what}", self.name);
        eventually(timeout, &what, || {
            if !self.alive() {
                let how = self.exit_status().map_or_else(String::new, |status| format!(" ({status})"));
                return Err(GiveUp(format!("it ended{how}; the end of its log:\n{}", self.log_tail(30))).into());
            }
            attempt()
        })
        .with_context(|| format!("log: {}", self.log.display()))
    }

    /// Holds it where it is: its connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets a paused program go on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Kills it on the spot, as a machine does that loses its power.
    pub fn kill9(&self) -> Result<()> {
        self.signal(Signal::SIGKILL)?;
        self.reap(STOP_DEADLINE)
    }

    /// Asks it to stop, and kills it when it takes too long. Does nothing if it does not run.
    pub fn stop(&self) -> Result<()> {
        if !self.alive() {
            self.forget();
            return Ok(());
        }
        // A paused program would not hear the request.
        self.resume()?;
        self.signal(self.stop_signal)?;
        if self.reap(STOP_DEADLINE).is_err() {
            self.kill9()?;
        }
        Ok(())
    }

    /// Sends a signal to the program and to what it started.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = self.pid() else {
            bail!("{}: cannot be sent {signal}: it does not run", self.name);
        };
        killpg(Pid::from_raw(i32::try_from(pid)?), signal)
            .with_context(|| format!("{}: cannot be sent {signal}", self.name))
    }

    fn exit_status(&self) -> Option<ExitStatus> {
        self.child().as_mut()?.try_wait().ok()?
    }

    fn reap(&self, timeout: Duration) -> Result<()> {
        surely(timeout, &format!("the end of {}", self.name), || {
            if self.alive() { bail!("it still runs") } else { Ok(()) }
        })?;
        self.forget();
        Ok(())
    }

    /// Ends what the program may have left running in its group, and takes it off the list.
    fn forget(&self) {
        forget(&self.child());
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        lock(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("{error:#}");
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.name).field("pid", &self.pid()).finish_non_exhaustive()
    }
}

/// Kills every program that was started here, on the spot.
pub fn kill_all() {
    for group in lock(&RUNNING).iter() {
        // One that is gone already needs no signal.
        let _ = killpg(Pid::from_raw(*group), Signal::SIGKILL);
    }
}

/// Process groups started here in which a process is left, running or not: none, after all were stopped.
pub fn left_over() -> Vec<i32> {
    lock(&STARTED).iter().copied().filter(|group| killpg(Pid::from_raw(*group), None).is_ok()).collect()
}

fn is_alive(child: &mut Option<Child>) -> bool {
    child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
}

fn forget(child: &Option<Child>) {
    if let Some(child) = child
        && let Ok(group) = i32::try_from(child.id())
        && lock(&RUNNING).remove(&group)
    {
        // Nobody left in the group is the normal case, and an error here.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// A panic elsewhere does not make these values wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
