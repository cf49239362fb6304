//! What the demo prints.

use std::fmt::Write as _;
use std::io::IsTerminal;

use anyhow::Result;
use comfy_table::{Cell, Color, LineStyle, Table, presets};
use owo_colors::OwoColorize;

use super::answer::Answer;
use crate::stack::Stack;

/// Colours are for people at a terminal who have not said otherwise.
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Who asked, what was decided, who ran it.
pub(super) fn table(answers: &[Answer]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).style_mut().row_separator = LineStyle::none();
    table.set_header(["USER", "SOURCE", "TAGS", "RULE", "GROUP", "CLUSTER", "ROWS"]);
    if colours() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for answer in answers {
        let rule = answer.decision.rule.clone().unwrap_or_else(|| "(otherwise)".to_owned());
        let denied = answer.decision.action == "deny";
        let group = if denied { "denied".to_owned() } else { answer.decision.groups.join(", else ") };
        let clusters: Vec<&str> = answer.clusters.iter().map(|(name, _)| name.as_str()).collect();
        let cluster = if clusters.is_empty() { "-".to_owned() } else { clusters.join(", ") };
        let result = match &answer.result {
            Ok(rows) => rows.len().to_string(),
            Err(said) => shorten(said),
        };
        let colour = match (answer.astray(), denied) {
            (Some(_), _) => Color::Red,
            (None, true) => Color::Yellow,
            (None, false) => Color::Green,
        };
        table.add_row([
            Cell::new(answer.ask.user),
            Cell::new(answer.ask.source),
            Cell::new(answer.ask.tags),
            Cell::new(rule),
            Cell::new(group),
            Cell::new(cluster).fg(colour),
            Cell::new(result),
        ]);
    }
    format!(
        "{table}\nRULE and GROUP: what `warren rules decide` says. CLUSTER: the coordinator that says it ran the query."
    )
}

/// What the CLI said, less the query's id, and no longer than a line of a table can be.
fn shorten(said: &str) -> String {
    let said = said.split_once(" failed: ").map_or(said, |(_, why)| why);
    if said.chars().count() <= 60 { said.to_owned() } else { said.chars().take(59).chain(['…']).collect() }
}

/// Commands to copy.
pub(super) fn what_to_try(stack: &Stack) -> Result<String> {
    let java = stack.programs.java()?.display().to_string();
    let cli = stack.programs.trino_cli()?.display().to_string();
    let (server, api) = (stack.url(0)?, stack.warren.api_url());
    let warren = stack.warren.program().display().to_string();
    let rules = stack.rules().join("rules.rhai").display().to_string();
    let logs = stack.run.path().display().to_string();
    let mut text = String::new();
    let mut step = |what: &str, lines: &[String]| {
        let what = if colours() { what.bold().to_string() } else { what.to_owned() };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{what}");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    };
    step(
        "Ask yourself, as anybody, with any program:",
        &[format!("{java} -jar {cli} --server {server} --user alice --source airflow --execute 'SELECT 1'")],
    );
    step("Change the rules; queries go by them a second or two after you save:", &[rules]);
    step(
        "Take a cluster out and put it back; running queries end where they are:",
        &[
            format!("{warren} clusters deactivate etl-1 --api {api}"),
            format!("{warren} clusters activate etl-1 --api {api}"),
        ],
    );
    step("See what serves:", &[format!("{warren} status --api {api}"), format!("{warren} clusters list --api {api}")]);
    step("Logs of every program:", &[logs]);
    step("Stop everything: Ctrl-C", &[]);
    Ok(text)
}
