//! `warren groups`.

use super::client::{Client, segment};
use super::status::table;
use super::{ApiArgs, Outcome};
use crate::api::GroupSettings;
use crate::state::Policy;
use crate::status::GroupStatus;
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;

#[derive(Subcommand)]
pub(crate) enum GroupsCommand {
    /// Show all groups
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set how a group shares out its queries and where they go when it serves nothing; what is not named has its default
    Set {
        name: String,
        /// How Envoy picks a cluster
        #[arg(long, value_enum, default_value_t)]
        policy: Policy,
        /// With --policy hash: `user`, or a request header whose value picks the cluster
        #[arg(long, value_name = "HEADER")]
        hash_on: Option<String>,
        /// Group to try when this one is not serving; may be given several times, in order
        #[arg(long, value_name = "GROUP")]
        fall_back: Vec<String>,
        /// Never fall back to the default group
        #[arg(long)]
        strict: bool,
    },
    /// Give a group the default settings again
    Reset { name: String },
}

pub(super) async fn run(api: &ApiArgs, command: GroupsCommand) -> Result<Outcome> {
    let client = Client::new(api)?;
    match command {
        GroupsCommand::List { json } => {
            let groups: Vec<GroupStatus> = client.get("groups").await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&groups)?);
            } else {
                say!("{}", groups_table(&groups));
            }
        }
        GroupsCommand::Set { name, policy, hash_on, fall_back, strict } => {
            let settings = GroupSettings { policy, hash_on, fall_back, strict };
            client.tell(Method::PUT, &format!("groups/{}", segment(&name)), Some(&settings)).await?;
            say!("set group `{name}`");
        }
        GroupsCommand::Reset { name } => {
            client.tell(Method::DELETE, &format!("groups/{}", segment(&name)), None::<&()>).await?;
            say!("group `{name}` has the default settings again");
        }
    }
    Ok(Outcome::Good)
}

fn groups_table(groups: &[GroupStatus]) -> comfy_table::Table {
    let rows = groups.iter().map(|group| {
        let policy = match &group.hash_on {
            Some(header) => format!("{} on {header}", group.policy.name()),
            None => group.policy.name().to_owned(),
        };
        let otherwise = match (group.default, group.strict) {
            (true, _) => "this is the default group",
            (false, true) => "fails",
            (false, false) => "default group",
        };
        vec![
            group.name.clone(),
            policy,
            format!("{} of {}", group.serving, group.clusters),
            group.running.to_string(),
            group.queued.to_string(),
            group.fall_back.join(", "),
            otherwise.to_owned(),
        ]
    });
    table(&["group", "policy", "serving", "running", "queued", "falls back to", "else"], rows)
}
