//! `warren clusters`.

use super::client::{Client, segment};
use super::operation::follow;
use super::status::{clusters_table, table};
use super::{ApiArgs, Outcome};
use crate::api::{Begin, ClusterChange, Done, NewCluster, Rename};
use crate::duration::Span;
use crate::health::{HealthKind, HealthSettings};
use crate::lifecycle::workers::Worker;
use crate::resources::secret::CertificateFiles;
use crate::state::Cluster;
use crate::status::ClusterStatus;
use crate::store::Operation;
use crate::trino::TrinoTls;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum ClustersCommand {
    /// Show all clusters
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show all that is set of one cluster, as JSON
    Show { name: String },
    /// Add a cluster; it takes no queries before it is activated
    Add {
        name: String,
        /// The coordinator's address, http://HOST:PORT or https://HOST:PORT
        #[arg(long, value_name = "URL")]
        url: String,
        #[command(flatten)]
        settings: Box<SettingArgs>,
        /// Let it take queries at once
        #[arg(long)]
        active: bool,
    },
    /// Change a cluster's address, group or settings; what is not named stays
    Update {
        name: String,
        /// The coordinator's new address; running queries go on at the old one
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        #[command(flatten)]
        settings: Box<SettingArgs>,
        /// Take the bound of --max-running away
        #[arg(long, conflicts_with = "max_running")]
        no_max_running: bool,
    },
    /// Give a cluster another name; its running queries go on
    Rename { name: String, to: String },
    /// Let a cluster take new queries; undoes a drain, and a shutdown until its workers stop
    Activate { name: String },
    /// Stop a cluster from taking new queries; running ones go on
    Deactivate { name: String },
    /// Deactivate a cluster and wait until its last query has ended
    Drain {
        name: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Drain a cluster, stop its workers, then its coordinator
    Shutdown {
        name: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Show a cluster's workers and the tasks that run there
    Workers {
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell one worker to finish what it does and to end; the cluster goes on without it
    ShutdownWorker {
        name: String,
        /// As `warren clusters workers` shows it
        node_id: String,
    },
    /// Forget a cluster
    Remove {
        name: String,
        /// Whatever it is doing: its running queries go on for as long as retired addresses are kept
        #[arg(long)]
        now: bool,
    },
}

#[derive(Args)]
pub(crate) struct SettingArgs {
    /// The group it is in [default: the default group]
    #[arg(long)]
    group: Option<String>,
    /// Where a browser finds its UI [default: the address itself]
    #[arg(long, value_name = "URL")]
    external_url: Option<String>,
    /// Share of new queries beside the others of its group, 1 to 1000 [default: 100]
    #[arg(long, value_name = "N")]
    weight: Option<u32>,
    /// With as many queries running it gets no new ones
    #[arg(long, value_name = "N")]
    max_running: Option<u32>,
    /// How its health and load are found out [default: auto]
    #[arg(long, value_name = "KIND")]
    health: Option<HealthKind>,
    /// Entry of the file of `warren serve --credentials` to ask it with
    #[arg(long, value_name = "NAME")]
    credentials: Option<String>,
    /// Certificates, in PEM, of whoever signs its [default: whom the system trusts]
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Name that its certificate is for [default: the host of its address]
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
    /// Certificate to show to it, in PEM, on the disks of Envoys and of `warren serve`
    #[arg(long, value_name = "PATH", requires = "tls_client_key")]
    tls_client_certificate: Option<String>,
    /// Its private key, in PEM, on the same disks
    #[arg(long, value_name = "PATH", requires = "tls_client_certificate")]
    tls_client_key: Option<String>,
    /// Forget first what was said of its TLS before
    #[arg(long)]
    tls_reset: bool,
    /// Whether whoever answers must show that it is the right one; `false` lets anybody in between read and change everything
    #[arg(long, value_name = "BOOL")]
    tls_verify: Option<bool>,
    /// Time between two checks [default: as `warren serve --health-period` says]
    #[arg(long, value_name = "DURATION")]
    health_period: Option<Span>,
    /// How long one answer may take [default: 5s]
    #[arg(long, value_name = "DURATION")]
    health_timeout: Option<Span>,
    /// Failures in a row before it is unhealthy [default: 2, and a refused connection at once]
    #[arg(long, value_name = "N")]
    down_after: Option<u32>,
    /// Good checks in a row before it is healthy again [default: 1]
    #[arg(long, value_name = "N")]
    up_after: Option<u32>,
    /// Metric that must be at least this, with --health metrics; may be given several times
    #[arg(long, value_name = "METRIC=NUMBER", value_parser = bound)]
    minimum: Vec<(String, f64)>,
    /// Metric that must be at most this, with --health metrics; may be given several times
    #[arg(long, value_name = "METRIC=NUMBER", value_parser = bound)]
    maximum: Vec<(String, f64)>,
}

#[derive(Args)]
pub(crate) struct WaitArgs {
    /// When to give up, from now on; the cluster stays deactivated [default: 1h]
    #[arg(long, value_name = "DURATION")]
    deadline: Option<Span>,
    /// Begin, and do not wait for the end
    #[arg(long)]
    no_wait: bool,
    /// Print JSON, a line each time something changes
    #[arg(long)]
    json: bool,
}

fn bound(text: &str) -> Result<(String, f64), String> {
    let (name, number) = text.split_once('=').ok_or("is not of the form METRIC=NUMBER")?;
    Ok((name.to_owned(), number.parse().map_err(|_| "is not of the form METRIC=NUMBER")?))
}

impl SettingArgs {
    /// What was said of health, over what is there.
    fn health(&self, old: HealthSettings) -> HealthSettings {
        let bounds = |said: &[(String, f64)], old| if said.is_empty() { old } else { said.iter().cloned().collect() };
        HealthSettings {
            kind: self.health.unwrap_or(old.kind),
            credentials: self.credentials.clone().or(old.credentials),
            period: self.health_period.or(old.period),
            timeout: self.health_timeout.or(old.timeout),
            down_after: self.down_after.or(old.down_after),
            up_after: self.up_after.or(old.up_after),
            minimum: bounds(&self.minimum, old.minimum),
            maximum: bounds(&self.maximum, old.maximum),
        }
    }
}

impl SettingArgs {
    /// What was said of TLS, over what is there.
    fn tls(&self, old: TrinoTls) -> Result<TrinoTls> {
        let ca = self.tls_ca.as_ref().map(|path| {
            std::fs::read_to_string(path).with_context(|| format!("--tls-ca: cannot read {}", path.display()))
        });
        let old = if self.tls_reset { TrinoTls::default() } else { old };
        let files = self.tls_client_certificate.clone().zip(self.tls_client_key.clone());
        let files = files.map(|(certificate, key)| CertificateFiles { certificate, key });
        Ok(TrinoTls {
            client_certificate: files.or(old.client_certificate),
            ca: ca.transpose()?.or(old.ca),
            server_name: self.tls_server_name.clone().or(old.server_name),
            verify: self.tls_verify.unwrap_or(old.verify),
        })
    }
}

pub(super) async fn run(api: &ApiArgs, command: ClustersCommand) -> Result<Outcome> {
    let client = Client::new(api)?;
    let of = |name: &str, rest: &str| format!("clusters/{}{rest}", segment(name));
    match command {
        ClustersCommand::List { json } => {
            let clusters: Vec<ClusterStatus> = client.get("clusters").await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&clusters)?);
            } else if clusters.is_empty() {
                say!("no clusters yet; add one with `warren clusters add NAME --url http://HOST:PORT --group GROUP`");
            } else {
                say!("{}", clusters_table(&clusters));
            }
        }
        ClustersCommand::Show { name } => {
            let cluster: Cluster = client.get(&of(&name, "")).await?;
            say!("{}", serde_json::to_string_pretty(&cluster)?);
        }
        ClustersCommand::Add { name, url, settings, active } => {
            let new = NewCluster {
                name: name.clone(),
                url,
                health: Some(settings.health(HealthSettings::default())),
                tls: Some(settings.tls(TrinoTls::default())?),
                external_url: settings.external_url,
                group: settings.group,
                active,
                weight: settings.weight,
                max_running: settings.max_running,
            };
            warn(client.post("clusters", Some(&new)).await?);
            if active {
                say!("added `{name}`; it takes queries as soon as it is healthy");
            } else {
                say!("added `{name}`; `warren clusters activate {name}` lets it take queries");
            }
        }
        ClustersCommand::Update { name, url, settings, no_max_running } => {
            let old: Cluster = client.get(&of(&name, "")).await?;
            let health = settings.health(old.settings.health.clone());
            let tls = settings.tls(old.settings.tls.clone())?;
            let change = ClusterChange {
                url,
                tls: (tls != old.settings.tls).then_some(tls),
                health: (health != old.settings.health).then_some(health),
                external_url: settings.external_url,
                group: settings.group,
                weight: settings.weight,
                max_running: if no_max_running { Some(None) } else { settings.max_running.map(Some) },
            };
            warn(client.send_json(Method::PATCH, &of(&name, ""), &change).await?);
            say!("changed `{name}`");
        }
        ClustersCommand::Rename { name, to } => {
            client.tell(Method::POST, &of(&name, "/rename"), Some(&Rename { name: to.clone() })).await?;
            say!("`{name}` is `{to}` now; its running queries go on");
        }
        ClustersCommand::Activate { name } => {
            client.tell(Method::POST, &of(&name, "/activate"), None::<&()>).await?;
            say!("activated `{name}`; it takes queries as soon as it is healthy");
        }
        ClustersCommand::Deactivate { name } => {
            client.tell(Method::POST, &of(&name, "/deactivate"), None::<&()>).await?;
            say!("deactivated `{name}`; its running queries go on");
        }
        ClustersCommand::Drain { name, wait } => return begin(&client, &name, "drain", wait).await,
        ClustersCommand::Shutdown { name, wait } => return begin(&client, &name, "shutdown", wait).await,
        ClustersCommand::Workers { name, json } => {
            let workers: Vec<Worker> = client.get(&of(&name, "/workers")).await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&workers)?);
            } else if workers.is_empty() {
                say!("`{name}` has no workers; its coordinator works alone");
            } else {
                let rows = workers.into_iter().map(|w| vec![w.node_id, w.uri, w.state, w.tasks.to_string()]);
                say!("{}", table(&["worker", "address", "state", "tasks"], rows));
            }
        }
        ClustersCommand::ShutdownWorker { name, node_id } => {
            let path = of(&name, &format!("/workers/{}/shutdown", segment(&node_id)));
            client.tell(Method::POST, &path, None::<&()>).await?;
            say!("worker `{node_id}` finishes what it does, and ends");
        }
        ClustersCommand::Remove { name, now } => {
            let rest = if now { "?now=true" } else { "" };
            client.tell(Method::DELETE, &of(&name, rest), None::<&()>).await?;
            say!("removed `{name}`; what still runs there goes on");
        }
    }
    Ok(Outcome::Good)
}

fn warn(done: Done) {
    for warning in done.warnings {
        eprintln!("note: {warning}");
    }
}

async fn begin(client: &Client, name: &str, kind: &str, wait: WaitArgs) -> Result<Outcome> {
    let path = format!("clusters/{}", segment(name));
    let begin = Begin { deadline: wait.deadline };
    let operation: Option<Operation> = client.post(&format!("{path}/{kind}"), Some(&begin)).await?;
    let Some(operation) = operation else {
        say!("nothing to do: `{name}` is there already");
        return Ok(Outcome::Good);
    };
    if wait.no_wait || !operation.under_way() {
        if wait.json {
            say!("{}", serde_json::to_string(&operation)?);
        } else if operation.under_way() {
            say!("{kind} of `{name}` began; `warren clusters {kind} {name}` watches it");
        } else {
            say!("nothing to do: `{name}` is there already");
        }
        return Ok(Outcome::Good);
    }
    match follow(client, &format!("{path}/operation/events"), wait.json).await? {
        Some(operation) => super::operation::told(&operation, wait.json),
        None => bail!("the API ended the stream; `warren clusters {kind} {name}` goes on watching"),
    }
}
