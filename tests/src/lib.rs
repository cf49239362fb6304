//! Fetches and starts the real programs that Warren works with.

pub mod bench;
pub mod certificates;
pub mod client;
pub mod clients;
pub mod clock;
pub mod demo;
pub mod envoy;
pub mod eventually;
pub mod fetch;
pub mod http;
pub mod interrupt;
pub mod load;
pub mod load_balancer;
pub mod ports;
pub mod postgres_server;
pub mod process;
pub mod progress;
pub mod raw;
pub mod raw_http2;
pub mod relay;
pub mod run_dir;
pub mod s3_server;
pub mod stack;
pub mod trino;
pub mod trino_gateway;
pub mod warren;
