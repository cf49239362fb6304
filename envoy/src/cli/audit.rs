//! `warren audit`.

use super::client::{Client, segment};
use super::status::table;
use super::{ApiArgs, Outcome};
use crate::store::AuditEntry;
use anyhow::Result;
use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct AuditArgs {
    /// Of this cluster or group only
    subject: Option<String>,
    /// How many entries, newest first
    #[arg(long, default_value_t = 30)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(api: &ApiArgs, args: &AuditArgs) -> Result<Outcome> {
    let subject = args.subject.as_deref().map(|s| format!("&subject={}", segment(s))).unwrap_or_default();
    let entries: Vec<AuditEntry> = Client::new(api)?.get(&format!("audit?limit={}{subject}", args.limit)).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&entries)?);
        return Ok(Outcome::Good);
    }
    let rows = entries.iter().map(|e| {
        vec![e.at.clone(), e.actor.clone(), e.action.clone(), format!("{} {}", e.kind, e.subject), difference(e)]
    });
    say!("{}", table(&["when (UTC)", "who", "what", "of", "change"], rows));
    Ok(Outcome::Good)
}

/// Fields that changed: `active: true → false`.
fn difference(entry: &AuditEntry) -> String {
    let fields = |row: &Option<Value>| row.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(&entry.before), fields(&entry.after));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let changes = names.into_iter().filter_map(|name| {
        let (old, new) = (shown(before.get(name)), shown(after.get(name)));
        (old != new).then(|| format!("{name}: {old} → {new}"))
    });
    changes.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shows_what_changed_and_no_more() {
        let entry = AuditEntry {
            id: 1,
            at: String::new(),
            actor: String::new(),
            action: String::new(),
            kind: String::new(),
            subject: String::new(),
            before: Some(json!({"name": "a", "active": true, "max_running": null})),
            after: Some(json!({"name": "a", "active": false, "max_running": null})),
        };
        assert_eq!(difference(&entry), "active: true → false");
        let added = AuditEntry { before: None, ..entry };
        assert_eq!(difference(&added), "active: – → false\nname: – → a");
    }
}
