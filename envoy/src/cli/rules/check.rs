//! `warren rules check`.

use crate::cli::client::Client;
use crate::cli::{ApiArgs, Outcome};
use crate::rules_folder;
use crate::status::StatusReport;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use warren_rules::{Known, RuleError, RuleFile, RuleSet, cases, check_references, notes};

#[derive(Args)]
pub(crate) struct CheckArgs {
    dir: PathBuf,
    /// Ask the API which groups, clusters and routing services there are, and report names that are none
    #[arg(long)]
    live: bool,
    /// These are the groups that there are; without them and --live, any name is taken
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "live")]
    groups: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(api: &ApiArgs, args: CheckArgs) -> Result<Outcome> {
    let files = match rules_folder::read(&args.dir) {
        Ok(files) => files,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(Outcome::Usage);
        }
    };
    let known = if args.live {
        let status: StatusReport = Client::new(api)?.get("status").await?;
        status.known()
    } else {
        Known { groups: (!args.groups.is_empty()).then_some(args.groups), ..Known::default() }
    };
    let Findings { rules, errors, notes } = findings(&files, &known);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&serde_json::json!({"errors": errors, "notes": notes}))?);
    } else {
        for error in &errors {
            eprintln!("{error}");
        }
        for note in &notes {
            eprintln!("note: {note}");
        }
        if errors.is_empty() {
            say!("no mistakes: {rules} rules in {} file(s)", files.len());
        }
    }
    Ok(if errors.is_empty() { Outcome::Good } else { Outcome::Findings })
}

/// What a check found.
#[derive(Default)]
struct Findings {
    /// Rules that there are.
    rules: usize,
    errors: Vec<RuleError>,
    /// What is worth a look.
    notes: Vec<RuleError>,
}

fn findings(files: &[RuleFile], known: &Known) -> Findings {
    let in_cases = cases::read(files).map_err(|errors| errors.0).err().unwrap_or_default();
    match RuleSet::compile(files) {
        Ok(rules) => {
            let mut errors = check_references(&rules, known);
            errors.extend(in_cases);
            Findings { rules: rules.rule_names().count(), errors, notes: notes(&rules) }
        }
        Err(mut errors) => {
            errors.0.extend(in_cases);
            Findings { errors: errors.0, ..Findings::default() }
        }
    }
}
