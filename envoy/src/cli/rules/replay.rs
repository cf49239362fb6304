//! `warren rules replay`: two rule sets are asked about the queries of the history.

use super::past::{self, Groups};
use super::{Source, publish};
use crate::api::{Asked, HistoryPage};
use crate::cli::client::Client;
use crate::cli::history::{ago, parameters};
use crate::cli::status::table;
use crate::cli::{ApiArgs, Outcome};
use crate::store::HistoryQuery;
use anyhow::{Context, Result};
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use warren_rules::RuleSet;

/// Queries that are read at once.
const PAGE: usize = 1000;

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// Folder of rules, or number of a published version: the rules to try
    new: Source,
    /// The rules to compare with; the version in force if left out
    #[arg(long, value_name = "RULES")]
    old: Option<Source>,
    /// Queries of the last so much time, such as 30m, 12h or 7d
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = crate::duration::parse)]
    since: Duration,
    /// As many, the newest
    #[arg(long, default_value_t = 10_000)]
    limit: usize,
    /// Rows of the table
    #[arg(long, default_value_t = 30)]
    rows: usize,
    /// Group of queries that no rule sends elsewhere
    #[arg(long, env = "WARREN_DEFAULT_GROUP", default_value = "adhoc")]
    default_group: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What two rule sets make of the same queries.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Replay {
    queries: usize,
    same: usize,
    /// They go where they went, with other headers or tags.
    other_headers_or_tags: usize,
    /// Those that go elsewhere, the most frequent first.
    moved: Vec<Moved>,
    /// Queries about which rules read something that the history does not keep.
    unsure: usize,
    /// What that is.
    not_kept: BTreeSet<String>,
}

/// Queries that go elsewhere in the same way.
#[derive(Debug, PartialEq, Serialize)]
struct Moved {
    queries: usize,
    #[serde(flatten)]
    way: Way,
    /// The id of one of them.
    example: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Way {
    user: String,
    source: String,
    old_rule: String,
    old: String,
    new_rule: String,
    new: String,
}

pub(super) async fn run(api: &ApiArgs, args: ReplayArgs) -> Result<Outcome> {
    let old = match args.old {
        Some(old) => old,
        None => Source::Version(publish::in_force(api).await?.context("no rules are in force; name some with --old")?),
    };
    let (old_rules, new_rules) = match (old.compiled(api).await?, args.new.compiled(api).await?) {
        (Ok((_, old)), Ok((_, new))) => (old, new),
        (Err(outcome), _) | (_, Err(outcome)) => return Ok(outcome),
    };
    let groups = past::groups(api).await?;
    let mut tally = Tally {
        old: &old_rules,
        new: &new_rules,
        groups,
        default_group: &args.default_group,
        moved: BTreeMap::new(),
        replay: Replay::default(),
    };
    each_query(api, args.since, args.limit, |query| tally.add(query)).await?;
    let replay = tally.finish();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&replay)?);
    } else {
        show(&replay, &old.name(), &args.new.name(), args.rows)?;
    }
    Ok(if replay.moved.is_empty() { Outcome::Good } else { Outcome::Findings })
}

/// Reads the history page by page, the newest first.
async fn each_query(api: &ApiArgs, since: Duration, limit: usize, mut take: impl FnMut(&HistoryQuery)) -> Result<()> {
    let client = Client::new(api)?;
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {pos} queries {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    let (from, mut left, mut before) = (ago(since), limit, None);
    while left > 0 {
        let limit = Some(left.min(PAGE).to_string());
        let asked = Asked { from: Some(from.clone()), limit, before, ..Asked::default() };
        let page: HistoryPage = client.get(&format!("history?{}", parameters(&asked)?)).await?;
        page.queries.iter().for_each(&mut take);
        bar.inc(page.queries.len() as u64);
        left = left.saturating_sub(page.queries.len());
        match page.next {
            None => break,
            next => before = next,
        }
    }
    bar.finish_and_clear();
    Ok(())
}

struct Tally<'a> {
    old: &'a RuleSet,
    new: &'a RuleSet,
    groups: Groups,
    default_group: &'a str,
    moved: BTreeMap<Way, (usize, String)>,
    replay: Replay,
}

