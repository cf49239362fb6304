//! `warren rules publish`, `list`, `rollback`.

use crate::api::{Publish, Published};
use crate::cli::client::Client;
use crate::cli::status::table;
use crate::cli::{ApiArgs, Outcome};
use crate::rules_folder;
use crate::store::RuleSetEntry;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use warren_rules::RuleFile;

#[derive(Args)]
pub(crate) struct PublishArgs {
    dir: PathBuf,
    /// What changed, for the list
    #[arg(long, short, default_value = "")]
    message: String,
}

pub(super) async fn publish(api: &ApiArgs, args: PublishArgs) -> Result<Outcome> {
    let files = rules_folder::read(&args.dir).map_err(anyhow::Error::msg)?;
    let author = std::env::var("USER").unwrap_or_default();
    let new = Publish { files, author, message: args.message };
    tell(&Client::new(api)?.post("rules", Some(&new)).await?)
}

pub(super) async fn rollback(api: &ApiArgs, version: i64) -> Result<Outcome> {
    tell(&Client::new(api)?.post(&format!("rules/{version}/rollback"), None::<&()>).await?)
}

pub(super) async fn list(api: &ApiArgs, json: bool) -> Result<Outcome> {
    let entries: Vec<RuleSetEntry> = Client::new(api)?.get("rules").await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&entries)?);
    } else if entries.is_empty() {
        say!("no rules yet, so every query goes to the default group; publish some with `warren rules publish DIR`");
    } else {
        let rows = entries.iter().map(|e| {
            vec![e.version.to_string(), e.created_at.clone(), e.author.clone(), e.message.clone(), e.files.join(", ")]
        });
        say!("{}", table(&["version", "published", "by", "message", "files"], rows));
    }
    Ok(Outcome::Good)
}

/// The files of a published version.
pub(super) async fn files(api: &ApiArgs, version: i64) -> Result<Vec<RuleFile>> {
    Client::new(api)?.get(&format!("rules/{version}")).await
}

/// The version that is in force; none before the first.
pub(super) async fn in_force(api: &ApiArgs) -> Result<Option<i64>> {
    let entries: Vec<RuleSetEntry> = Client::new(api)?.get("rules").await?;
    Ok(entries.first().map(|entry| entry.version))
}

fn tell(published: &Published) -> Result<Outcome> {
    for warning in &published.warnings {
        eprintln!("warning: {warning}");
    }
    say!(
        "published as version {}; in force on every Envoy within a second or two (`warren status`)",
        published.version
    );
    Ok(Outcome::Good)
}
