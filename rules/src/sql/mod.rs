//! Trino's SQL, as far as it can be told without a catalog.
//!
//! ```text
//! body ─► prepared (JSON, EXECUTE) ─► tokens ─► statement: kind, by the first words ─► scan: tables, functions ─► facts
//!                                                     └────────────► names: default catalog and schema ◄┘
//! ```
//!
//! No parser: Trino's SQL grows with each release, and a router must not refuse what it does not know. So it looks at words
//! and brackets only, and says how far it can be relied on. `tests/sql` compares it with Trino's own parser.

mod cursor;
mod definition;
mod facts;
mod hash;
mod keyword;
mod kind;
mod names;
mod prepared;
mod scan;
mod session;
mod statement;
mod tokens;

pub use facts::{ANALYSED_BYTES, Confidence, Session, SqlFacts, body_hashes, sql_facts};
pub(crate) use hash::hex;
pub use hash::{QueryHashes, query_hashes};
#[cfg(feature = "sources")]
pub(crate) use kind::{query_types, resource_group_query_types};
pub use tokens::{Kind, Token, Tokens, tokens};

#[cfg(test)]
mod tests;
