//! Fetches and starts the real programs that Warren works with.

pub mod fetch;
pub mod progress;
