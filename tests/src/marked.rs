//! The part of a page of the documentation that a test makes: what stands between two marks.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// A page, taken apart at the marks.
#[derive(Debug)]
pub struct Marked {
    path: PathBuf,
    before: String,
    /// What stands between the marks.
    pub text: String,
    /// What stands behind them.
    pub after: String,
    marks: [&'static str; 2],
}

impl Marked {
    /// Reads a page, such as `docs/operations.md`.
    ///
    /// # Errors
    /// When it cannot be read, or a mark is missing.
    pub fn read(page: &str, marks: [&'static str; 2]) -> Result<Self> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let whole = std::fs::read_to_string(&path).with_context(|| format!("{page}: cannot be read"))?;
        let missing = |mark: &str| format!("{page} has no {}", mark.trim());
        let [begin, end] = marks;
        let (before, rest) = whole.split_once(begin).with_context(|| missing(begin))?;
        let (text, after) = rest.split_once(end).with_context(|| missing(end))?;
        Ok(Marked { path, before: before.to_owned(), text: text.to_owned(), after: after.to_owned(), marks })
    }

    /// Puts another text between the marks.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub fn write(&self, text: &str) -> Result<()> {
        let Marked { path, before, after, marks: [begin, end], .. } = self;
        let page = format!("{before}{begin}{text}{end}{after}");
        std::fs::write(path, page).with_context(|| format!("{}: cannot be written", path.display()))
    }
}
