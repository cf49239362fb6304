//! `warren clusters`.

use super::client::{Client, segment};
use super::{ApiArgs, Outcome};
use crate::api::NewCluster;
use crate::cli::status::clusters_table;
use crate::status::ClusterStatus;
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;

#[derive(Subcommand)]
pub(crate) enum ClustersCommand {
    /// Show all clusters
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a cluster; it takes no queries before it is activated
    Add {
        name: String,
        /// The coordinator's address
        #[arg(long, value_name = "http://HOST:PORT")]
        url: String,
        /// The group it is in [default: the default group]
        #[arg(long)]
        group: Option<String>,
        /// Where a browser finds its UI [default: the address itself]
        #[arg(long, value_name = "URL")]
        external_url: Option<String>,
        /// Let it take queries at once
        #[arg(long)]
        active: bool,
    },
    /// Let a cluster take new queries
    Activate { name: String },
    /// Stop a cluster from taking new queries; running ones go on
    Deactivate { name: String },
    /// Forget a cluster; its running queries go on
    Remove { name: String },
}

pub(super) async fn run(api: &ApiArgs, command: ClustersCommand) -> Result<Outcome> {
    let client = Client::new(api)?;
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
        ClustersCommand::Add { name, url, group, external_url, active } => {
            let new = NewCluster { name: name.clone(), url, external_url, group, active };
            client.tell(Method::POST, "clusters", Some(&new)).await?;
            if active {
                say!("added `{name}`; it takes queries as soon as it is healthy");
            } else {
                say!("added `{name}`; `warren clusters activate {name}` lets it take queries");
            }
        }
        ClustersCommand::Activate { name } => {
            client.tell(Method::POST, &format!("clusters/{}/activate", segment(&name)), None::<&()>).await?;
            say!("activated `{name}`; it takes queries as soon as it is healthy");
        }
        ClustersCommand::Deactivate { name } => {
            client.tell(Method::POST, &format!("clusters/{}/deactivate", segment(&name)), None::<&()>).await?;
            say!("deactivated `{name}`; its running queries go on");
        }
        ClustersCommand::Remove { name } => {
            client.tell(Method::DELETE, &format!("clusters/{}", segment(&name)), None::<&()>).await?;
            say!("removed `{name}`; its running queries go on");
        }
    }
    Ok(Outcome::Good)
}
