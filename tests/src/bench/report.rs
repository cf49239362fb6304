//! The tables, on the terminal and in `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, LineStyle, Table, presets};

use super::changes::Changes;
use super::fleet::Pushed;
use super::goals::{self, Wanted};
use super::history::Kept;
use super::load::{CONNECTIONS, Load};
use super::machine::Machine;
use super::plot;
use super::rounds::{Measured, Pace, Sample};
use super::start::Starts;
use super::statistics::Spread;
use super::subjects::PLAIN;

const BEGIN: &str = "<!-- make bench writes from here … -->";
const END: &str = "<!-- … to here -->";

/// All that was measured.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// On what.
    pub(super) machine: Machine,
    /// How often and how long.
    pub(super) pace: Pace,
    /// Every subject under every load.
    pub(super) measured: Vec<Measured>,
    /// Starts of Envoys.
    pub(super) starts: Vec<Starts>,
    /// Changes, from where to in force.
    pub(super) changes: Vec<Changes>,
    /// What became of the history under full load.
    pub(super) history: Vec<Kept>,
    /// Changes among a thousand clusters, to fifty Envoys.
    pub(super) fleet: Vec<Pushed>,
}

/// A table before it is drawn.
struct Rows {
    title: String,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Report {
    /// What was measured of a subject, by its key.
    pub(super) fn of(&self, key: &str) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.subject.key == key)
    }

    /// For people at a terminal.
    pub(super) fn for_terminal(&self) -> String {
        let draw = |rows: &Rows| {
            let mut table = rows.table();
            table.load_style(presets::UTF8_HORIZONTAL_ONLY).style_mut().row_separator = LineStyle::none();
            format!("\n{}\n{table}\n", rows.title)
        };
        format!("{}\n{}", self.tables().iter().map(draw).collect::<String>(), self.foot())
    }

    /// Writes the tables between the marks of `benchmarks.md`, and `benchmarks.svg` beside it.
    pub(super) fn write(&self, docs: &Path) -> Result<()> {
        let page = docs.join("benchmarks.md");
        let text = fs::read_to_string(&page).with_context(|| format!("{}: cannot be read", page.display()))?;
        let text = replace(&text, &self.markdown()).with_context(|| {
            format!(
                "{}: the lines `{BEGIN}` and `{END}` are not there, so there is no place to write to",
                page.display()
            )
        })?;
        fs::write(&page, text).with_context(|| format!("{}: cannot be written", page.display()))?;
        plot::draw(self, &docs.join("benchmarks.svg"))
    }

    fn markdown(&self) -> String {
        let mut text = format!("{}\n\n![Requests a second through each](benchmarks.svg)\n", self.foot());
        for rows in self.tables() {
            let mut table = rows.table();
            table.load_style(presets::ASCII_MARKDOWN);
            // Writing to a String cannot fail.
            let _ = write!(text, "\n### {}\n\n{table}\n", rows.title);
        }
        text
    }

    /// Where and how, in one paragraph.
    fn foot(&self) -> String {
        let Machine { day, cpu, cores, kernel, versions } = &self.machine;
        let Pace { rounds, seconds, warm_up } = self.pace;
        let disturbed = self
            .measured
            .iter()
            .filter(|measured| measured.subject.is_alone())
            .flat_map(|measured| Load::ALL.map(|load| measured.each(load, Sample::disturbed)))
            .flatten();
        let disturbed = Spread::of(&disturbed.collect::<Vec<f64>>());
        let disturbed = disturbed.map_or_else(String::new, |spread| {
            format!(
                " Others used {:.1} % of the measured program's core (median; at worst {:.1} %).",
                spread.median * 100.0,
                spread.most * 100.0
            )
        });
        format!(
            "{day}; {cores} cores of {cpu}, Linux {kernel}; {versions}. Medians of {rounds} rounds, {seconds} s of each load a \
             round, {CONNECTIONS} connections; in brackets the least and the most of all rounds. Trino Gateway was warmed up for \
             {warm_up} s.{disturbed}"
        )
    }

    fn tables(&self) -> Vec<Rows> {
        let mut tables = vec![self.goals()];
        tables.extend(Load::ALL.map(|load| self.load(load)));
        tables.push(self.starts());
        tables.push(self.changes());
        tables.push(self.fleet());
        tables.push(self.history());
        tables.retain(|table| !table.rows.is_empty());
        tables
    }

    fn fleet(&self) -> Rows {
        let row = |pushed: &Pushed| {
            vec![
                pushed.what.to_owned(),
                spread(&pushed.reached, 0),
                spread(&pushed.all, 0),
                spread(&pushed.megabytes, 2),
                format!("{:.0} MB", pushed.memory),
            ]
        };
        Rows {
            title: "A change among 1,000 clusters in 100 groups, to 50 simulated Envoys".to_owned(),
            header: vec!["what", "all reached after, ms", "all of it after, ms", "sent, MB", "memory of warren"],
            rows: self.fleet.iter().map(row).collect(),
        }
    }

    fn goals(&self) -> Rows {
        let rows = goals::all(self).into_iter().map(|goal| {
            let found = match goal.wanted {
                Wanted::AtMostMicroseconds(_) => format!("{} µs", spread(&goal.found, 1)),
                Wanted::AtLeast(_) | Wanted::AtMost(_) | Wanted::Ratio => spread(&goal.found, 2),
            };
            let reached = goal.reached().map_or("", |reached| if reached { "yes" } else { "no" });
            vec![goal.what.to_owned(), found, goal.wanted.to_string(), reached.to_owned()]
        });
        Rows {
            title: "Compared within each round".to_owned(),
            header: vec!["what", "found", "wanted", "reached"],
            rows: rows.collect(),
        }
    }

    fn load(&self, load: Load) -> Rows {
        let rows = self.measured.iter().filter_map(|measured| {
            let rate = measured.spread(load, Sample::rate)?;
            let plain = self.of(PLAIN).filter(|_| measured.subject.key != "nothing");
            let ratio = plain.and_then(|plain| measured.beside(plain, load, Sample::rate, |our, their| our / their));
            let value = |of: fn(&Sample) -> f64, digits| {
                measured.spread(load, of).map_or_else(String::new, |spread| format!("{:.digits$}", spread.median))
            };
            let program = |of, digits| if measured.has_program() { value(of, digits) } else { String::new() };
            Some(vec![
                measured.subject.name.to_owned(),
                format!("{} ({}–{})", thousands(rate.median), thousands(rate.least), thousands(rate.most)),
                ratio.map_or_else(String::new, |ratio| spread(&ratio, 2)),
                value(|sample| sample.counted.p50 as f64 / 1e3, 2),
                value(|sample| sample.counted.p99 as f64 / 1e3, 2),
                program(Sample::cpu, 1),
                program(Sample::memory, 0),
                program(|sample| sample.busy() * 100.0, 0),
            ])
        });
        Rows {
            title: load.title().to_owned(),
            header: vec![
                "through",
                "requests/s",
                "of plain Envoy",
                "p50 ms",
                "p99 ms",
                "CPU µs/request",
                "memory MB",
                "busy %",
            ],
            rows: rows.collect(),
        }
    }

    fn starts(&self) -> Rows {
        let row = |starts: &Starts| vec![starts.what.to_owned(), spread(&starts.live, 0), spread(&starts.memory, 0)];
        Rows {
            title: "Start of an Envoy, one worker".to_owned(),
            header: vec!["what", "live after ms", "memory MB"],
            rows: self.starts.iter().map(row).collect(),
        }
    }

    fn changes(&self) -> Rows {
        let row = |changes: &Changes| {
            let milliseconds = [changes.p50, changes.p99, changes.most].map(|value| format!("{value:.0}"));
            [vec![changes.what.to_owned(), changes.count.to_string()], milliseconds.to_vec()].concat()
        };
        Rows {
            title: "Changes, on an idle Envoy".to_owned(),
            header: vec!["from → to", "changes", "p50 ms", "p99 ms", "longest ms"],
            rows: self.changes.iter().map(row).collect(),
        }
    }

    fn history(&self) -> Rows {
        let row = |kept: &Kept| {
            vec![
                kept.what.to_owned(),
                thousands(kept.asked as f64),
                thousands(kept.asked as f64 / kept.seconds),
                thousands(kept.dropped_by_envoy as f64),
                thousands(kept.dropped_by_warren as f64),
                thousands(kept.rows as f64),
                thousands(kept.rate()),
            ]
        };
        Rows {
            title: "History, under all the load that an Envoy takes".to_owned(),
            header: vec!["kept", "queries", "a second", "dropped by Envoy", "by warren", "rows written", "a second"],
            rows: self.history.iter().map(row).collect(),
        }
    }
}

impl Rows {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.force_no_tty();
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

fn replace(page: &str, new: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", new.trim()))
}

fn spread(spread: &Spread, digits: usize) -> String {
    format!("{:.digits$} ({:.digits$}–{:.digits$})", spread.median, spread.least, spread.most)
}

/// `12,345`.
pub(super) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        for (value, want) in [(7.4, "7"), (999.6, "1,000"), (12_345.0, "12,345"), (1_234_567.0, "1,234,567")] {
            assert_eq!(thousands(value), want);
        }
        assert_eq!(spread(&Spread { median: 0.646, least: 0.6, most: 0.7 }, 2), "0.65 (0.60–0.70)");
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\n## How to read it\n");
        let want = format!("# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\n## How to read it\n");
        assert_eq!(replace(&page, "new\n"), Some(want));
        assert_eq!(replace("# Title\n", "new"), None);
    }
}
