//! Clients that ask real queries all the time, while a test breaks something; and the account of every query.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::eventually::{eventually, let_pass};
use account::{Account, Asked, HELD_UP};
use client::Client;
use question::Question;

pub mod account;
mod client;
pub mod question;
pub mod verdict;

/// What a client does between two queries.
const PAUSE: Duration = Duration::from_millis(500);

/// A load that goes on until it is stopped.
#[derive(Debug)]
pub struct Load {
    began: Instant,
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    account: Mutex<Account>,
    /// When the query that each client waits for was sent.
    waiting: Vec<Mutex<Option<Duration>>>,
}

impl Load {
    /// Starts so many clients. `doors` are the Envoys' addresses: each request goes to another one, as behind a load
    /// balancer.
    pub fn start(clients: usize, doors: &[String]) -> Self {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            account: Mutex::default(),
            waiting: (0..clients).map(|_| Mutex::default()).collect(),
        });
        let began = Instant::now();
        let clients = (0..clients)
            .map(|number| {
                let (shared, client) = (Arc::clone(&shared), Client::new(number, doors));
                thread::spawn(move || run(number, client, began, &shared))
            })
            .collect();
        Self { began, shared, clients }
    }

    /// Time since the beginning.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The queries that have ended so far.
    pub fn account(&self) -> Account {
        lock(&self.shared.account).clone()
    }

    /// Waits until the clients are answered as if nothing had happened at `fault`: for `quiet`, no query was sent that
    /// failed or was held up.
    pub fn wait_settled(&self, fault: Duration, quiet: Duration, timeout: Duration) -> Result<()> {
        eventually(timeout, "the clients to be answered as if nothing had happened", || {
            let account = self.account();
            let since = fault + account.settled_after(fault);
            let now = self.now();
            ensure!(
                now >= since + quiet,
                "a query of {:.1} s ago was disturbed: {:?}",
                (now - since).as_secs_f32(),
                account.reasons()
            );
            let held_up = |sent: &Duration| *sent > fault && now.saturating_sub(*sent) > HELD_UP;
            let held_up = self.shared.waiting.iter().filter(|sent| lock(sent).as_ref().is_some_and(held_up)).count();
            ensure!(held_up == 0, "{held_up} clients wait for an answer for longer than {} s", HELD_UP.as_secs());
            let answered = account.asked.iter().filter(|asked| asked.at > since).count();
            ensure!(answered >= self.clients.len(), "only {answered} queries were answered since");
            Ok(())
        })
    }

    /// Lets every client come to the end of its query, and gives the account.
    pub fn stop(mut self) -> Result<Account> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            client.join().map_err(|_| anyhow!("a client of the load panicked"))?;
        }
        Ok(self.account())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn run(number: usize, mut client: Client, began: Instant, shared: &Shared) {
    // Not all the same question at the same time.
    let questions = Question::ALL.into_iter().cycle().skip(number % Question::ALL.len());
    for question in questions {
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let at = began.elapsed();
        let waiting = shared.waiting.get(number);
        let note = |sent| {
            if let Some(waiting) = waiting {
                *lock(waiting) = sent;
            }
        };
        note(Some(at));
        let ended = client.ask(question);
        note(None);
        let took = began.elapsed().saturating_sub(at);
        let asked = Asked { at, took, slug: ended.slug, id: ended.id, ending: ended.ending };
        lock(&shared.account).asked.push(asked);
        let_pass(PAUSE);
    }
}

/// A client that panicked leaves the values as good as they were.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
