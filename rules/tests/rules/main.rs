//! Rule sets from the outside, as the filter and the control service use them.

mod common;
/// What rules can say, and what comes of it.
mod language;
/// Scripts that would take for ever, or all memory.
mod limits;
/// Mistakes: whole messages, with place and help.
mod mistakes;
