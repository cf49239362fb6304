//! Rows that wait to be written: bounded in bytes, and never waited for by those who bring them.

use super::entry::Row;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use utoipa::ToSchema;

/// Memory that waiting rows may take.
const MOST_BYTES: usize = 64 << 20;
/// Rows that are written at once.
pub(super) const BATCH: usize = 1_000;
/// How long a row waits for others to be written with.
const GATHER: Duration = Duration::from_millis(500);

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    most_bytes: usize,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    rows: VecDeque<Row>,
    /// Of rows that wait, and of those that are being written.
    bytes: usize,
    /// Rows that are being written.
    under_way: usize,
    closed: bool,
    counts: Counts,
}

/// What became of queries since `warren` started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Counts {
    /// Queries that Envoys told of.
    pub(crate) received: u64,
    /// Rows that are in PostgreSQL.
    pub(crate) written: u64,
    /// Rows that wait.
    pub(crate) waiting: u64,
    /// Dropped since no more may wait.
    pub(crate) dropped_full: u64,
    /// Dropped since PostgreSQL would not take them.
    pub(crate) dropped_refused: u64,
}

impl Queue {
    pub(crate) fn new() -> Queue {
        Queue::bounded(MOST_BYTES)
    }

    fn bounded(most_bytes: usize) -> Queue {
        Queue { most_bytes, inner: Mutex::default(), changed: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a row, or drops and counts it. Never waits.
    pub(crate) fn push(&self, row: Row) {
        let mut inner = self.inner();
        inner.counts.received += 1;
        let bytes = row.bytes();
        if inner.closed || inner.bytes + bytes > self.most_bytes {
            inner.counts.dropped_full += 1;
            return;
        }
        inner.bytes += bytes;
        inner.rows.push_back(row);
        let wake = inner.rows.len() == 1 || inner.rows.len() == BATCH;
        drop(inner);
        if wake {
            self.changed.notify_one();
        }
    }

    /// No more rows come; what waits is to be written at once.
    pub(crate) fn close(&self) {
        self.inner().closed = true;
        self.changed.notify_one();
    }

    /// The next rows to write, once there are enough of them or they have waited long enough; none when the queue is
    /// closed and empty. Their memory counts until they are settled.
    pub(super) async fn next(&self) -> Option<Vec<Row>> {
        self.wait(|inner| !inner.rows.is_empty() || inner.closed).await;
        let _ = tokio::time::timeout(GATHER, self.wait(|inner| inner.rows.len() >= BATCH || inner.closed)).await;
        let mut inner = self.inner();
        let count = inner.rows.len().min(BATCH);
        let rows: Vec<Row> = inner.rows.drain(..count).collect();
        inner.under_way = rows.len();
        (!rows.is_empty()).then_some(rows)
    }

    async fn wait(&self, until: impl Fn(&Inner) -> bool) {
        while !until(&self.inner()) {
            self.changed.notified().await;
        }
    }

    /// These rows of [`Queue::next`] are in PostgreSQL.
    pub(super) fn written(&self, rows: &[Row]) {
        let mut inner = self.inner();
        inner.settle(rows);
        inner.counts.written += rows.len() as u64;
    }

    /// PostgreSQL will never take this one.
    pub(super) fn refused(&self, row: &Row) {
        let mut inner = self.inner();
        inner.settle(std::slice::from_ref(row));
        inner.counts.dropped_refused += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        let inner = self.inner();
        Counts { waiting: (inner.rows.len() + inner.under_way) as u64, ..inner.counts.clone() }
    }
}

impl Inner {
    fn settle(&mut self, rows: &[Row]) {
        self.bytes = self.bytes.saturating_sub(rows.iter().map(Row::bytes).sum());
        self.under_way = self.under_way.saturating_sub(rows.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Client, Outcome};

    fn row(text: &str) -> Row {
        Row {
            id: String::new(),
            created: 0,
            user: String::new(),
            source: String::new(),
            tags: vec![],
            rule: None,
            rules: String::new(),
            group: None,
            slug: None,
            text: Some(text.to_owned()),
            text_cut: None,
            user_query_hash: None,
            generic_query_hash: None,
            outcome: Outcome::Failed,
            status: 0,
            flags: String::new(),
            latency_ms: 0,
            client: Client::default(),
            shadow: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_drops_and_counts_and_takes_again_when_rows_are_written() {
        let queue = Queue::bounded(2 * row("SELECT 1").bytes());
        for _ in 0..5 {
            queue.push(row("SELECT 1"));
        }
        let counts = |received, written, waiting, dropped_full| Counts {
            received,
            written,
            waiting,
            dropped_full,
            ..Counts::default()
        };
        assert_eq!(queue.counts(), counts(5, 0, 2, 3));
        let batch = queue.next().await.unwrap();
        queue.push(row("SELECT 1"));
        assert_eq!(queue.counts(), counts(6, 0, 2, 4), "rows that are being written count, too");
        queue.written(&batch);
        queue.push(row("SELECT 1"));
        assert_eq!(queue.counts(), counts(7, 2, 1, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn rows_are_written_when_there_are_enough_or_after_a_while() {
        let queue = Queue::new();
        let begin = tokio::time::Instant::now();
        for _ in 0..=BATCH {
            queue.push(row("SELECT 1"));
        }
        assert_eq!(queue.next().await.unwrap().len(), BATCH);
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(queue.next().await.unwrap().len(), 1);
        assert_eq!(begin.elapsed(), GATHER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_queue_gives_what_it_has_and_ends() {
        let queue = Queue::new();
        queue.push(row("SELECT 1"));
        queue.close();
        queue.push(row("SELECT 2"));
        assert_eq!(queue.next().await.unwrap(), [row("SELECT 1")]);
        assert_eq!(queue.next().await, None);
    }
}
