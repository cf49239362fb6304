//! All that scripts see: one table, and what stands behind it.

pub(crate) mod data;
pub(crate) mod decision;
pub(crate) mod pairs;
pub(crate) mod query;
mod standard;
mod table;
mod types;

pub use table::{Entry, table};
pub use types::Type;

#[cfg(test)]
mod tests;
