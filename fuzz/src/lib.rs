//! What must hold for any input, one function a target. The fuzzer looks for an input that breaks it; `tests/replay.rs`
//! runs the same functions over the corpora.
//!
//! Inputs are texts that a person can read and write where that is possible; each function says its form.

mod external_answer;
mod headers;
mod login;
mod path;
mod plugin_config;
mod route_metadata;
mod sql;
mod sql_facts;
mod transaction;

pub use external_answer::external_answer;
pub use headers::headers;
pub use login::login;
pub use path::path;
pub use plugin_config::plugin_config;
pub use route_metadata::route_metadata;
pub use sql::sql;
pub use sql_facts::sql_facts;
pub use transaction::{query_id, transaction};

/// A target: it panics when what must hold does not.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 10] = [
    ("external_answer", external_answer),
    ("headers", headers),
    ("login", login),
    ("path", path),
    ("plugin_config", plugin_config),
    ("query_id", query_id),
    ("route_metadata", route_metadata),
    ("sql", sql),
    ("sql_facts", sql_facts),
    ("transaction", transaction),
];
