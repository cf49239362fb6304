//! A request that both are asked, and what their answers have to do with each other.

use anyhow::{Result, ensure};
use serde_json::Value;
use warren_tests::http::{self, Reply};

use crate::difference::Difference;

/// One line of the table in `cases.rs`.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// SQL on both databases, behind what they hold for every case.
    pub(crate) prepare: &'static str,
    /// Path and body of a POST that goes before.
    pub(crate) first: Option<(&'static str, &'static str)>,
    pub(crate) scene: Scene,
    differs: Option<Differs>,
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    Usual,
    /// The answers become alike, as health checks come in.
    InTheEnd,
    /// Warren asks for a token.
    WithToken,
    WithoutDatabase,
}

/// Statuses there and here, and what Warren says, unless that is PostgreSQL's to say.
#[derive(Debug, Clone)]
struct Differs {
    difference: Difference,
    there: u16,
    here: u16,
    says: Option<String>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    status: u16,
    /// Content type, less its parameters; empty for none.
    kind: String,
    body: String,
}

pub(crate) fn get(name: &'static str, path: &str) -> Case {
    Case::new(name, "GET", path)
}

/// A POST of JSON.
pub(crate) fn post(name: &'static str, path: &str, body: &str) -> Case {
    Case { body: body.to_owned(), ..Case::new(name, "POST", path).header("Content-Type", "application/json") }
}

// === impl Case ===

impl Case {
    pub(crate) fn new(name: &'static str, method: &'static str, path: &str) -> Self {
        Self {
            name,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
            prepare: "",
            first: None,
            scene: Scene::Usual,
            differs: None,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn content_type(mut self, value: &str) -> Self {
        self.headers.retain(|(name, _)| *name != "Content-Type");
        self.header("Content-Type", value)
    }

    pub(crate) fn with_rows(self, prepare: &'static str) -> Self {
        Self { prepare, ..self }
    }

    pub(crate) fn after(self, path: &'static str, body: &'static str) -> Self {
        Self { first: Some((path, body)), ..self }
    }

    pub(crate) fn scene(self, scene: Scene) -> Self {
        Self { scene, ..self }
    }

    /// Here it is not as there: `says` is the whole of Warren's body; JSON as it is, else text.
    pub(crate) fn differs(mut self, difference: Difference, there: u16, here: u16, says: &str) -> Self {
        self.differs = Some(Differs { difference, there, here, says: Some(says.to_owned()) });
        self
    }

    /// The same where Warren's words are not its own.
    pub(crate) fn differs_somehow(mut self, difference: Difference, there: u16, here: u16) -> Self {
        self.differs = Some(Differs { difference, there, here, says: None });
        self
    }

    pub(crate) fn difference(&self) -> Option<Difference> {
        self.differs.as_ref().map(|differs| differs.difference)
    }

    /// Whether both have done the same to their tables.
    pub(crate) fn leaves_the_same(&self) -> bool {
        self.differs.as_ref().is_none_or(|differs| differs.there == differs.here)
    }

    pub(crate) fn ask(&self, base: &str) -> Result<Answer> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(Answer::of(&http::send(self.method, &format!("{base}{}", self.path), &headers, &self.body)?))
    }

    pub(crate) fn compare(&self, there: &Answer, here: &Answer) -> Result<()> {
        let request = format!("{} {} {}", self.method, self.path, self.body);
        let both = format!("{request}\n  Trino Gateway: {there:?}\n  Warren:        {here:?}");
        let Some(differs) = &self.differs else {
            ensure!(there == here, "not the same: {both}");
            return Ok(());
        };
        ensure!(there != here, "no difference any more ({:?}): {both}", differs.difference);
        ensure!(
            (there.status, here.status) == (differs.there, differs.here),
            "statuses, wanted {} and {}: {both}",
            differs.there,
            differs.here
        );
        if let Some(says) = &differs.says {
            ensure!(here.body == normal(says), "Warren was to say {says}: {both}");
        }
        Ok(())
    }
}

// === impl Answer ===

impl Answer {
    fn of(reply: &Reply) -> Self {
        let kind = reply.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Self { status: reply.status.as_u16(), kind, body: normal(&reply.body) }
    }
}

/// JSON with its keys as they stand, but the clusters of a list by name and the clusters of a distribution, too: there they
/// are in no order. Anything else as it is.
fn normal(body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(Value::Array(mut items)) if items.iter().any(|item| item.get("name").is_some()) => {
            items.sort_by_cached_key(|item| item.get("name").map(Value::to_string));
            Value::Array(items).to_string()
        }
        Ok(Value::Object(mut object)) if object.values().all(Value::is_number) => {
            object.sort_keys();
            Value::Object(object).to_string()
        }
        _ => body.to_owned(),
    }
}
