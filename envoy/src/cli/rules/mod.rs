//! `warren rules`.

mod cases;
mod check;
mod decide;
mod diff;
mod import_mvel;
mod past;
mod publish;
mod replay;
mod shadow;

use super::{ApiArgs, Outcome};
use crate::rules_folder;
use anyhow::Result;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use warren_rules::{RuleFile, RuleSet};

#[derive(Subcommand)]
pub(crate) enum RulesCommand {
    /// Report every mistake in a folder of rules, and what is worth a look
    Check(check::CheckArgs),
    /// Run the cases of a folder of rules (`cases.json`), and say what no case comes to
    Test(cases::TestArgs),
    /// Decide one query, read as JSON from standard input
    Decide(decide::DecideArgs),
    /// Say why a query goes where it goes: one from standard input, or one of the history
    Explain(decide::ExplainArgs),
    /// Compare two rule sets: their rules, and what they make of their cases
    Diff(diff::DiffArgs),
    /// Ask two rule sets about the queries of the history: what would go elsewhere
    Replay(replay::ReplayArgs),
    /// Translate Trino Gateway's rules: YAML with MVEL
    ImportMvel(import_mvel::ImportMvelArgs),
    /// Put a folder of rules in force, once its cases pass
    Publish(publish::PublishArgs),
    /// Ask a folder of rules about every query beside the rules in force, route nothing by it, and tell what would differ
    Shadow(shadow::ShadowArgs),
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
        RulesCommand::Check(args) => check::run(api, args).await,
        RulesCommand::Test(args) => cases::run(&args),
        RulesCommand::Decide(args) => decide::decide(&args),
        RulesCommand::Explain(args) => decide::explain(api, args).await,
        RulesCommand::Diff(args) => diff::run(api, args).await,
        RulesCommand::Replay(args) => replay::run(api, args).await,
        RulesCommand::ImportMvel(args) => import_mvel::run(&args),
        RulesCommand::Publish(args) => publish::publish(api, args).await,
        RulesCommand::Shadow(args) => shadow::run(api, args).await,
        RulesCommand::List { json } => publish::list(api, json).await,
        RulesCommand::Rollback { version } => publish::rollback(api, version).await,
    }
}

/// The rule set of a folder; or how the command ends, once what is wrong with it was told.
fn compiled(dir: &Path) -> Result<(Vec<RuleFile>, RuleSet), Outcome> {
    let files = rules_folder::read(dir).map_err(|problem| {
        eprintln!("{problem}");
        Outcome::Usage
    })?;
    match RuleSet::compile(&files) {
        Ok(rules) => Ok((files, rules)),
        Err(errors) => {
            eprintln!("{errors}");
            Err(Outcome::Findings)
        }
    }
}

/// A rule set that a command was given: a folder, or the number of a published version.
#[derive(Clone, Debug)]
enum Source {
    Folder(PathBuf),
    Version(i64),
}

impl std::str::FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Source, Self::Err> {
        Ok(match text.parse() {
            Ok(version) if !Path::new(text).exists() => Source::Version(version),
            _ => Source::Folder(text.into()),
        })
    }
}

impl Source {
    /// As headings name it.
    fn name(&self) -> String {
        match self {
            Source::Folder(dir) => dir.display().to_string(),
            Source::Version(version) => format!("version {version}"),
        }
    }

    async fn compiled(&self, api: &ApiArgs) -> Result<Result<(Vec<RuleFile>, RuleSet), Outcome>> {
        match self {
            Source::Folder(dir) => Ok(compiled(dir)),
            Source::Version(version) => {
                let files = publish::files(api, *version).await?;
                match RuleSet::compile(&files) {
                    Ok(rules) => Ok(Ok((files, rules))),
                    Err(errors) => {
                        eprintln!("version {version} is of another Warren:\n{errors}");
                        Ok(Err(Outcome::Findings))
                    }
                }
            }
        }
    }
}
