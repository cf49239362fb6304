//! Looks after clusters on their way out: counts what still runs, tells workers, stops coordinators. Only the Warren that judges
//! does; all it knows is in PostgreSQL, so another one goes on where it ended.

use super::next::{Next, Seen, UnderWay, next};
use super::stop::Stop;
use super::{Left, OperationStep, workers};
use crate::judge::Role;
use crate::state::Stage;
use crate::store::{Leaving, Operation, Store, StoreError};
use crate::trino::{Access, Coordinator, Failure, SOURCE, TrinoTls, metrics};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// How often it is looked what is left.
const LOOK: Duration = Duration::from_secs(1);
/// How long a coordinator or a worker may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What looking after them takes.
#[derive(Clone)]
pub(crate) struct Caretaker {
    pub(crate) store: Store,
    pub(crate) access: Access,
    pub(crate) stop: Stop,
}

impl Caretaker {
    /// Runs for ever.
    pub(crate) async fn run(self, mut role: watch::Receiver<Role>) {
        let mut other = role.clone();
        while role.wait_for(|role| *role == Role::Judge).await.is_ok() {
            let end = async {
                let _ = other.wait_for(|role| *role != Role::Judge).await;
            };
            tokio::select! {
                () = end => {}
                outcome = self.look_after_all() => {
                    if let Err(error) = outcome {
                        tracing::warn!(%error, "clusters on their way out are looked after later");
                    }
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// One task a cluster, so that a slow one holds up no other. All end when this does.
    async fn look_after_all(&self) -> Result<(), StoreError> {
        let mut tasks = JoinSet::new();
        let mut running: BTreeMap<String, AbortHandle> = BTreeMap::new();
        let mut begun = self.store.listen(&["warren_operation"]).await?;
        loop {
            self.store.end_orphans().await?;
            for leaving in self.store.leaving(None).await? {
                if running.get(&leaving.name).is_none_or(AbortHandle::is_finished) {
                    let task = self.clone().look_after(leaving.name.clone());
                    running.insert(leaving.name, tasks.spawn(task));
                }
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                heard = begun.try_recv() => drop(heard?),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn look_after(self, cluster: String) {
        let mut quiet_since = None;
        loop {
            match self.store.leaving(Some(&cluster)).await.map(|mut found| found.pop()) {
                Ok(None) => return,
                Ok(Some(leaving)) => {
                    if let Err(error) = self.step(&leaving, &mut quiet_since).await {
                        tracing::warn!(cluster, %error, "what was done could not be noted; it is done again");
                    }
                }
                Err(error) => tracing::debug!(cluster, %error, "PostgreSQL is away; going on when it is back"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Over a connection that verifies whom it speaks with, however little the cluster's own does.
    async fn call_stop(&self, cluster: &str, url: &str) -> Result<(), String> {
        self.stop.call(cluster, url, &self.access.clients.get(&TrinoTls::default())?).await
    }

    async fn step(&self, leaving: &Leaving, quiet_since: &mut Option<Instant>) -> Result<(), StoreError> {
        let Leaving { slug, url, tls, credentials, .. } = leaving;
        let Ok(coordinator) = self.access.coordinator(url, slug, tls, credentials.as_deref(), TIMEOUT) else {
            return Ok(());
        };
        let operation = leaving.operation.as_ref();
        let mut seen = Seen {
            left: operation.map(|o| o.left.clone()).unwrap_or_default(),
            can_stop: self.stop.can(),
            ..Seen::default()
        };
        if matches!(leaving.stage, Stage::Added | Stage::Live) {
            self.count(&coordinator, &mut seen.left).await;
            let none = seen.left.running == Some(0) && seen.left.queued == Some(0);
            let since = if none { Some(quiet_since.unwrap_or_else(Instant::now)) } else { None };
            *quiet_since = since;
            seen.quiet = since.map(|at| at.elapsed());
        }
        match operation.map(|o| o.step) {
            Some(OperationStep::StoppingWorkers) => workers::look(&coordinator, &mut seen.left.workers).await,
            Some(OperationStep::StoppingCoordinator) => {
                seen.coordinator_gone = matches!(coordinator.info().await, Err(Failure::Refused));
            }
            _ => {}
        }
        let under_way = operation.map(|o| UnderWay { shutdown: o.kind == "shutdown", step: o.step, late: o.late });
        let next = next(leaving.active, leaving.stage, under_way, &seen);
        self.act(leaving, &coordinator, next, seen.left).await
    }

    async fn act(
        &self,
        leaving: &Leaving,
        coordinator: &Coordinator,
        next: Next,
        mut left: Left,
    ) -> Result<(), StoreError> {
        let cluster = leaving.name.as_str();
        let note = async |step: OperationStep, left: &Left| match &leaving.operation {
            Some(operation) => self.store.note(operation.id, step, left).await,
            None => Ok(()),
        };
        let now = leaving.operation.as_ref().map_or(OperationStep::Draining, |o| o.step);
        if next != Next::Wait {
            tracing::info!(cluster, ?next, %left, "on its way out");
        }
        match next {
            Next::Wait => note(now, &left).await,
            Next::Drained => {
                self.store.set_stage(cluster, Stage::Drained).await?;
                let drain = leaving.operation.as_ref().is_some_and(|o| o.kind == "drain");
                note(if drain { OperationStep::Done } else { now }, &left).await
            }
            Next::TellWorkers => match self.tell(cluster, coordinator, &mut left).await? {
                Ok(()) => note(OperationStep::StoppingWorkers, &left).await,
                Err(why) => note(OperationStep::Failed, &Left { note: why, ..left }).await,
            },
            Next::WorkersGone => note(OperationStep::StoppingCoordinator, &left).await,
            Next::CallStop => match self.call_stop(cluster, &coordinator.address.url("")).await {
                Ok(()) => note(now, &Left { stop_called: true, ..left }).await,
                Err(why) => note(OperationStep::Failed, &Left { note: why, ..left }).await,
            },
            Next::End(OperationStep::Done) => {
                if now == OperationStep::StoppingCoordinator {
                    self.store.set_stage(cluster, Stage::Stopped).await?;
                    if !left.stop_called {
                        left.note = "its workers are gone; stop the coordinator yourself".to_owned();
                    }
                }
                note(OperationStep::Done, &left).await
            }
            Next::End(step) => note(step, &left).await,
        }
    }

    /// Tells every worker; as soon as one is told, the cluster is stopping.
    async fn tell(
        &self,
        cluster: &str,
        coordinator: &Coordinator,
        left: &mut Left,
    ) -> Result<Result<(), String>, StoreError> {
        let workers = match workers::list(coordinator).await {
            Ok(workers) => workers,
            // Nobody is left who knows of workers, or whom they could work for.
            Err(Failure::Refused) => Vec::new(),
            Err(failure) => return Ok(Err(failure.to_string())),
        };
        left.workers.clear();
        for worker in workers {
            match workers::tell(coordinator, &worker).await {
                Ok(told) => left.workers.push(told),
                Err(why) => return Ok(Err(why)),
            }
            self.store.set_stage(cluster, Stage::Stopping).await?;
        }
        self.store.set_stage(cluster, Stage::Stopping).await?;
        Ok(Ok(()))
    }

    /// Queries that run and wait, less Warren's own.
    async fn count(&self, coordinator: &Coordinator, left: &mut Left) {
        let counted = match coordinator.queries().await {
            Ok(queries) => {
                let mut counted = (0, 0);
                for query in queries.iter().filter(|q| q.session.source.as_deref() != Some(SOURCE)) {
                    match query.state.as_str() {
                        "FINISHED" | "FAILED" => {}
                        "QUEUED" | "WAITING_FOR_RESOURCES" => counted.1 += 1,
                        _ => counted.0 += 1,
                    }
                }
                Ok(counted)
            }
            // Its queries ended with it.
            Err(Failure::Refused) => Ok((0, 0)),
            Err(Failure::NotAllowed(status)) => by_metrics(coordinator).await.ok_or_else(|| {
                format!("Warren may not see its queries ({status}): name credentials that may (health.credentials)")
            }),
            Err(failure) => Err(failure.to_string()),
        };
        match counted {
            Ok((running, queued)) => {
                (left.running, left.queued) = (Some(running), Some(queued));
                left.note.clear();
            }
            Err(why) => {
                (left.running, left.queued) = (None, None);
                left.note = why;
            }
        }
    }
}

async fn by_metrics(coordinator: &Coordinator) -> Option<(u32, u32)> {
    let text = coordinator.metrics("/metrics", &[metrics::RUNNING, metrics::QUEUED]).await.ok()?;
    metrics::load(&metrics::read(&text)).map(|load| (load.running, load.queued))
}

/// Of use to whoever shows an operation.
impl Operation {
    /// Is it still going on?
    pub(crate) fn under_way(&self) -> bool {
        self.ended_at.is_none()
    }
}