impl Tally<'_> {
    fn add(&mut self, past: &HistoryQuery) {
        let query = Rc::new(past::query(past, &self.groups));
        let (old, new) = (self.old.explain(&query), self.new.explain(&query));
        self.replay.queries += 1;
        let not_kept = [past::guessed(&old, past), past::guessed(&new, past)].concat();
        self.replay.unsure += usize::from(!not_kept.is_empty());
        self.replay.not_kept.extend(not_kept.into_iter().map(str::to_owned));
        let (old, new) = (old.decision, new.decision);
        if (&old.action, &old.headers, &old.tags) == (&new.action, &new.headers, &new.tags) {
            self.replay.same += 1;
        } else if old.action == new.action {
            self.replay.other_headers_or_tags += 1;
        } else {
            let way = Way {
                user: past.user.clone().unwrap_or_default(),
                source: past.source.clone().unwrap_or_default(),
                old: past::place(&old, self.default_group),
                new: past::place(&new, self.default_group),
                old_rule: old.rule.unwrap_or_default(),
                new_rule: new.rule.unwrap_or_default(),
            };
            self.moved.entry(way).or_insert_with(|| (0, past.query_id.clone())).0 += 1;
        }
    }

    fn finish(mut self) -> Replay {
        let moved = self.moved.into_iter().map(|(way, (queries, example))| Moved { queries, way, example });
        self.replay.moved = moved.collect();
        self.replay.moved.sort_by_key(|moved| std::cmp::Reverse(moved.queries));
        self.replay
    }
}

fn show(replay: &Replay, old: &str, new: &str, rows: usize) -> Result<()> {
    let elsewhere: usize = replay.moved.iter().map(|moved| moved.queries).sum();
    say!("{} queries: {} go where they went, {elsewhere} elsewhere", replay.queries, replay.queries - elsewhere);
    if replay.other_headers_or_tags > 0 {
        say!("{} of them with other headers or tags", replay.other_headers_or_tags);
    }
    if replay.unsure > 0 {
        let names: Vec<&str> = replay.not_kept.iter().map(String::as_str).collect();
        say!("not sure about {}: rules read {}, which the history does not keep", replay.unsure, names.join(", "));
    }
    if replay.moved.is_empty() {
        return Ok(());
    }
    let by = |place: &str, rule: &str| if rule.is_empty() { place.to_owned() } else { format!("{place} ({rule})") };
    let lines = replay.moved.iter().take(rows).map(|moved| {
        let Way { user, source, old, old_rule, new, new_rule } = &moved.way;
        vec![
            Cell::new(moved.queries).set_alignment(CellAlignment::Right),
            Cell::new(user),
            Cell::new(source),
            Cell::new(by(old, old_rule)),
            Cell::new(by(new, new_rule)),
            Cell::new(&moved.example),
        ]
    });
    say!("{}", table(&["queries", "user", "source", old, new, "one of them"], lines));
    if replay.moved.len() > rows {
        say!("{} more rows: --rows {}", replay.moved.len() - rows, replay.moved.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use warren_rules::RuleFile;

    fn rules(source: &str) -> RuleSet {
        RuleSet::compile(&[RuleFile { name: "a.rhai".into(), source: source.into() }]).unwrap()
    }

    fn past(id: &str, user: &str, source: &str) -> HistoryQuery {
        HistoryQuery {
            query_id: id.into(),
            user: Some(user.into()),
            source: Some(source.into()),
            ..HistoryQuery::default()
        }
    }

    #[test]
    fn counts_what_goes_elsewhere_by_user_source_and_rule() {
        let old = rules(r#"rule("jobs", |q| if q.source == "dbt" { route("etl") }); otherwise(route("adhoc"));"#);
        let new = rules(
            r#"rule("jobs", |q| if q.source == "dbt" { if q.host == "x" { route("x") } else { route("etl").tag("t") } });
               rule("ann", |q| if q.user == "ann" { route("vip") }); otherwise(route("adhoc"));"#,
        );
        let groups = Groups::new();
        let mut tally = Tally {
            old: &old,
            new: &new,
            groups,
            default_group: "d",
            moved: BTreeMap::new(),
            replay: Replay::default(),
        };
        for query in
            [past("1", "ann", "cli"), past("2", "ann", "cli"), past("3", "bob", "cli"), past("4", "ann", "dbt")]
        {
            tally.add(&query);
        }
        let way = Way {
            user: "ann".into(),
            source: "cli".into(),
            old_rule: "otherwise".into(),
            old: "adhoc".into(),
            new_rule: "ann".into(),
            new: "vip".into(),
        };
        let want = Replay {
            queries: 4,
            same: 1,
            other_headers_or_tags: 1,
            moved: vec![Moved { queries: 2, way, example: "1".into() }],
            unsure: 1,
            not_kept: ["host".to_owned()].into(),
        };
        assert_eq!(tally.finish(), want);
    }
}
