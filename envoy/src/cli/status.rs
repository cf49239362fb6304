//! `warren status`, and the tables that commands print.

use super::client::Client;
use super::{ApiArgs, Outcome};
use crate::judge::Role;
use crate::lifecycle::Life;
use crate::status::{ClusterStatus, StatusReport};
use anyhow::Result;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use owo_colors::{OwoColorize, Stream::Stdout, Style};
use std::io::IsTerminal;

/// A table for people: lines on a terminal, plain when piped.
pub(crate) fn table<C: Into<Cell>, R: IntoIterator<Item = Vec<C>>>(header: &[&str], rows: R) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table.add_rows(rows);
    table
}

pub(crate) fn paint(text: &str, style: Style) -> String {
    text.if_supports_color(Stdout, |t| t.style(style)).to_string()
}

/// A cell in colour, on a terminal that wants it.
fn cell(text: &str, color: Color) -> Cell {
    let wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    if wanted { Cell::new(text).fg(color) } else { Cell::new(text) }
}

/// Clusters with their state in words.
pub(crate) fn clusters_table(clusters: &[ClusterStatus]) -> Table {
    let rows = clusters.iter().map(|c| {
        let color = match c.life {
            Life::Serving => Color::Green,
            Life::Active => Color::Red,
            Life::Draining | Life::Stopping => Color::Yellow,
            Life::Added | Life::Drained => Color::Cyan,
            Life::Stopped | Life::Retired => Color::DarkGrey,
        };
        let number = |n: Option<u32>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
        vec![
            Cell::new(&c.name),
            Cell::new(&c.group),
            cell(c.life.name(), color),
            Cell::new(c.weight),
            Cell::new(number(c.load.map(|l| l.running))),
            Cell::new(number(c.load.map(|l| l.queued))),
            Cell::new(number(c.load.and_then(|l| l.workers))),
            Cell::new(&c.url),
            Cell::new(note(c)),
        ]
    });
    table(&["cluster", "group", "state", "weight", "running", "queued", "nodes", "address", "note"], rows)
}

/// What is worth a look.
fn note(cluster: &ClusterStatus) -> String {
    let open = cluster.settings.tls.believes_anybody(&cluster.url).then_some("its certificate is NOT verified");
    let notes = open.into_iter().chain((!cluster.reason.is_empty()).then_some(cluster.reason.as_str()));
    notes.collect::<Vec<_>>().join("; ")
}

pub(super) async fn print(api: &ApiArgs, json: bool) -> Result<Outcome> {
    let report: StatusReport = Client::new(api)?.get("status").await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        show(&report)?;
    }
    let refused = report.envoys.values().flat_map(|n| n.kinds.values()).any(|k| k.rejected.is_some());
    Ok(if report.problems.is_empty() && !refused { Outcome::Good } else { Outcome::Findings })
}

fn show(report: &StatusReport) -> Result<()> {
    match &report.snapshot {
        Some(snapshot) => {
            let rules = report.rules.map_or_else(|| "none".to_owned(), |v| v.to_string());
            say!("serving snapshot {snapshot}, rules version {rules}");
        }
        None => say!("{}", paint("serving nothing yet: no state was read", Style::new().red())),
    }
    let judge = match report.role {
        Some(Role::Judge) => "health is judged here, for every warren on this database",
        Some(Role::Follower) => "health is judged by another warren",
        Some(Role::Alone) => "health is judged here, for this warren alone",
        None => "health is not judged yet",
    };
    say!("{judge}");
    for (part, problem) in &report.problems {
        say!("{} {part}: {problem}", paint("problem", Style::new().red().bold()));
    }
    say!("\n{}", clusters_table(&report.clusters));
    let rows = report.envoys.iter().map(|(id, node)| {
        let link = if node.connected() { cell("connected", Color::Green) } else { cell("gone", Color::Red) };
        // Delta xDS: what did not change is not sent again, so an older version is not an outdated one.
        let accepted = node.kinds.iter().filter(|(_, k)| k.rejected.is_none() && k.accepted.is_some());
        let accepted = accepted.map(|(kind, _)| kind.as_str()).collect::<Vec<_>>().join(", ");
        let refused = node
            .kinds
            .iter()
            .filter_map(|(kind, k)| {
                k.rejected.as_ref().map(|r| format!("{kind} of snapshot {}: {}", r.snapshot, r.error))
            })
            .collect::<Vec<_>>()
            .join("\n");
        vec![Cell::new(id), Cell::new(&node.envoy), link, Cell::new(accepted), cell(&refused, Color::Red)]
    });
    say!("\n{}", table(&["Envoy", "version", "link", "accepted", "refused"], rows));
    if let Some(history) = &report.history {
        let dropped = [("too many waited", history.dropped_full), ("PostgreSQL refused them", history.dropped_refused)];
        let dropped = dropped.iter().filter(|(_, count)| *count > 0).map(|(why, count)| format!("{count} ({why})"));
        let dropped = dropped.collect::<Vec<_>>().join(", ");
        say!(
            "\nhistory, each query at most once: {} received, {} written, {} waiting, {} dropped",
            history.received,
            history.written,
            history.waiting,
            if dropped.is_empty() { "none".to_owned() } else { paint(&dropped, Style::new().red()) }
        );
    }
    Ok(())
}
