//! Decides where a Trino query goes: facts of the query, rules in Rhai, a decision.
//!
//! ```text
//!  .rhai files ──compile──► RuleSet ──┐
//!  (all mistakes at once)             ├─decide──► Decision ──target──► an Envoy cluster
//!  headers, body, live state ► Query ─┘           (rule, line, trace)
//! ```
//!
//! Pure: no I/O, no clock, no threads. [`RuleSet::decide`] never panics and always ends (see [`limits`]); nothing is kept
//! from query to query. What scripts see is one table, [`api::table`].
//!
//! ```
//! use std::rc::Rc;
//! use warren_rules::{Action, Query, RuleFile, RuleSet};
//!
//! let file = RuleFile {
//!     name: "rules.rhai".to_owned(),
//!     source: r#"
//!         rule("jobs", |q| if q.source == "airflow" { route("etl").or("adhoc") });
//!         otherwise(route("adhoc"));
//!     "#.to_owned(),
//! };
//! let rules = RuleSet::compile(&[file])?;
//! let query = Query::new("POST", "/v1/statement", vec![("X-Trino-Source".to_owned(), "airflow".to_owned())]);
//! let decision = rules.decide(Rc::new(query));
//! assert_eq!(decision.rule.as_deref(), Some("jobs"));
//! let groups = vec!["etl".to_owned(), "adhoc".to_owned()];
//! assert_eq!(decision.action, Action::Route { groups, cluster: None, only: false });
//! # Ok::<(), warren_rules::RuleErrors>(())
//! ```

mod access_log;
mod answer;
pub mod api;
#[cfg(feature = "sources")]
pub mod cases;
#[cfg(feature = "sources")]
mod check;
mod compile;
pub mod data;
mod decision;
mod engine;
mod error;
#[cfg(feature = "sources")]
mod explain;
mod external;
mod facts;
mod headers;
mod limit;
pub mod limits;
mod live_state;
pub mod login;
mod memo;
mod messages;
#[cfg(feature = "sources")]
mod notes;
mod plugin;
mod query;
mod query_id;
mod query_json;
#[cfg(feature = "sources")]
mod references;
pub mod reply;
pub mod route_metadata;
mod ruleset;
mod runtime;
mod script;
mod shadow;
mod slug;
pub mod sql;
mod suggest;
mod trace;
mod transaction;

pub use access_log::access_log_fields;
pub use data::Data;
pub use decision::{Action, Decision};
pub use error::{RuleError, RuleErrors};
#[cfg(feature = "sources")]
pub use explain::{Explanation, ReadFact};
pub use external::{ExternalAnswer, ExternalRequest, ExternalResponse, ExternalService};
pub use facts::{header_bytes, header_text};
pub use headers::{is_list_header, merge_list_header};
pub use limit::{LIMIT_HEADER, LIMIT_WHOSE_HEADER, Limit, LimitBy, Rate};
pub use live_state::{GroupState, LiveState, NoLiveState};
#[cfg(feature = "sources")]
pub use notes::notes;
pub use plugin::{ClusterTarget, GroupTarget, HASH_HEADER, PluginConfig, Target};
pub use query::Query;
pub use query_id::{QUERY_ID_WITHIN, find_query_id};
pub use query_json::{ClusterJson, HeaderValues, QueryJson, QueryJsonError};
#[cfg(feature = "sources")]
pub use references::{Known, check_references};
pub use reply::error_body;
#[cfg(feature = "sources")]
pub use ruleset::Mention;
pub use ruleset::{RuleFile, RuleSet};
pub use shadow::{Candidate, Comparison, Shadow};
pub use slug::{PREFIX_HEADER, is_slug, prefix, slug};
pub use suggest::known;
pub use trace::{Outcome, Trace, TraceEntry};
pub use transaction::{Transaction, parse_transaction};
