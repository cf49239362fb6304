//! Trino's SQL, as far as it can be told without a catalog.

mod hash;
mod tokens;

pub use hash::{QueryHashes, query_hashes};
pub use tokens::{Kind, Token, Tokens, tokens};
