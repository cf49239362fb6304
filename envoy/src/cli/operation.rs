//! Watching a drain or a shutdown: a line that moves on a terminal, a line a change when piped.

use super::Outcome;
use super::client::Client;
use crate::lifecycle::OperationStep;
use crate::store::Operation;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Until it ends; none if the stream did before.
pub(super) async fn follow(client: &Client, path: &str, json: bool) -> Result<Option<Operation>> {
    let mut events = client.events(path).await?;
    // Draws on standard error, and nothing when that is no terminal.
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut most = 0_u64;
    while let Some(operation) = events.next::<Operation>().await? {
        if json {
            say!("{}", serde_json::to_string(&operation)?);
        } else if bar.is_hidden() {
            say!("{}", line(&operation));
        }
        show(&bar, &operation, &mut most);
        if !operation.under_way() {
            bar.finish_and_clear();
            return Ok(Some(operation));
        }
    }
    bar.finish_and_clear();
    Ok(None)
}

/// How much of it is done, as far as that can be counted.
fn show(bar: &ProgressBar, operation: &Operation, most: &mut u64) {
    let left = &operation.left;
    let (done, all) = if left.workers.is_empty() {
        let open = u64::from(left.running.unwrap_or(0)) + u64::from(left.queued.unwrap_or(0));
        *most = (*most).max(open);
        (*most - open, *most)
    } else {
        (left.workers.iter().filter(|w| w.gone).count() as u64, left.workers.len() as u64)
    };
    bar.set_length(all);
    bar.set_position(done);
    bar.set_message(line(operation));
}

fn line(operation: &Operation) -> String {
    let step = match operation.step {
        OperationStep::Draining => "draining",
        OperationStep::StoppingWorkers => "stopping workers",
        OperationStep::StoppingCoordinator => "stopping the coordinator",
        OperationStep::Done => "done",
        OperationStep::Deadline => "given up at its deadline",
        OperationStep::Undone => "undone",
        OperationStep::Failed => "failed",
    };
    let left = operation.left.to_string();
    if left.is_empty() {
        format!("`{}`: {step}", operation.cluster)
    } else {
        format!("`{}`: {step}; {left}", operation.cluster)
    }
}

/// How it ended.
pub(super) fn told(operation: &Operation, json: bool) -> Result<Outcome> {
    let name = &operation.cluster;
    let note = &operation.left.note;
    if json {
        // Every line was printed.
    } else if operation.step == OperationStep::Done {
        let what = if operation.kind == "drain" { "drained" } else { "stopped" };
        say!("`{name}` is {what}{}", if note.is_empty() { String::new() } else { format!("; {note}") });
    } else {
        eprintln!("{}", line(operation));
    }
    Ok(if operation.step == OperationStep::Done { Outcome::Good } else { Outcome::Findings })
}
