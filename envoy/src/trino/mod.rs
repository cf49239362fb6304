//! Trino as Warren itself talks to it: health, load, workers. Queries of users never come by here.

pub(crate) mod client;
pub(crate) mod metrics;
mod networks;
pub(crate) mod tls;

pub(crate) use client::{Access, Coordinator, Failure, Info, SOURCE};
pub(crate) use networks::{Elsewhere, TrinoNetworks};
pub(crate) use tls::{TrinoClients, TrinoTls};
