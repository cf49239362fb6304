//! Envoy's filter: asks the rules, tells Envoy. As thin as can be: facts and decisions are `warren-rules`' affair.
//!
//! ```text
//! headers (and the body, only if a rule reads it) ─ host.rs ─► Query ─► RuleSet::decide ─► Decision ─► Target
//!    deny, unknown group, bad transaction ─► a Trino-shaped reply
//!    route ─► request header that the route's `cluster_header` reads; filter state for the access log; metrics
//! ```
//!
//! It must never panic (Envoy would answer 503 until the VM is back) and never loop without a bound (Envoy has no limit of
//! its own for a filter's CPU).

#![expect(missing_docs, reason = "the macro below makes a function that nobody calls by name")]

mod answers;
mod candidate;
mod host;
mod http;
mod live;
mod metrics;
mod root;
mod text;

use proxy_wasm::traits::RootContext;
use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(root::Root::default()) });
}}
