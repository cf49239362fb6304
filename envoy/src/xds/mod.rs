//! Delta ADS: one stream to each Envoy, all types on it, in order.

mod again;
pub(crate) mod nodes;
pub(crate) mod rollout;
pub(crate) mod server;
pub(crate) mod session;
mod subscription;
