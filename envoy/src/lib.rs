//! Warren's control service and command line.
//!
//! ```text
//! PostgreSQL ─ store ─► state ─┐
//! Trino ─ health, names ───────┴► snapshot (pure) ─ watch ─► xds ─► every Envoy
//! ```
//!
//! It is never in a query's way: Envoys go on with what they have when this program is gone.

mod access;
mod api;
mod cli;
mod config;
mod credentials;
mod duration;
mod follow;
pub mod foreign;
mod health;
mod history;
mod judge;
mod last_good;
mod lifecycle;
mod load;
mod login;
mod mvel;
mod newcomers;
mod reconcile;
mod resources;
mod rules_folder;
mod services;
mod slug;
mod snapshot;
mod state;
mod status;
mod store;
mod tls;
mod trial;
mod trino;
mod xds;

/// Who may go where: the table at the door, as Envoy's routes.
pub mod door {
    pub use crate::resources::route::{FollowUps, RouteSpec, routes};
}

pub use cli::run;
