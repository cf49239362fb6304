//! Ctrl-C, SIGTERM and SIGHUP: the first one asks for an orderly end, the second one for the end.

use std::sync::{Condvar, Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::process;

static INTERRUPTED: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// Listens from now on. After the first signal everything that waits gives up, so that programs are stopped and folders
/// removed on the ordinary way out; the second signal kills the programs and ends this process.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        let mut interrupted = INTERRUPTED.lock().unwrap_or_else(PoisonError::into_inner);
        if *interrupted {
            process::kill_all();
            std::process::exit(130);
        }
        *interrupted = true;
        CHANGED.notify_all();
        eprintln!("\nstopping (once more to kill)");
    })
    .context("Ctrl-C cannot be listened for")
}

/// Whether the first signal has come.
pub fn interrupted() -> bool {
    *INTERRUPTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the first signal.
pub fn wait() {
    let mut interrupted = INTERRUPTED.lock().unwrap_or_else(PoisonError::into_inner);
    while !*interrupted {
        interrupted = CHANGED.wait(interrupted).unwrap_or_else(PoisonError::into_inner);
    }
}
