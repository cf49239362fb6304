//! How long `warren`'s status is not good.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde_json::Value;
use warren_tests::eventually::{eventually, let_pass};
use warren_tests::http;
use warren_tests::stack::Stack;

/// Looks at `warren`'s status all the time.
pub(crate) struct StatusWatch {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    watcher: JoinHandle<()>,
}

struct Seen {
    from: Instant,
    last_bad: Option<(Instant, String)>,
    last_good: Option<Instant>,
}

impl StatusWatch {
    pub(crate) fn start(stack: &Stack) -> Self {
        let url = format!("{}/api/v1/status", stack.warren.api_url());
        let envoys = stack.envoys.len();
        let stop = Arc::new(AtomicBool::new(false));
        let since = Arc::new(Mutex::new(Seen { from: Instant::now(), last_bad: None, last_good: None }));
        let (told, seen) = (Arc::clone(&stop), Arc::clone(&since));
        let watcher = thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let complaint = http::get(&url, &[])
                    .and_then(|reply| reply.json("the status"))
                    .map_or_else(|error| Some(format!("{error:#}")), |status| complaint(&status, envoys));
                let mut seen = lock(&seen);
                match complaint {
                    Some(complaint) => seen.last_bad = Some((Instant::now(), complaint)),
                    None => seen.last_good = Some(Instant::now()),
                }
                drop(seen);
                let_pass(Duration::from_millis(200));
            }
        });
        Self { stop, seen: since, watcher }
    }

    /// Begins anew: something breaks now.
    pub(crate) fn reset(&self) {
        *lock(&self.seen) = Seen { from: Instant::now(), last_bad: None, last_good: None };
    }

    /// Waits for a good status; how long after the reset it was bad for the last time.
    pub(crate) fn stop(self, timeout: Duration) -> Result<Duration> {
        let waited = eventually(timeout, "the status to be good again", || {
            let seen = lock(&self.seen);
            let bad = seen.last_bad.as_ref();
            let good = seen.last_good.is_some_and(|good| bad.is_none_or(|(bad, _)| good > *bad));
            ensure!(good, "{}", bad.map_or("it was not looked at yet", |(_, complaint)| complaint));
            Ok(bad.map_or(Duration::ZERO, |(bad, _)| bad.duration_since(seen.from)))
        });
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.join().map_err(|_| anyhow!("the watcher of the status panicked"))?;
        waited
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an operator would not want to see.
fn complaint(status: &Value, envoys: usize) -> Option<String> {
    let parts = (status["problems"].as_object(), status["clusters"].as_array(), status["envoys"].as_object());
    let (Some(problems), Some(clusters), Some(nodes)) = parts else {
        return Some(format!("it cannot be read: {status}"));
    };
    if let Some((part, problem)) = problems.iter().next() {
        return Some(format!("{part}: {problem}"));
    }
    if let Some(cluster) = clusters.iter().find(|c| c["active"] == true && c["healthy"] == false) {
        return Some(format!("{} is unhealthy: {}", cluster["name"], cluster["reason"]));
    }
    let connected = nodes.values().filter(|node| node["streams"].as_u64() > Some(0)).count();
    if connected < envoys {
        return Some(format!("{connected} of {envoys} Envoys are connected"));
    }
    let kinds = nodes.values().filter_map(|node| node["kinds"].as_object()).flat_map(|kinds| kinds.values());
    kinds.filter(|kind| !kind["rejected"].is_null()).map(|kind| format!("refused: {}", kind["rejected"])).next()
}
