//! `warren history`: queries of the past.

use super::client::{Client, segment};
use super::status::table;
use super::{ApiArgs, Outcome};
use crate::api::{Asked, HistoryPage};
use crate::history::Outcome as AtTheDoor;
use crate::store::HistoryQuery;
use anyhow::Result;
use clap::{Args, ValueEnum};
use comfy_table::{Cell, CellAlignment};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// Letters of a text in the table.
const SHOWN: usize = 60;

#[derive(Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// One query, with all that is known of it
    #[arg(value_name = "QUERY_ID")]
    query_id: Option<String>,
    /// Only this user's
    #[arg(long)]
    user: Option<String>,
    /// Only those of this source
    #[arg(long)]
    source: Option<String>,
    /// Only those that this rule decided
    #[arg(long)]
    rule: Option<String>,
    /// Only those that went to this group
    #[arg(long)]
    group: Option<String>,
    /// Only those that went to this cluster
    #[arg(long)]
    cluster: Option<String>,
    /// Only those with this outcome at the door
    #[arg(long)]
    outcome: Option<AtTheDoor>,
    /// Only those that Trino says ended so: FINISHED, FAILED
    #[arg(long)]
    state: Option<String>,
    /// Only those with this somewhere in their text
    #[arg(long, allow_hyphen_values = true)]
    text: Option<String>,
    /// Only those with this user_query_hash or generic_query_hash
    #[arg(long)]
    hash: Option<String>,
    /// Only those that came in the last so much time, such as 30m, 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = crate::duration::parse)]
    since: Option<std::time::Duration>,
    /// As many, the newest
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Only those older than these: `next` of the page before
    #[arg(long, value_name = "NEXT")]
    before: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: HistoryArgs) -> Result<Outcome> {
    let client = Client::new(&args.api)?;
    let json = args.json;
    if let Some(id) = &args.query_id {
        let query: HistoryQuery = client.get(&format!("history/{}", segment(id))).await?;
        if json {
            say!("{}", serde_json::to_string_pretty(&query)?);
        } else {
            one(&query)?;
        }
        return Ok(Outcome::Good);
    }
    let page: HistoryPage = client.get(&format!("history?{}", args.parameters()?)).await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&page)?);
    } else {
        many(&page)?;
    }
    Ok(Outcome::Good)
}

impl HistoryArgs {
    fn parameters(self) -> Result<String> {
        let asked = Asked {
            user: self.user,
            source: self.source,
            rule: self.rule,
            group: self.group,
            cluster: self.cluster,
            outcome: self.outcome.and_then(|o| o.to_possible_value()).map(|o| o.get_name().to_owned()),
            state: self.state,
            text: self.text,
            hash: self.hash,
            from: self.since.map(ago),
            to: None,
            limit: Some(self.limit.to_string()),
            before: self.before,
        };
        parameters(&asked)
    }
}

/// What is asked, as the parameters of a URL.
pub(super) fn parameters(asked: &Asked) -> Result<String> {
    let mut written = url::form_urlencoded::Serializer::new(String::new());
    if let serde_json::Value::Object(fields) = serde_json::to_value(asked)? {
        for (name, value) in &fields {
            if let Some(value) = value.as_str() {
                written.append_pair(name, value);
            }
        }
    }
    Ok(written.finish())
}

/// So long ago, in milliseconds since 1970.
pub(super) fn ago(duration: std::time::Duration) -> String {
    ((OffsetDateTime::now_utc() - duration).unix_timestamp_nanos() / 1_000_000).to_string()
}

fn many(page: &HistoryPage) -> Result<()> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = page.queries.iter().map(|query| {
        vec![
            Cell::new(moment(query.created)),
            Cell::new(&query.query_id),
            Cell::new(text(&query.user)),
            Cell::new(text(&query.source)),
            Cell::new(text(&query.rule)),
            Cell::new(text(&query.group)),
            Cell::new(text(&query.cluster)),
            Cell::new(ended(query)),
            Cell::new(query.latency_ms.map_or_else(String::new, |ms| ms.to_string()))
                .set_alignment(CellAlignment::Right),
            Cell::new(one_line(query.text.as_deref().unwrap_or_default(), SHOWN)),
        ]
    });
    say!(
        "{}",
        table(&["came (UTC)", "query", "user", "source", "rule", "group", "cluster", "state", "ms", "text"], rows)
    );
    if let Some(next) = &page.next {
        say!("more: --before {next}");
    }
    Ok(())
}

fn one(query: &HistoryQuery) -> Result<()> {
    let serde_json::Value::Object(fields) = serde_json::to_value(query)? else { return Ok(()) };
    let fields = fields.into_iter().filter(|(name, _)| name != "text" && name != "end");
    let end = query.end.as_ref().map(serde_json::to_value).transpose()?;
    let end = end.and_then(|end| end.as_object().cloned()).unwrap_or_default();
    for (name, value) in fields.chain(end) {
        let value = match (name.as_str(), value) {
            ("created" | "ended", serde_json::Value::Number(ms)) => moment(ms.as_i64().unwrap_or_default()),
            (_, serde_json::Value::String(text)) => text,
            (_, other) => other.to_string(),
        };
        say!("{name:20} {value}");
    }
    if let Some(text) = &query.text {
        say!("\n{text}{}", if query.text_cut == Some(true) { " …" } else { "" });
    }
    Ok(())
}

/// Trino's last word, or what became of it at the door.
fn ended(query: &HistoryQuery) -> String {
    match (&query.end, &query.outcome) {
        (Some(end), _) => {
            end.error.as_ref().map_or_else(|| end.state.clone(), |error| format!("{}: {error}", end.state))
        }
        (None, Some(outcome)) if outcome == "failed" => {
            let flags = query.flags.as_deref().unwrap_or_default();
            format!("failed {} {flags}", query.status.unwrap_or_default()).trim_end().to_owned()
        }
        (None, Some(outcome)) => outcome.clone(),
        (None, None) => String::new(),
    }
}

fn moment(milliseconds: i64) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let time = OffsetDateTime::UNIX_EPOCH.checked_add(Duration::milliseconds(milliseconds));
    time.and_then(|time| time.format(form).ok()).unwrap_or_else(|| milliseconds.to_string())
}

/// Its beginning, in one line of so many letters.
pub(super) fn one_line(text: &str, letters: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_in_one_short_line() {
        assert_eq!(one_line("SELECT 1,\n\t 2", 60), "SELECT 1, 2");
        assert_eq!(one_line(&"ä ".repeat(100), 60), format!("{}…", "ä ".repeat(30)));
    }

    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(moment(1_795_507_507_123), "2026-11-24 08:05:07");
        assert_eq!(moment(i64::MAX), i64::MAX.to_string());
    }
}
