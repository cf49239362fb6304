//! What must hold for any input, one function a target. The fuzzer looks for an input that breaks it; `tests/replay.rs`
//! runs the same functions over the corpora.
//!
//! Inputs are texts that a person can read and write where that is possible; each function says its form.

#![expect(clippy::indexing_slicing, reason = "a target panics when what must hold does not")]

mod api_body;
mod authorization;
mod external_answer;
mod headers;
mod history;
mod login;
mod path;
mod plugin_config;
mod prepared;
mod route_metadata;
mod sql;
mod sql_facts;
mod transaction;
mod trino;

pub use api_body::api_body;
pub use authorization::authorization;
pub use external_answer::external_answer;
pub use headers::headers;
pub use history::{access_log, query_completed};
pub use login::login;
pub use path::path;
pub use plugin_config::plugin_config;
pub use prepared::prepared;
pub use route_metadata::route_metadata;
pub use sql::sql;
pub use sql_facts::sql_facts;
pub use transaction::{query_id, transaction};
pub use trino::{trino_metrics, trino_page};

/// A target: it panics when what must hold does not.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 17] = [
    ("access_log", access_log),
    ("api_body", api_body),
    ("authorization", authorization),
    ("external_answer", external_answer),
    ("headers", headers),
    ("login", login),
    ("path", path),
    ("plugin_config", plugin_config),
    ("prepared", prepared),
    ("query_completed", query_completed),
    ("query_id", query_id),
    ("route_metadata", route_metadata),
    ("sql", sql),
    ("sql_facts", sql_facts),
    ("transaction", transaction),
    ("trino_metrics", trino_metrics),
    ("trino_page", trino_page),
];
