//! Shows on stderr what is being waited for: a line with a spinner and the seconds on a terminal, a plain line when
//! something is done elsewhere (a log of a build), nothing in tests.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Where progress is shown.
#[derive(Debug, Clone)]
pub struct Progress {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Silent,
    Lines,
    Bars(MultiProgress),
}

/// Something that is being waited for.
#[derive(Debug)]
pub struct Waiting {
    kind: Kind,
    what: String,
    since: Instant,
    bar: Option<ProgressBar>,
}

// === impl Progress ===

impl Progress {
    /// Shows nothing.
    pub fn silent() -> Self {
        Self { kind: Kind::Silent }
    }

    /// Spinners if stderr is a terminal, lines otherwise.
    pub fn on_stderr() -> Self {
        let kind = if std::io::stderr().is_terminal() { Kind::Bars(MultiProgress::new()) } else { Kind::Lines };
        Self { kind }
    }

    /// Starts to show `what`.
    pub fn part(&self, what: &str) -> Waiting {
        let bar = match &self.kind {
            Kind::Bars(bars) => {
                let bar = bars.add(ProgressBar::new_spinner());
                // The template is a constant that is seen to be right at the first start; without it the default style is used.
                if let Ok(style) = ProgressStyle::with_template("  {spinner:.cyan} {msg:<44} {elapsed:>5}") {
                    bar.set_style(style);
                }
                bar.set_message(what.to_owned());
                bar.enable_steady_tick(Duration::from_millis(120));
                Some(bar)
            }
            Kind::Silent | Kind::Lines => None,
        };
        Waiting { kind: self.kind.clone(), what: what.to_owned(), since: Instant::now(), bar }
    }
}

// === impl Waiting ===

impl Waiting {
    /// Does the work, then shows how it went and how long it took.
    pub fn run<T>(self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let result = work();
        self.end(if result.is_ok() { "✓" } else { "✗" });
        result
    }

    /// Takes the line away again: there was nothing to tell.
    pub fn forget(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn end(self, mark: &str) {
        let line = format!("  {mark} {:<44} {:>4.1} s", self.what, self.since.elapsed().as_secs_f32());
        match (&self.kind, &self.bar) {
            (Kind::Bars(bars), Some(bar)) => {
                bar.finish_and_clear();
                // A line that cannot be shown is no reason to fail.
                drop(bars.println(line));
            }
            (Kind::Lines, _) => eprintln!("{line}"),
            _ => {}
        }
    }
}
