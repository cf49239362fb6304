//! Rule sets from the outside, as the filter and the control service use them.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod common;
mod data;
/// Files as editors write them.
mod editors;
/// Routing services that rules ask.
mod external;
/// Rules that fail while they run.
mod failures;
/// What rules can say, and what comes of it.
mod language;
/// Scripts that would take for ever, or all memory.
mod limits;
/// A decision found again is the one that the rules would make.
mod memo;
/// Broken scripts: compiling and deciding end.
mod never_panics;
/// What rules see of a statement.
mod sql;
