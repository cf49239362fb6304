//! What the kernel counts of a process and of a core, and on which cores a process may run.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Unit of the times in `/proc`: `USER_HZ` is 100 on x86-64 and ARM (`man 5 proc`).
const TICK: Duration = Duration::from_millis(10);

/// The calling thread, to the scheduler's calls.
const THIS_THREAD: Pid = Pid::from_raw(0);

/// Which cores the measured program has for itself, and which are left to all others.
#[derive(Debug, Clone)]
pub(super) struct Cores {
    all: Vec<usize>,
}

impl Cores {
    /// Of those that this process may use. From now on whatever it starts runs beside the measured program, never on its core.
    pub(super) fn divide() -> Result<Self> {
        let allowed = sched_getaffinity(THIS_THREAD).context("the cores of this process cannot be read")?;
        let all: Vec<usize> = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false)).collect();
        ensure!(
            all.len() >= 2,
            "the benchmark needs two cores, one for the measured program alone; there is {}",
            all.len()
        );
        let cores = Self { all };
        run_on(cores.others())?;
        Ok(cores)
    }

    /// The measured program's core.
    pub(super) fn measured(&self) -> &[usize] {
        self.all.get(..1).unwrap_or_default()
    }

    /// The cores of the load, the upstream and everything else.
    pub(super) fn others(&self) -> &[usize] {
        self.all.get(1..).unwrap_or_default()
    }

    /// Every core.
    pub(super) fn all(&self) -> &[usize] {
        &self.all
    }

    /// Does `start` so that the programs it starts run on `cores`.
    pub(super) fn starting_on<T>(&self, cores: &[usize], start: impl FnOnce() -> Result<T>) -> Result<T> {
        run_on(cores)?;
        let started = start();
        run_on(self.others())?;
        started
    }
}

fn run_on(cores: &[usize]) -> Result<()> {
    sched_setaffinity(THIS_THREAD, &set_of(cores)?).with_context(|| format!("cannot run on cores {cores:?}"))
}

/// Moves every thread of a process to these cores.
pub(super) fn move_to(cores: &[usize], pid: u32) -> Result<()> {
    let (set, tasks) = (set_of(cores)?, format!("/proc/{pid}/task"));
    for task in fs::read_dir(&tasks).with_context(|| format!("{tasks}: cannot be read"))? {
        let name = task.with_context(|| format!("{tasks}: cannot be read"))?.file_name();
        let Some(thread) = name.to_str().and_then(|thread| thread.parse().ok()) else { continue };
        match sched_setaffinity(Pid::from_raw(thread), &set) {
            // A thread may end meanwhile.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("thread {thread} cannot run on cores {cores:?}")),
        }
    }
    Ok(())
}

fn set_of(cores: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core).with_context(|| format!("there is no core {core}"))?;
    }
    Ok(set)
}

/// CPU time that all threads of a process have used, in user and kernel mode.
pub(super) fn cpu_time(pid: u32) -> Result<Duration> {
    let file = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&file).with_context(|| format!("{file}: cannot be read"))?;
    process_time(&text).with_context(|| format!("{file}: not understood: {text}"))
}

/// Memory of a process that is in RAM, in bytes.
pub(super) fn memory(pid: u32) -> Result<u64> {
    let file = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&file).with_context(|| format!("{file}: cannot be read"))?;
    resident(&text).with_context(|| format!("{file}: has no VmRSS"))
}

/// CPU time that all processes have used on a core; interrupts are not among it.
pub(super) fn core_time(core: usize) -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat").context("/proc/stat: cannot be read")?;
    time_on_core(&text, core).with_context(|| format!("/proc/stat: has no cpu{core}"))
}

fn process_time(stat: &str) -> Option<Duration> {
    // The name before it may hold anything, even brackets; utime and stime are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11).map(str::parse::<u32>);
    Some(TICK * (times.next()?.ok()? + times.next()?.ok()?))
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn time_on_core(stat: &str, core: usize) -> Option<Duration> {
    let name = format!("cpu{core} ");
    let fields = stat.lines().find_map(|line| line.strip_prefix(&name))?;
    // user, nice, system.
    let times: Option<u32> = fields.split_ascii_whitespace().take(3).map(|field| field.parse::<u32>().ok()).sum();
    Some(TICK * times?)
}

/// Sets the session's share of the machine, above or below what other sessions have, until dropped.
#[derive(Debug)]
pub(super) struct Priority {
    before: Option<String>,
}

const AUTOGROUP: &str = "/proc/self/autogroup";

impl Priority {
    /// The highest there is. `None`, where the kernel has no such thing or we may not: then other programs on the machine
    /// are felt in what is measured.
    pub(super) fn highest() -> Self {
        let before = fs::read_to_string(AUTOGROUP).ok().and_then(|text| niceness(&text));
        Self { before: before.filter(|_| fs::write(AUTOGROUP, "-20").is_ok()) }
    }

    /// Whether it could be set.
    pub(super) fn is_set(&self) -> bool {
        self.before.is_some()
    }
}

impl Drop for Priority {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // The session ends sooner or later, and its priority with it.
            drop(fs::write(AUTOGROUP, before));
        }
    }
}

/// Of `/autogroup-37 nice 0`.
fn niceness(autogroup: &str) -> Option<String> {
    Some(autogroup.trim().rsplit_once(" nice ")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let stat = "4242 (a (strange) name) S 1 4242 4242 0 -1 4194560 9 0 0 0 123 45 7 8 20 0 2 0 77 1 1";
        assert_eq!(process_time(stat), Some(Duration::from_millis(1680)));
        let status = "Name:\tenvoy\nVmPeak:\t  9 kB\nVmRSS:\t  65536 kB\nThreads:\t3\n";
        assert_eq!(resident(status), Some(65_536 * 1024));
        let stat = "cpu  9 9 9 9\ncpu1 10 20 30 4000 5 6 7 8 0 0\ncpu10 1 1 1 1\n";
        assert_eq!(time_on_core(stat, 1), Some(Duration::from_millis(600)));
        assert_eq!(niceness("/autogroup-37 nice -3\n").as_deref(), Some("-3"));
    }

    #[test]
    fn what_is_not_there_is_none() {
        assert_eq!(process_time("4242 (x) S 1"), None);
        assert_eq!(resident("Name:\tkthreadd\n"), None);
        assert_eq!(time_on_core("cpu0 1 2 3 4\n", 1), None);
        assert_eq!(niceness(""), None);
    }
}
