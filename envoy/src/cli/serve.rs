//! `warren serve`: reads the configuration, opens the ports, starts the tasks, waits for the end.

use super::Outcome;
use crate::access;
use crate::api::{self, playground};
use crate::config::{Config, Written};
use crate::follow::{share_health, watch_database, watch_health};
use crate::health::Probes;
use crate::history::{self, AccessLogs, HistorySettings, OwnIds, Queue};
use crate::judge::{self, Role};
use crate::last_good;
use crate::lifecycle::leave::Caretaker;
use crate::login::Passwords;
use crate::reconcile::Reconciler;
use crate::resources::access_log::HistoryLog;
use crate::resources::listener::ListenerSpec;
use crate::resources::wasm::{Module, module_path};
use crate::rules_folder;
use crate::snapshot::Settings;
use crate::status::Status;
use crate::store::{self, Store};
use crate::tls::incoming::{CurrentTls, Incoming};
use crate::tls::renewal::Certificate;
use crate::trino::{Access, TrinoClients};
use crate::xds::nodes::Nodes;
use crate::xds::server::Ads;
use anyhow::{Context, Result};
use axum::routing::get;
use axum::serve::ListenerExt;
use envoy_types::pb::envoy::service::accesslog::v3::access_log_service_server::AccessLogServiceServer;
use envoy_types::pb::envoy::service::auth::v3::authorization_server::AuthorizationServer;
use envoy_types::pb::envoy::service::discovery::v3::aggregated_discovery_service_server::AggregatedDiscoveryServiceServer;
use sha2::{Digest, Sha256};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How long streams and requests may take to end.
const GOODBYE: Duration = Duration::from_secs(5);
/// Longest message of Envoy's access log, in bytes: what it gathers, and the longest text on top.
const MAX_LOG: usize = 4 << 20;

#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// TOML file with any of these settings (`listen = "…"`)
    #[arg(long, env = "WARREN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    written: Written,
}

pub(super) async fn serve(args: ServeArgs) -> Result<Outcome> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,sqlx=warn".into()),
        )
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()))
        .with_writer(std::io::stderr)
        .init();
    let text = match &args.config {
        None => None,
        Some(path) => match std::fs::read_to_string(path) {
            Ok(text) => Some((path.display().to_string(), text)),
            Err(error) => {
                eprintln!("cannot read {}: {error}", path.display());
                return Ok(Outcome::Usage);
            }
        },
    };
    let config = match Config::read(args.written, text.as_ref().map(|(name, text)| (name.as_str(), text.as_str()))) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(Outcome::Usage);
        }
    };
    let page = match config.playground.as_deref().map(playground::read).transpose() {
        Ok(page) => page.unwrap_or_default(),
        Err(problem) => {
            eprintln!("playground: {problem}");
            return Ok(Outcome::Usage);
        }
    };
    let module = match std::fs::read(&config.filter) {
        Ok(module) => module,
        Err(error) => {
            eprintln!(
                "filter: cannot read `{}`: {error}; `make build` makes it, --filter names it",
                config.filter.display()
            );
            return Ok(Outcome::Usage);
        }
    };
    run(config, module, page).await
}

