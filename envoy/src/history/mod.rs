//! The history of queries: what Envoys tell of each, on its way into PostgreSQL.
//!
//! ```text
//! Envoy ─ gRPC access log ─► service ─ entry (pure) ─► queue, bounded ─► writer ─► PostgreSQL ◄─ retention
//! ```
//!
//! At most once: an Envoy that cannot send drops, a queue that is full drops, and a query never waits for its history.
//! What is dropped here is counted ([`Counts`]).

mod end;
mod entry;
mod places;
mod queue;
mod retention;
mod service;
mod writer;

pub(crate) use end::Completed;
pub(crate) use entry::{Client, Outcome, Row};
pub(crate) use places::Places;
pub(crate) use queue::{Counts, Queue};
pub(crate) use retention::forget;
pub(crate) use service::{AccessLogs, OwnIds};
pub(crate) use writer::write;

use std::time::Duration;

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistorySettings {
    pub(crate) text: KeptText,
    /// As much of a text as Envoys send, in bytes.
    pub(crate) text_bytes: usize,
    pub(crate) retention: Duration,
}

/// What is kept of a query's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptText {
    /// The text, as far as it was sent, and its hashes.
    Full,
    /// Its hashes only.
    Hashed,
    /// Nothing; Envoys do not even send it.
    Off,
}

impl HistorySettings {
    /// How much of a text Envoys are to send, in bytes.
    pub(crate) fn sent_bytes(&self) -> usize {
        if self.text == KeptText::Off { 0 } else { self.text_bytes }
    }
}
