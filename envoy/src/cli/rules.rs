//! `warren rules`.

use super::client::Client;
use super::{ApiArgs, Outcome};
use crate::api::{Publish, Published};
use crate::cli::status::table;
use crate::rules_folder;
use crate::store::RuleSetEntry;
use anyhow::{Context, Result};
use clap::Subcommand;
use std::io::Read;
use std::path::PathBuf;
use std::rc::Rc;
use warren_rules::{QueryJson, RuleSet};

#[derive(Subcommand)]
pub(crate) enum RulesCommand {
    /// Report every mistake in a folder of rules
    Check {
        dir: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Decide one query, read as JSON from standard input, and say why
    Decide {
        dir: PathBuf,
        /// Print JSON: what it does anyway, so that every command takes the flag
        #[arg(long)]
        json: bool,
        /// Group of queries that no rule sends elsewhere
        #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
        default_group: String,
    },
    /// Put a folder of rules in force
    Publish {
        dir: PathBuf,
        /// What changed, for the list
        #[arg(long, short, default_value = "")]
        message: String,
    },
    /// Show published rule sets, the one in force first
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish an older rule set again
    Rollback { version: i64 },
}

pub(super) async fn run(api: &ApiArgs, command: RulesCommand) -> Result<Outcome> {
    match command {
        RulesCommand::Check { dir, json } => check(&dir, json),
        RulesCommand::Decide { dir, default_group, json: _ } => decide(&dir, &default_group),
        RulesCommand::Publish { dir, message } => {
            let files = rules_folder::read(&dir).map_err(anyhow::Error::msg)?;
            let author = std::env::var("USER").unwrap_or_default();
            let published: Published =
                Client::new(api)?.post("rules", Some(&Publish { files, author, message })).await?;
            tell(&published)?;
            Ok(Outcome::Good)
        }
        RulesCommand::List { json } => {
            let entries: Vec<RuleSetEntry> = Client::new(api)?.get("rules").await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&entries)?);
            } else if entries.is_empty() {
                say!(
                    "no rules yet, so every query goes to the default group; publish some with `warren rules publish DIR`"
                );
            } else {
                let rows = entries.iter().map(|e| {
                    vec![
                        e.version.to_string(),
                        e.created_at.clone(),
                        e.author.clone(),
                        e.message.clone(),
                        e.files.join(", "),
                    ]
                });
                say!("{}", table(&["version", "published", "by", "message", "files"], rows));
            }
            Ok(Outcome::Good)
        }
        RulesCommand::Rollback { version } => {
            let published: Published =
                Client::new(api)?.post(&format!("rules/{version}/rollback"), None::<&()>).await?;
            tell(&published)?;
            Ok(Outcome::Good)
        }
    }
}

fn tell(published: &Published) -> Result<()> {
    for warning in &published.warnings {
        eprintln!("warning: {warning}");
    }
    say!(
        "published as version {}; in force on every Envoy within a second or two (`warren status`)",
        published.version
    );
    Ok(())
}

fn check(dir: &std::path::Path, json: bool) -> Result<Outcome> {
    let files = match rules_folder::read(dir) {
        Ok(files) => files,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(Outcome::Usage);
        }
    };
    match RuleSet::compile(&files) {
        Ok(rules) => {
            if json {
                say!("[]");
            } else {
                let body =
                    if rules.reads_body() { "; reads the query's text, so Envoy waits for the body" } else { "" };
                say!("{} rules in {} file(s), no mistakes{body}", rules.rule_names().count(), files.len());
            }
            Ok(Outcome::Good)
        }
        Err(errors) => {
            if json {
                say!("{}", serde_json::to_string_pretty(&errors.0)?);
            } else {
                eprintln!("{errors}");
            }
            Ok(Outcome::Findings)
        }
    }
}

fn decide(dir: &std::path::Path, default_group: &str) -> Result<Outcome> {
    let files = match rules_folder::read(dir) {
        Ok(files) => files,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(Outcome::Usage);
        }
    };
    let rules = match RuleSet::compile(&files) {
        Ok(rules) => rules,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(Outcome::Findings);
        }
    };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the query from standard input")?;
    let query = match QueryJson::parse(&text) {
        Ok(query) => query.into_query(),
        Err(error) => {
            eprintln!("query: {error}");
            return Ok(Outcome::Usage);
        }
    };
    say!("{}", serde_json::to_string_pretty(&rules.decide(Rc::new(query)).to_json(default_group))?);
    Ok(Outcome::Good)
}
