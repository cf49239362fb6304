//! `q`: what a script sees of a query. Values are read when asked for; a missing string is `""`.

use std::collections::BTreeSet;
use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map};
use xxhash_rust::xxh64::xxh64;

use super::decision::fail;
use super::pairs::{self, Pairs};
use crate::answer::{SqlAnswer, SqlFact};
use crate::data::TimeZone;
use crate::facts;
use crate::limits;
use crate::live_state::GroupState;
use crate::query::Query;
use crate::runtime::Runtime;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// `q`.
#[derive(Clone)]
pub(crate) struct Q(pub(crate) Rc<Query>);

/// `q.sql`.
#[derive(Clone)]
pub(crate) struct Sql(Rc<Query>);

/// `q.group("name")`.
#[derive(Clone)]
pub(crate) struct Group {
    query: Rc<Query>,
    name: ImmutableString,
}

impl Q {
    fn text(&self, header: &'static str) -> ImmutableString {
        text(self.0.read_header(header))
    }

    fn lower(&self, header: &'static str) -> ImmutableString {
        text(&self.0.read_header(header).to_lowercase())
    }

    fn pairs(&self, header: &'static str) -> Pairs {
        Pairs::new(facts::pairs(self.0.read_headers(header)))
    }

    /// Hour and day of the week, in UTC where there is no zone.
    fn hour_and_weekday(&self, zone: Option<Rc<TimeZone>>) -> Result<(i64, i64)> {
        self.0.hour_and_weekday(zone).ok_or_else(no_time)
    }

    /// The time of day as text.
    fn clock(&self, zone: Option<Rc<TimeZone>>) -> Result<String> {
        let minutes = self.0.minute_of_day(zone).ok_or_else(no_time)?;
        Ok(format!("{:02}:{:02}", minutes / 60, minutes % 60))
    }
}

impl Group {
    fn state(&self) -> GroupState {
        self.query.group(&self.name).unwrap_or_default()
    }
}

pub(crate) fn register(engine: &mut Engine, runtime: &Rc<Runtime>) {
    engine
        .register_type_with_name::<Q>("query")
        .register_type_with_name::<Sql>("sql")
        .register_type_with_name::<Group>("group");
    pairs::register(engine);
    register_client(engine);
    register_session(engine);
    register_request(engine);
    register_sql(engine);
    register_state(engine);
    register_time(engine, runtime);
    register_tools(engine, runtime);
}

fn register_client(engine: &mut Engine) {
    engine
        .register_get("user", |q: &mut Q| q.0.user_string().clone())
        .register_get("original_user", |q: &mut Q| {
            let original = q.text("x-trino-original-user");
            if original.is_empty() { q.0.user_string().clone() } else { original }
        })
        .register_get("principal", |q: &mut Q| text(q.0.authenticated()))
        .register_get("claims", |q: &mut Q| claims(q.0.token_claims()))
        .register_get("source", |q: &mut Q| q.0.source_string().clone())
        .register_get("client_info", |q: &mut Q| q.text("x-trino-client-info"))
        .register_get("client_tags", |q: &mut Q| -> Array {
            let tags = q.0.client_tags().iter().take(limits::ARRAY_ELEMENTS);
            within(tags, |tag| tag.len()).map(|tag| tag.clone().into()).collect()
        })
        .register_fn("has_tag", |q: &mut Q, tag: ImmutableString| q.0.has_tag(tag));
}

fn register_session(engine: &mut Engine) {
    engine
        .register_get("catalog", |q: &mut Q| q.lower("x-trino-catalog"))
        .register_get("schema", |q: &mut Q| q.lower("x-trino-schema"))
        .register_get("path", |q: &mut Q| q.text("x-trino-path"))
        .register_get("session", |q: &mut Q| q.pairs("x-trino-session"))
        .register_get("roles", |q: &mut Q| {
            let roles = facts::pairs(q.0.read_headers("x-trino-role"));
            Pairs::new(roles.map(|(catalog, role)| (catalog, facts::role_name(&role).to_owned())))
        })
        .register_get("resource_estimates", |q: &mut Q| q.pairs("x-trino-resource-estimate"))
        .register_get("time_zone", |q: &mut Q| q.text("x-trino-time-zone"))
        .register_get("language", |q: &mut Q| q.text("x-trino-language"))
        .register_get("transaction", |q: &mut Q| {
            let id = q.text("x-trino-transaction-id");
            if id.eq_ignore_ascii_case("none") { ImmutableString::new() } else { id }
        });
}

fn register_request(engine: &mut Engine) {
    engine
        .register_fn("header", |q: &mut Q, name: &str| text(q.0.read_header(name.to_owned())))
        .register_fn("has_header", |q: &mut Q, name: &str| q.0.has_header(name))
        .register_get("host", |q: &mut Q| text(q.0.asked_host()))
        .register_get("remote_address", |q: &mut Q| text(q.0.address()))
        .register_get("method", |q: &mut Q| text(q.0.method()))
        .register_get("url_path", |q: &mut Q| text(q.0.path()))
        .register_get("sql", |q: &mut Q| Sql(Rc::clone(&q.0)));
}

fn register_sql(engine: &mut Engine) {
    engine.register_get("text", |sql: &mut Sql| sql.0.text());
    for (fact, name) in SqlFact::ALL {
        engine.register_get(name, move |sql: &mut Sql| -> Dynamic {
            match sql.0.sql(fact) {
                SqlAnswer::Text(said) => text(said).into(),
                SqlAnswer::Texts(said) => strings(said).into(),
                SqlAnswer::Flag(said) => said.into(),
            }
        });
    }
}

