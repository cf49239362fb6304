//! The account of faults in `docs/operations.md`: one line a fault, as it was measured last.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::marked::Marked;

use crate::rows::ROWS;

const MARKS: [&str; 2] = ["<!-- faults -->\n", "<!-- /faults -->"];
const HEADER: &str = "| fault | queries | answered right | failed, and why | lost | longest wait | all new queries answered after | `warren status` good after |\n\
                      | --- | --- | --- | --- | --- | --- | --- | --- |\n";
const HINT: &str = "run `UPDATE=1 cargo test -p warren-tests --test faults -- --include-ignored`";

/// What one fault did.
pub(crate) struct Measured {
    pub(crate) answered: usize,
    pub(crate) reasons: BTreeMap<String, usize>,
    pub(crate) lost: usize,
    pub(crate) longest: Duration,
    pub(crate) settled_after: Duration,
    pub(crate) good_after: Duration,
}

impl Measured {
    /// Its line of the table.
    pub(crate) fn line(&self, what: &str) -> String {
        let failed: usize = self.reasons.values().sum();
        let reasons: Vec<String> =
            self.reasons.iter().map(|(text, number)| format!("{number} × {}", escaped(text))).collect();
        let reasons = if reasons.is_empty() { "none".to_owned() } else { reasons.join("; ") };
        let (answered, lost) = (self.answered, self.lost);
        let queries = answered + failed + lost;
        let [longest, settled, good] = [self.longest, self.settled_after, self.good_after].map(seconds);
        format!("| {what} | {queries} | {answered} | {reasons} | {lost} | {longest} | {settled} | {good} |")
    }
}

/// As text in a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn seconds(duration: Duration) -> String {
    if duration.is_zero() { "at once".to_owned() } else { format!("{:.1} s", duration.as_secs_f32()) }
}

/// With `UPDATE` set, puts a measured line into the page in place of the old one.
pub(crate) fn note(what: &str, measured: &Measured) -> Result<()> {
    if std::env::var_os("UPDATE").is_none() {
        return Ok(());
    }
    let page = page()?;
    let mut lines = lines(&page.text);
    lines.insert(what.to_owned(), measured.line(what));
    let body: String = ROWS.iter().filter_map(|row| lines.get(row.what)).map(|line| format!("{line}\n")).collect();
    page.write(&format!("{HEADER}{body}"))
}

/// Whether the page has a line for every fault and no other, and none with a lost query. Times differ from run to run, so
/// they are those of the last update.
pub(crate) fn check() -> Result<()> {
    let table = page()?.text;
    ensure!(table.starts_with(HEADER), "docs/operations.md: the table of faults has another header; {HINT}");
    let lines = lines(&table);
    for row in ROWS {
        let line =
            lines.get(row.what).with_context(|| format!("docs/operations.md: `{}` is missing; {HINT}", row.what))?;
        let cells: Vec<&str> = line.split(" | ").collect();
        ensure!(cells.get(4) == Some(&"0"), "docs/operations.md: queries were lost: {line}");
    }
    ensure!(lines.len() == ROWS.len(), "docs/operations.md: a fault is listed that is not tried; {HINT}");
    Ok(())
}

fn page() -> Result<Marked> {
    Marked::read("docs/operations.md", MARKS)
}

/// The lines under the header, by fault.
fn lines(table: &str) -> BTreeMap<String, String> {
    let fault = |line: &str| line.strip_prefix("| ")?.split_once(" | ").map(|(what, _)| what.to_owned());
    table.lines().skip(2).filter_map(|line| Some((fault(line)?, line.to_owned()))).collect()
}
