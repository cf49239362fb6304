//! `warren rules shadow`: a candidate beside the rules in force.

use crate::api::{Begun, Publish};
use crate::cli::client::Client;
use crate::cli::status::table;
use crate::cli::{ApiArgs, Outcome};
use crate::rules_folder;
use crate::store::{CandidateCount, CandidateReport};
use anyhow::Result;
use clap::Args;
use reqwest::Method;
use std::path::PathBuf;
use warren_rules::Comparison;

const PATH: &str = "rules/candidate";

#[derive(Args)]
pub(crate) struct ShadowArgs {
    /// Asks these rules about every query from now on, beside those in force; without it, tells what they would have done
    dir: Option<PathBuf>,
    /// What is to be tried, for those who ask
    #[arg(long, short, default_value = "", requires = "dir")]
    message: String,
    /// Ask no candidate any more
    #[arg(long, conflicts_with = "dir")]
    stop: bool,
    /// Print JSON
    #[arg(long, conflicts_with_all = ["dir", "stop"])]
    json: bool,
}

pub(super) async fn run(api: &ApiArgs, args: ShadowArgs) -> Result<Outcome> {
    let client = Client::new(api)?;
    if let Some(dir) = args.dir {
        let files = rules_folder::read(&dir).map_err(anyhow::Error::msg)?;
        let author = std::env::var("USER").unwrap_or_default();
        let begun: Begun = client.post(PATH, Some(&Publish { files, author, message: args.message })).await?;
        for warning in &begun.warnings {
            eprintln!("warning: {warning}");
        }
        let number = begun.candidate;
        say!(
            "candidate {number} is asked about every query, and routes none; `warren rules shadow` tells what it would do"
        );
        return Ok(Outcome::Good);
    }
    if args.stop {
        client.tell(Method::DELETE, PATH, None::<&()>).await?;
        say!("no candidate is asked any more");
        return Ok(Outcome::Good);
    }
    let report: CandidateReport = client.get(PATH).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        tell(&report)?;
    }
    let differs = report.counts.iter().any(|count| count.comparison != Comparison::Same);
    Ok(if differs { Outcome::Findings } else { Outcome::Good })
}

fn tell(report: &CandidateReport) -> Result<()> {
    let CandidateReport { candidate, created_at, author, message, counts } = report;
    let by = if author.is_empty() { String::new() } else { format!(" by {author}") };
    let what = if message.is_empty() { String::new() } else { format!(": {message}") };
    say!("candidate {candidate}, since {created_at}{by}{what}");
    let sum = |comparison: Comparison| -> i64 {
        counts.iter().filter(|count| count.comparison == comparison).map(|count| count.queries).sum()
    };
    say!(
        "{} queries the same, {} would differ, {} not known",
        sum(Comparison::Same),
        sum(Comparison::Differs),
        sum(Comparison::Unknown)
    );
    let others: Vec<&CandidateCount> = counts.iter().filter(|count| count.comparison != Comparison::Same).collect();
    if others.is_empty() {
        return Ok(());
    }
    let named = |rule: &str| if rule.is_empty() { "(none)".to_owned() } else { rule.to_owned() };
    let rows = others.into_iter().map(|count| {
        let to = if count.comparison == Comparison::Unknown { "not known" } else { &count.to };
        vec![
            count.queries.to_string(),
            format!("{} → {}", count.from, to),
            named(&count.rule),
            named(&count.candidate_rule),
            count.rules.clone(),
            count.last_query.clone(),
        ]
    });
    say!("{}", table(&["queries", "went → would go", "by", "by the candidate's", "version", "the last of them"], rows));
    Ok(())
}
