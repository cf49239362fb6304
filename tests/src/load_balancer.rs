//! A load balancer in front of Envoy: another Envoy that ends TLS and tells what it saw on the wire.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::certificates::Certificates;
use crate::envoy::Envoy;
use crate::eventually::eventually;
use crate::fetch::Programs;
use crate::http;
use crate::ports::free_port;
use crate::run_dir::RunDir;

/// A running load balancer.
#[derive(Debug)]
pub struct LoadBalancer {
    /// The program.
    pub envoy: Envoy,
    plain: u16,
    tls: u16,
    log: PathBuf,
}

/// A request as it passed.
#[derive(Debug, Clone, Deserialize)]
pub struct Passed {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: String,
    /// Status of the reply; 0 when the client left before it came.
    pub status: u16,
    /// `Content-Encoding` of the reply.
    pub encoding: Option<String>,
    /// `X-Trino-Source` of the request.
    pub source: Option<String>,
    /// `X-Trino-Prepared-Statement` of the request.
    pub prepared: Option<String>,
    /// `X-Trino-Query-Data-Encoding` of the request: what the client takes.
    pub takes: Option<String>,
    /// `X-Trino-Query-Data-Encoding` of the reply: what Trino gives.
    pub gives: Option<String>,
}

// === impl LoadBalancer ===

impl LoadBalancer {
    /// Starts it in front of the Envoy that listens on `backend`. It forwards in the version of HTTP in which the client
    /// came.
    pub fn start(programs: &Programs, run: &RunDir, backend: u16, certificates: &Certificates) -> Result<Self> {
        let (plain, tls, log) = (free_port()?, free_port()?, run.path().join("load-balancer.requests"));
        let bootstrap = include_str!("load_balancer.yaml")
            .replace("$PLAIN", &plain.to_string())
            .replace("$TLS", &tls.to_string())
            .replace("$BACKEND", &backend.to_string())
            .replace("$ADMIN", &free_port()?.to_string())
            .replace("$CERTIFICATE", &certificates.certificate.display().to_string())
            .replace("$KEY", &certificates.key.display().to_string())
            .replace("$LOG", &log.display().to_string());
        let envoy = Envoy::start(programs, run, "load-balancer", &bootstrap, 1)?;
        envoy.wait_live()?;
        Ok(Self { envoy, plain, tls, log })
    }

    /// Where it speaks plain HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.plain)
    }

    /// Where it speaks TLS.
    pub fn tls_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.tls)
    }

    /// All that has passed so far.
    pub fn passed(&self) -> Result<Vec<Passed>> {
        // The log is written after the reply: what is in it before this request's line is all that there is.
        let mark = format!("/mark-{}", free_port()?);
        http::get(&format!("{}{mark}", self.url()), &[])?;
        eventually(Duration::from_secs(20), "the load balancer to write its log", || {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            ensure!(text.contains(&mark), "it has not got to {mark} yet");
            let lines = text.lines().filter(|line| !line.contains(&mark));
            lines.map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
        })
    }
}