async fn run(config: Config, module: Vec<u8>, page: playground::Page) -> Result<Outcome> {
    let sha256: String = Sha256::digest(&module).iter().map(|byte| format!("{byte:02x}")).collect();
    let settings = Arc::new(settings(&config, &sha256));
    let store = Store::new(&config.database_url, config.retired_for, &config.default_group)?;
    let nodes = Arc::new(Nodes::default());
    let history = config.history.clone().map(|settings| (settings, Arc::new(Queue::new())));
    let services = config.services.keys().cloned().collect();
    let status = Arc::new(Status::new(nodes.clone(), services, history.as_ref().map(|(_, queue)| queue.clone())));
    let xds = TcpListener::bind(config.xds_listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.xds_listen))?;
    let api = TcpListener::bind(config.api_listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.api_listen))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), xds = %config.xds_listen, api = %config.api_listen, database = config.database(), filter = sha256, "warren");
    for danger in dangers(&config) {
        tracing::warn!("{danger}");
    }

    let (served_tx, served) = watch::channel(None);
    let (shutdown_tx, shutdown) = watch::channel(false);
    let (states_tx, states) = mpsc::channel(4);
    let (reports_tx, reports) = mpsc::channel(256);
    let (role_tx, role) = watch::channel(Role::Alone);
    let (share, found) = mpsc::channel(4096);
    let access =
        Access { clients: TrinoClients::new(config.trino_networks.clone()), credentials: config.credentials.clone() };
    let probes = Probes::new(access.clone(), config.health_period, reports_tx.clone());
    let reconciler = Reconciler {
        settings: settings.clone(),
        store: store.clone(),
        status: status.clone(),
        nodes: nodes.clone(),
        last_good: last_good::path(&config.state_dir),
        served: served_tx,
        role: role.clone(),
        share,
        networks: config.trino_networks.clone(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(reconciler.run(states, reports, probes));
    tasks.spawn(watch_database(store.clone(), config.poll, status.clone(), states_tx));
    tasks.spawn(judge::stand(store.clone(), this_warren(&config), role_tx));
    tasks.spawn(watch_health(store.clone(), config.poll, role.clone(), reports_tx));
    tasks.spawn(share_health(store.clone(), found));
    let caretaker = Caretaker { store: store.clone(), access: access.clone(), stop: config.stop.clone() };
    tasks.spawn(caretaker.run(role));
    let xds = Incoming::on(xds, renewed(config.xds_tls.as_ref(), &status, &mut tasks))?;
    let api = Incoming::on(api, renewed(config.api_tls.as_ref(), &status, &mut tasks))?;
    if let Some(dir) = config.rules.clone() {
        tasks.spawn(rules_folder::watch(dir, store.clone(), status.clone(), config.default_group.clone()));
    }

    let ads = Ads { served: served.clone(), nodes, settings, rollout: Arc::default(), shutdown: shutdown.clone() };
    let module = axum::body::Bytes::from(module);
    let mut services = tonic::service::Routes::new(AggregatedDiscoveryServiceServer::new(ads));
    let mut writer = None;
    if let Some((settings, queue)) = &history {
        let logs = AccessLogs {
            queue: queue.clone(),
            text: settings.text,
            served,
            ids: Arc::new(OwnIds::new()),
            shutdown: shutdown.clone(),
        };
        services = services.add_service(AccessLogServiceServer::new(logs).max_decoding_message_size(MAX_LOG));
        tasks.spawn(history::forget(store.clone(), settings.retention));
        writer = Some(tokio::spawn(history::write(queue.clone(), store.clone(), status.clone(), shutdown.clone())));
    }
    if let Some(source) = config.login.as_ref().and_then(|login| login.passwords.clone()) {
        services = services.add_service(AuthorizationServer::new(Passwords::new(source)));
    }
    let xds_app = services
        .into_axum_router()
        .route(&module_path(&sha256), get(async move || ([("content-type", "application/wasm")], module)));
    let (denied, attempts) = mpsc::channel(1024);
    tasks.spawn(access::record(store.clone(), attempts));
    let (people, users) = watch::channel(config.users.as_ref().map(|(_, users)| users.clone()));
    if let Some((file, _)) = config.users.clone() {
        tasks.spawn(access::follow(file, people, status.clone()));
    }
    let callers = access::Callers::new(
        config.api_token.as_deref(),
        users,
        store.clone(),
        config.api_listen.ip().is_loopback(),
        denied,
    );
    let api_app = api::router(
        api::Api {
            store,
            status,
            callers: Arc::new(callers),
            default_group: Arc::from(config.default_group.as_str()),
            access,
            history: history.as_ref().map(|(settings, _)| settings.text),
        },
        page,
    );
    let servers =
        [tokio::spawn(serve_xds(xds, xds_app, shutdown.clone())), tokio::spawn(serve_api(api, api_app, shutdown))];

    let failed = tokio::select! {
        outcome = stop_signal() => outcome.err(),
        // They run for ever; one that ended would leave everything frozen and looking well.
        ended = tasks.join_next() => Some(anyhow::anyhow!("a task ended: {ended:?}")),
    };
    tracing::info!("stopping; Envoys go on with what they have");
    shutdown_tx.send_replace(true);
    for server in servers {
        if tokio::time::timeout(GOODBYE, server).await.is_err() {
            tracing::warn!("connections were still open after {} seconds and are cut", GOODBYE.as_secs());
        }
    }
    if let (Some((_, queue)), Some(writer)) = (history, writer) {
        queue.close();
        if tokio::time::timeout(GOODBYE, writer).await.is_err() {
            tracing::warn!(counts = ?queue.counts(), "history was still being written and is lost");
        }
    }
    failed.map_or(Ok(Outcome::Good), Err)
}

/// A port's TLS, read again whenever its files change.
fn renewed(certificate: Option<&Certificate>, status: &Arc<Status>, tasks: &mut JoinSet<()>) -> CurrentTls {
    let certificate = certificate?.clone();
    let (sender, current) = watch::channel(certificate.tls());
    tasks.spawn(certificate.renew(sender, status.clone()));
    Some(current)
}

/// What is open to whoever can reach it, and ought not to be.
fn dangers(config: &Config) -> Vec<String> {
    let open = |address: SocketAddr, tls: &Option<Certificate>| !address.ip().is_loopback() && tls.is_none();
    let xds = open(config.xds_listen, &config.xds_tls).then(|| {
        format!(
            "xDS on {} has no TLS: whoever reaches it reads all rules and addresses and can write into the history \
             (--xds-tls-certificate, --xds-tls-key, --xds-client-ca)",
            config.xds_listen
        )
    });
    let api = open(config.api_listen, &config.api_tls).then(|| {
        format!(
            "the API on {} has no TLS: its token can be read on the way (--api-tls-certificate, --api-tls-key)",
            config.api_listen
        )
    });
    xds.into_iter().chain(api).chain(store::unverified(&config.database_url)).collect()
}

/// How this Warren is shown to people: the machine's name (on Kubernetes the pod's) and the API's port.
fn this_warren(config: &Config) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), config.api_listen.port())
}

