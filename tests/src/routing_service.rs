//! A routing service as Trino Gateway asks one: it notes what it is asked, and answers as it is told.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::run_dir::RunDir;

/// Its name in Warren's file of services.
pub const NAME: &str = "router";

/// What it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Method and path.
    pub line: String,
    /// Headers by name; several of one name are joined by commas.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq)]
enum Manner {
    Answers(u16, String),
    /// It says nothing, ever.
    Stalls,
}

/// A running service. It ends with the process.
#[derive(Debug)]
pub struct RoutingService {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    manner: Manner,
    asked: Vec<Asked>,
}

impl RoutingService {
    /// Starts one that names no group.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("the routing service has no port")?;
        listener.set_nonblocking(true).context("a port that blocks")?;
        let port = listener.local_addr().context("a port without address")?.port();
        let manner = Manner::Answers(200, json!({"routingGroup": null}).to_string());
        let shared = Arc::new(Mutex::new(Shared { manner, asked: Vec::new() }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().context("no runtime")?;
        let served = Arc::clone(&shared);
        thread::spawn(move || LocalSet::new().block_on(&runtime, serve(listener, served)));
        Ok(Self { port, shared })
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/route", self.port)
    }

    /// Warren's file of services: this one under three names, asked in three ways.
    pub fn write_services(&self, run: &RunDir) -> Result<PathBuf> {
        let file = run.path().join("services.toml");
        let url = self.url();
        let text = format!(
            "[{NAME}]\nurl = \"{url}\"\ntimeout = \"500ms\"\n\n\
             [remembered]\nurl = \"{url}\"\ncache = \"1h\"\n\n\
             [strict]\nurl = \"{url}\"\npropagate_errors = true\nexclude_headers = [\"X-Secret\"]\n"
        );
        std::fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
        Ok(file)
    }

    /// It answers so from now on.
    pub fn answer(&self, status: u16, body: &Value) {
        self.shared().manner = Manner::Answers(status, body.to_string());
    }

    /// It says nothing from now on.
    pub fn stall(&self) {
        self.shared().manner = Manner::Stalls;
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared().asked)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Shared>>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| answer(&shared, request));
            // Whoever asks may give up at any time.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(shared: &Mutex<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &head.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.to_string())
            .and_modify(|known| *known = format!("{known},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    let asked = Asked {
        line: format!("{} {}", head.method, head.uri),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let manner = {
        let mut shared = lock(shared);
        shared.asked.push(asked);
        shared.manner.clone()
    };
    let Manner::Answers(status, text) = manner else { return std::future::pending().await };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    Ok(response)
}