fn register_state(engine: &mut Engine) {
    engine
        .register_fn("group", |q: &mut Q, name: ImmutableString| Group { query: Rc::clone(&q.0), name })
        .register_get("serving", |group: &mut Group| group.query.serving(&group.name))
        .register_get("clusters", |group: &mut Group| group.state().clusters)
        .register_get("healthy", |group: &mut Group| group.state().healthy)
        .register_get("running", |group: &mut Group| group.state().running)
        .register_get("queued", |group: &mut Group| group.state().queued);
}

fn register_time(engine: &mut Engine, runtime: &Rc<Runtime>) {
    engine
        .register_get("hour", |q: &mut Q| q.hour_and_weekday(None).map(|(hour, _)| hour))
        .register_get("weekday", |q: &mut Q| q.hour_and_weekday(None).map(|(_, weekday)| weekday))
        .register_get("clock", |q: &mut Q| q.clock(None));
    let shared = Rc::clone(runtime);
    engine.register_fn("hour", move |q: &mut Q, name: &str| {
        q.hour_and_weekday(Some(zone(&shared, name)?)).map(|(hour, _)| hour)
    });
    let shared = Rc::clone(runtime);
    engine.register_fn("weekday", move |q: &mut Q, name: &str| {
        q.hour_and_weekday(Some(zone(&shared, name)?)).map(|(_, weekday)| weekday)
    });
    let shared = Rc::clone(runtime);
    engine.register_fn("clock", move |q: &mut Q, name: &str| q.clock(Some(zone(&shared, name)?)));
}

fn zone(runtime: &Runtime, name: &str) -> Result<Rc<TimeZone>> {
    runtime.time_zone(name).ok_or_else(|| fail("a time zone is written out"))
}

fn no_time() -> Box<EvalAltResult> {
    fail("the time is not known here; a query that is written down tells it as `now`")
}

fn register_tools(engine: &mut Engine, runtime: &Rc<Runtime>) {
    engine.register_fn("bucket", |_: &mut Q, value: &str, buckets: i64| bucket(value, buckets));
    let shared = Rc::clone(runtime);
    engine.register_fn("matches", move |_: &mut Q, text: &str, pattern: &str| matches(&shared, text, pattern));
    let shared = Rc::clone(runtime);
    engine.register_fn("matches", move |text: &str, pattern: &str| matches(&shared, text, pattern));
    // Rhai's own looks for an `==` for each element; a list of a thousand users then takes a quarter of a millisecond.
    engine.register_fn("contains", |list: &mut Array, text: &str| {
        list.iter().any(|element| element.as_immutable_string_ref().is_ok_and(|element| *element == text))
    });
    engine.register_fn("trimmed", |text: &str| -> ImmutableString { text.trim().into() });
}

/// 0 … n-1, the same for a value everywhere and for ever: xxh64 with seed 0 of the UTF-8 text, modulo n.
fn bucket(value: &str, buckets: i64) -> Result<i64> {
    let wrong = || fail(format!("`bucket` needs a number of buckets above 0, not {buckets}"));
    let count = u64::try_from(buckets).map_err(|_| wrong())?;
    let bucket = xxh64(value.as_bytes(), 0).checked_rem(count).ok_or_else(wrong)?;
    i64::try_from(bucket).map_err(|_| wrong())
}

fn matches(runtime: &Runtime, text: &str, pattern: &str) -> Result<bool> {
    runtime.is_match(pattern, text).ok_or_else(|| fail("`matches` takes a regular expression that is written out"))
}

/// A string no longer than scripts may hold; the rest is cut off.
fn text(value: &str) -> ImmutableString {
    facts::cut(value).into()
}

/// A list no larger than scripts may hold; the rest is left out.
fn strings(values: &BTreeSet<String>) -> Array {
    within(values.iter().take(limits::ARRAY_ELEMENTS), |value| value.len()).map(|value| text(value).into()).collect()
}

/// As many of them, from the first, as scripts may hold together. Where there is more, a rule would fail and be skipped, and
/// a client could bring that about.
pub(super) fn within<T>(items: impl Iterator<Item = T>, bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = T> {
    items.scan(0_usize, move |sum, item| {
        *sum = sum.saturating_add(bytes(&item));
        (*sum <= limits::STRING_BYTES).then_some(item)
    })
}

fn claims(claims: &serde_json::Map<String, serde_json::Value>) -> Map {
    claims.iter().take(limits::MAP_ENTRIES).map(|(key, value)| (key.as_str().into(), claim(value))).collect()
}

/// Numbers that are not whole become strings: scripts have whole numbers only.
fn claim(value: &serde_json::Value) -> Dynamic {
    use serde_json::Value;
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.as_i64().map_or_else(|| number.to_string().into(), Dynamic::from),
        Value::String(value) => text(value).into(),
        Value::Array(list) => list.iter().take(limits::ARRAY_ELEMENTS).map(claim).collect::<Array>().into(),
        Value::Object(map) => Dynamic::from_map(claims(map)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_never_change() {
        // Fixed for ever: a canary's users must not move with a release.
        for (value, want) in [("", 21), ("ann", 78), ("bob", 27)] {
            assert_eq!(bucket(value, 100).unwrap(), want, "{value}");
        }
        for n in [0, -1] {
            assert_eq!(
                bucket("ann", n).unwrap_err().to_string(),
                format!("Runtime error: `bucket` needs a number of buckets above 0, not {n}")
            );
        }
    }

    #[test]
    fn cuts_long_text_between_characters() {
        assert_eq!(text("ä"), "ä");
        let long = format!("x{}", "ä".repeat(limits::STRING_BYTES / 2));
        assert_eq!(text(&long).len(), limits::STRING_BYTES - 1);
    }
}
