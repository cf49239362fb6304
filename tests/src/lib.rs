//! Fetches and starts the real programs that Warren works with.

pub mod eventually;
pub mod fetch;
pub mod ports;
pub mod postgres_server;
pub mod process;
pub mod progress;
pub mod run_dir;
