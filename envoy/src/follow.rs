//! Reading what changes in PostgreSQL: the state that snapshots are built from, and what another Warren judged.

use crate::health::Report;
use crate::judge::Role;
use crate::state::State;
use crate::status::Status;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Channels of PostgreSQL: something in the state changed; something else was judged.
const STATE: &str = "warren";
const HEALTH: &str = "warren_health";
/// What was found out is told to the others together, as often as this.
const SHARE: Duration = Duration::from_millis(100);
/// How soon it is tried again when PostgreSQL did not take it.
const AGAIN: Duration = Duration::from_secs(1);

/// Reads PostgreSQL at start, on each NOTIFY, and every `poll` (a lost NOTIFY is found); sends each new state.
pub(crate) async fn watch_database(store: Store, poll: Duration, status: Arc<Status>, states: mpsc::Sender<State>) {
    let mut last: Option<State> = None;
    loop {
        if let Err(error) = follow_database(&store, poll, &status, &states, &mut last).await {
            status.problem("database", Some(format!("{error}; what was served before goes on being served")));
        }
        if states.is_closed() {
            return;
        }
        tokio::time::sleep(poll.min(Duration::from_secs(1))).await;
    }
}

async fn follow_database(
    store: &Store,
    poll: Duration,
    status: &Status,
    states: &mpsc::Sender<State>,
    last: &mut Option<State>,
) -> Result<(), StoreError> {
    let mut listener = store.listen(&[STATE]).await?;
    loop {
        let state = store.load().await?;
        status.problem("database", None);
        if last.as_ref() != Some(&state) {
            *last = Some(state.clone());
            if states.send(state).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            heard = listener.try_recv() => {
                // None: the connection broke and notifications may be lost; reading again covers that.
                heard?;
            }
            () = tokio::time::sleep(poll) => {}
        }
    }
}

/// Hands on what the Warren that judges found out, as long as this one follows.
pub(crate) async fn watch_health(
    store: Store,
    poll: Duration,
    mut role: watch::Receiver<Role>,
    reports: mpsc::Sender<Report>,
) {
    while role.wait_for(|role| *role == Role::Follower).await.is_ok() {
        let end = async {
            let _ = role.wait_for(|role| *role != Role::Follower).await;
        };
        tokio::select! {
            () = end => {}
            outcome = follow_health(&store, poll, &reports) => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "could not read what was judged");
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn follow_health(store: &Store, poll: Duration, reports: &mpsc::Sender<Report>) -> Result<(), StoreError> {
    let mut listener = store.listen(&[STATE, HEALTH]).await?;
    let mut last: BTreeMap<String, Report> = BTreeMap::new();
    loop {
        for report in store.shared_health().await? {
            if last.get(&report.slug) != Some(&report) {
                last.insert(report.slug.clone(), report.clone());
                if reports.send(report).await.is_err() {
                    return Ok(());
                }
            }
        }
        // An address that went and came back is unknown again to this Warren, though what was judged is the same.
        let all_anew = tokio::select! {
            heard = listener.try_recv() => heard?.is_none_or(|heard| heard.channel() == STATE),
            () = tokio::time::sleep(poll) => true,
        };
        if all_anew {
            last.clear();
        }
    }
}

/// Tells the other Warrens what this one found out; the newest word on each coordinator.
pub(crate) async fn share_health(store: Store, mut found: mpsc::Receiver<Report>) {
    let mut untold: BTreeMap<String, Report> = BTreeMap::new();
    while let Some(report) = found.recv().await {
        untold.insert(report.slug.clone(), report);
        while !untold.is_empty() {
            tokio::time::sleep(SHARE).await;
            while let Ok(report) = found.try_recv() {
                untold.insert(report.slug.clone(), report);
            }
            let reports: Vec<Report> = untold.values().cloned().collect();
            match store.share_health(&reports).await {
                Ok(()) => untold.clear(),
                Err(error) => {
                    tracing::debug!(%error, "the other Warrens hear of health later");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}
