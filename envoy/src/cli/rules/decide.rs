//! `warren rules decide` and `warren rules explain`: where one query goes, and why.

use super::{compiled, past};
use crate::cli::client::{Client, segment};
use crate::cli::history::one_line;
use crate::cli::status::paint;
use crate::cli::{ApiArgs, Outcome};
use crate::store::HistoryQuery;
use anyhow::{Context, Result, bail};
use clap::Args;
use owo_colors::Style;
use std::io::Read;
use std::path::PathBuf;
use std::rc::Rc;
use warren_rules::{Explanation, Outcome as RuleOutcome, Query, QueryJson, ReadFact, RuleSet, TraceEntry};

/// Letters of a value that are shown.
const SHOWN: usize = 80;

#[derive(Args)]
pub(crate) struct DecideArgs {
    dir: PathBuf,
    /// Print JSON: what it does anyway, so that every command takes the flag
    #[arg(long)]
    json: bool,
    /// Group of queries that no rule sends elsewhere
    #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
    default_group: String,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// Folder of rules; left out with --id: the rules that decided then
    #[arg(required_unless_present = "id")]
    dir: Option<PathBuf>,
    /// Id of a query of the history, instead of one from standard input
    #[arg(long, value_name = "QUERY_ID")]
    id: Option<String>,
    /// Print JSON: the decision, and what each rule read
    #[arg(long)]
    json: bool,
    /// Group of queries that no rule sends elsewhere
    #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
    default_group: String,
}

pub(super) fn decide(args: &DecideArgs) -> Result<Outcome> {
    let (_, rules) = match compiled(&args.dir) {
        Ok(compiled) => compiled,
        Err(outcome) => return Ok(outcome),
    };
    let Some(query) = from_standard_input()? else { return Ok(Outcome::Usage) };
    say!("{}", serde_json::to_string_pretty(&rules.decide(Rc::new(query)).to_json(&args.default_group))?);
    Ok(Outcome::Good)
}

pub(super) async fn explain(api: &ApiArgs, args: ExplainArgs) -> Result<Outcome> {
    let past = match &args.id {
        Some(id) => Some(Client::new(api)?.get::<HistoryQuery>(&format!("history/{}", segment(id))).await?),
        None => None,
    };
    let rules = match (&args.dir, &past) {
        (Some(dir), _) => match compiled(dir) {
            Ok((_, rules)) => rules,
            Err(outcome) => return Ok(outcome),
        },
        (None, Some(past)) => match rules_of(api, past).await? {
            Ok(rules) => rules,
            Err(outcome) => return Ok(outcome),
        },
        (None, None) => bail!("name a folder of rules, or a query with --id"),
    };
    let query = match &past {
        Some(past) => past::query(past, &past::groups(api).await?),
        None => match from_standard_input()? {
            Some(query) => query,
            None => return Ok(Outcome::Usage),
        },
    };
    let explanation = rules.explain(&Rc::new(query));
    if args.json {
        let mut json = explanation.decision.to_json(&args.default_group);
        if let Some(object) = json.as_object_mut() {
            object.insert("read".to_owned(), serde_json::to_value(&explanation.read)?);
        }
        say!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(Outcome::Good);
    }
    show(&explanation, &args.default_group)?;
    if let Some(past) = &past {
        compare(past, &explanation)?;
    }
    Ok(Outcome::Good)
}

/// The rules that decided about a query of the past.
async fn rules_of(api: &ApiArgs, past: &HistoryQuery) -> Result<Result<RuleSet, Outcome>> {
    let version = past.rules.as_deref().and_then(|version| version.parse().ok());
    let version = version.context("no rules were in force when it came; name a folder of rules to try")?;
    Ok(super::Source::Version(version).compiled(api).await?.map(|(_, rules)| rules))
}

/// What was decided then, and what this explanation cannot know.
fn compare(past: &HistoryQuery, explanation: &Explanation) -> Result<()> {
    let then = past.rule.as_deref().unwrap_or("no rule");
    let group = past.group.as_deref().unwrap_or("no group");
    let cluster = past.cluster.as_deref().map(|cluster| format!(", cluster {cluster}")).unwrap_or_default();
    say!("\nthen: {then} decided, {group}{cluster} (rules version {})", past.rules.as_deref().unwrap_or("unknown"));
    let guessed = past::guessed(explanation, past);
    if !guessed.is_empty() {
        say!("the history does not keep {}: what rules made of it may differ", guessed.join(", "));
    }
    Ok(())
}

fn from_standard_input() -> Result<Option<Query>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the query from standard input")?;
    match QueryJson::parse(&text) {
        Ok(query) => Ok(Some(query.into_query())),
        Err(error) => {
            eprintln!("query: {error}");
            Ok(None)
        }
    }
}

/// The trace as a tree: each rule, what it read, how it ended.
fn show(explanation: &Explanation, default_group: &str) -> Result<()> {
    let decision = &explanation.decision;
    let place = past::place(decision, default_group);
    say!("{}", paint(&place, Style::new().bold()));
    for (name, value) in &decision.headers {
        say!("  header {name}: {value}");
    }
    if !decision.tags.is_empty() {
        say!("  tags {}", decision.tags.join(", "));
    }
    let entries: Vec<TraceEntry> = decision.trace.entries().collect();
    for (place, entry) in entries.iter().enumerate() {
        let last = place + 1 == entries.len();
        let (mark, style, how) = match &entry.outcome {
            RuleOutcome::Passed => ("–", Style::new().dimmed(), "passed on".to_owned()),
            RuleOutcome::Added => ("+", Style::new().cyan(), "added to it, and passed on".to_owned()),
            RuleOutcome::Matched => {
                let at = decision.line.map(|line| format!(" in line {line}")).unwrap_or_default();
                ("✓", Style::new().green(), format!("decided{at}"))
            }
            RuleOutcome::Failed(_) => ("✗", Style::new().red(), "failed, and was skipped".to_owned()),
        };
        let branch = if last { "└─" } else { "├─" };
        say!("{branch} {} {} (line {}) {how}", paint(mark, style), paint(&entry.rule, style), entry.line);
        let stem = if last { "  " } else { "│ " };
        if let RuleOutcome::Failed(why) = &entry.outcome {
            say!("{stem}    {why}");
        }
        for ReadFact { name, value } in explanation.read.get(place).into_iter().flatten() {
            say!("{stem}    {} {}", paint(name, Style::new().dimmed()), one_line(value, SHOWN));
        }
    }
    Ok(())
}
