//! `docs/clients.md`: a table for each kind of stack, a row a scenario, a column a client.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use warren_tests::clients::Client;

use crate::kind::Kind;
use crate::scenarios::{SCENARIOS, Scenario};

/// Table, row, column.
type Place = (&'static str, &'static str, String);

/// The page as it is, and as it becomes when it is updated.
pub(crate) struct Page {
    file: PathBuf,
    text: String,
    cells: BTreeMap<Place, String>,
    update: bool,
}

const INTRO: &str = include_str!("intro.md");

/// A case that was never run.
const NOT_SEEN: &str = "?";

// === impl Page ===

impl Page {
    pub(crate) fn read() -> Result<Self> {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/clients.md");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let update = std::env::var("UPDATE").is_ok_and(|update| update == "1");
        Ok(Self { file, cells: cells(&text), text, update })
    }

    /// Compares what was seen with what the page says; when it is updated, writes it there.
    pub(crate) fn compare(&mut self, kind: Kind, scenario: &Scenario, client: Client, saw: &str) -> Result<()> {
        let saw = saw.replace('|', "\\|").replace(['\n', '\r'], " ");
        let place = (kind.heading(), scenario.row, client.to_string());
        if self.update {
            self.cells.insert(place, saw);
            self.text = self.render();
            return fs::write(&self.file, &self.text).with_context(|| format!("{}", self.file.display()));
        }
        let says = self.cells.get(&place).map_or(NOT_SEEN, String::as_str);
        ensure!(
            says == saw,
            "docs/clients.md, {}, {}, {client}:\n  says {says}\n  saw  {saw}\nIf that is as it should be: UPDATE=1",
            kind.heading(),
            scenario.row
        );
        Ok(())
    }

    /// Whether the page is what its cells make of it, and each cell was seen.
    pub(crate) fn is_whole(&self) -> Result<()> {
        ensure!(self.text == self.render(), "docs/clients.md is not as it is generated; UPDATE=1 writes it");
        ensure!(
            !self.text.contains(&format!("| {NOT_SEEN} |")),
            "docs/clients.md has cells that were never seen; fill them with UPDATE=1 and --include-ignored"
        );
        Ok(())
    }

    fn render(&self) -> String {
        let mut text = INTRO.to_owned();
        for kind in Kind::ALL {
            text.push_str(&format!("\n## {}\n\n", kind.heading()));
            let names: Vec<String> = Client::ALL.iter().map(Client::to_string).collect();
            text.push_str(&line("", &names));
            text.push_str(&line("---", &vec!["---".to_owned(); names.len()]));
            for scenario in SCENARIOS.iter().filter(|scenario| scenario.kinds.contains(&kind)) {
                let cell = |name: String| self.cells.get(&(kind.heading(), scenario.row, name)).cloned();
                let cells: Vec<String> =
                    names.iter().map(|name| cell(name.clone()).unwrap_or_else(|| NOT_SEEN.to_owned())).collect();
                text.push_str(&line(scenario.row, &cells));
            }
        }
        text
    }
}

fn line(first: &str, rest: &[String]) -> String {
    format!("| {first} | {} |\n", rest.join(" | "))
}

/// The cells of the page that there are cases for.
fn cells(text: &str) -> BTreeMap<Place, String> {
    let mut cells = BTreeMap::new();
    let mut kind = None;
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            kind = Kind::ALL.into_iter().find(|kind| kind.heading() == heading);
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let mut columns = inner.split(" | ");
        let first = columns.next().unwrap_or_default().trim();
        if first.is_empty() {
            names = columns.map(str::to_owned).collect();
            continue;
        }
        let row = SCENARIOS.iter().find(|scenario| scenario.row == first);
        if let (Some(kind), Some(scenario)) = (kind, row) {
            for (name, cell) in names.iter().zip(columns) {
                cells.insert((kind.heading(), scenario.row, name.clone()), cell.to_owned());
            }
        }
    }
    cells
}