fn settings(config: &Config, sha256: &str) -> Settings {
    let mut statement_paths = vec!["/v1/statement".to_owned()];
    statement_paths.extend(config.statement_paths.iter().filter(|p| *p != "/v1/statement").cloned());
    Settings {
        default_group: config.default_group.clone(),
        statement_paths,
        extra_paths: config.extra_paths.clone(),
        ui_domain: config.ui_domain.clone(),
        show_rule: config.show_rule,
        history_text_bytes: config.history.as_ref().map_or(0, HistorySettings::sent_bytes),
        listener: ListenerSpec {
            listen: config.listen,
            trusted_hops: config.trusted_hops,
            tls: config.tls.clone(),
            login: config.login.as_ref().map(|login| login.settings.clone()),
            access_log: config.access_log,
            history: config.history.as_ref().map(|history| HistoryLog { text: history.sent_bytes() > 0 }),
            upstream_stats: config.upstream_stats,
            no_cluster_status: config.no_cluster_status,
            body_limit: config.body_limit,
            request_timeout: config.request_timeout,
        },
        redirect: config.redirect.clone(),
        module: match &config.filter_on_envoy {
            Some(path) => Module::OnEnvoy { path: path.clone() },
            None => Module::Fetched { sha256: sha256.to_owned() },
        },
        services: config.services.clone(),
    }
}

/// gRPC, and the module, over HTTP/2. An Envoy that went away without a word is noticed.
async fn serve_xds(incoming: Incoming, app: axum::Router, mut shutdown: watch::Receiver<bool>) -> Result<()> {
    let down = async move {
        let _ = shutdown.wait_for(|down| *down).await;
    };
    tonic::transport::Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(10)))
        .http2_keepalive_timeout(Some(Duration::from_secs(5)))
        .add_routes(app.into())
        .serve_with_incoming_shutdown(incoming, down)
        .await
        .context("xDS")
}

/// Handlers may ask for the client's address (`ConnectInfo<SocketAddr>`); axum knows how only through `tap_io`.
async fn serve_api(incoming: Incoming, app: axum::Router, mut shutdown: watch::Receiver<bool>) -> Result<()> {
    let down = async move {
        let _ = shutdown.wait_for(|down| *down).await;
    };
    // Whoever is wrong too often is known by the address.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(incoming.tap_io(|_| {}), app).with_graceful_shutdown(down).await.context("API")
}

async fn stop_signal() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
