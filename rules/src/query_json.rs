//! `query.json` for `warren rules decide` and for samples: a query written down (a contract: docs/rules.md).

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::external::ExternalResponse;
use crate::live_state::{GroupState, LiveState};
use crate::query::Query;

/// A query, written down. All fields are optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryJson {
    /// HTTP method; `POST` if left out.
    pub method: Option<String>,
    /// Path of the URL; `/v1/statement` if left out.
    pub path: Option<String>,
    /// Address of the client.
    pub remote_address: String,
    /// Headers: a value, or a list of values.
    pub headers: BTreeMap<String, HeaderValues>,
    /// The SQL statement.
    pub body: String,
    /// Who the client was authenticated as.
    pub principal: String,
    /// Claims of the client's token.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// The time, in seconds since 1970 (UTC); or written as `2026-01-20T08:00:00+01:00`.
    #[serde(deserialize_with = "time")]
    pub now: Option<i64>,
    /// What routing services answer, by name, in their own words: `{"routingGroup": "etl"}`. The others are of no help.
    pub external: BTreeMap<String, ExternalResponse>,
    /// The groups, each with its clusters. A group serves if one of its clusters is healthy.
    pub groups: BTreeMap<String, Vec<ClusterJson>>,
}

/// State of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterJson {
    /// Its name.
    pub cluster: String,
    /// Does it take new queries? True if left out.
    #[serde(default = "yes")]
    pub healthy: bool,
    /// Queries running.
    #[serde(default)]
    pub running: i64,
    /// Queries waiting.
    #[serde(default)]
    pub queued: i64,
}

fn yes() -> bool {
    true
}

/// One value of a header, or several in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HeaderValues(pub Vec<String>);

impl<'de> Deserialize<'de> for HeaderValues {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = HeaderValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<HeaderValues, E> {
                Ok(HeaderValues(vec![value.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<HeaderValues, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(HeaderValues(values))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads a time. Whoever writes a case thinks in clocks, not in seconds.
fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("seconds since 1970, or a time such as \"2026-01-20T08:00:00+01:00\"")
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Option<i64>, E> {
            Ok(None)
        }

        fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Option<i64>, E> {
            Ok(Some(seconds))
        }

        fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Option<i64>, E> {
            let outside = |_| E::invalid_value(serde::de::Unexpected::Unsigned(seconds), &self);
            i64::try_from(seconds).map(Some).map_err(outside)
        }

        #[cfg(feature = "sources")]
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<i64>, E> {
            let time: Result<jiff::Timestamp, _> = text.parse();
            let wrong = |_| E::invalid_value(serde::de::Unexpected::Str(text), &self);
            time.map(|time| Some(time.as_second())).map_err(wrong)
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// `query.json` cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("query.json: {source}")]
pub struct QueryJsonError {
    #[from]
    source: serde_json::Error,
}

impl QueryJson {
    /// Reads `query.json`.
    ///
    /// # Errors
    ///
    /// Says which field is wrong, with line and column.
    pub fn parse(text: &str) -> Result<QueryJson, QueryJsonError> {
        Ok(serde_json::from_str(text)?)
    }

    /// The query that it describes.
    pub fn into_query(self) -> Query {
        let headers = self
            .headers
            .into_iter()
            .flat_map(|(name, values)| values.0.into_iter().map(move |value| (name.clone(), value)))
            .collect();
        let method = self.method.unwrap_or_else(|| "POST".to_owned());
        let path = self.path.unwrap_or_else(|| "/v1/statement".to_owned());
        let query = Query::new(method, path, headers)
            .remote_address(self.remote_address)
            .body(self.body)
            .principal(self.principal)
            .claims(self.claims)
            .live(Rc::new(Groups(self.groups)));
        for (service, response) in self.external {
            query.tell(service, Ok(response.answer(true, &[])));
        }
        match self.now {
            Some(now) => query.now(now),
            None => query,
        }
    }
}

/// State of groups as written in `query.json`.
struct Groups(BTreeMap<String, Vec<ClusterJson>>);

impl LiveState for Groups {
    fn group(&self, name: &str) -> Option<GroupState> {
        let clusters = self.0.get(name)?;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let healthy = count(clusters.iter().filter(|cluster| cluster.healthy).count());
        Some(GroupState {
            serving: healthy > 0,
            clusters: count(clusters.len()),
            healthy,
            running: clusters.iter().fold(0, |sum, cluster| sum.saturating_add(cluster.running)),
            queued: clusters.iter().fold(0, |sum, cluster| sum.saturating_add(cluster.queued)),
        })
    }

    fn serving(&self, name: &str) -> bool {
        self.group(name).is_some_and(|group| group.serving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_query() {
        let query = QueryJson::parse(
            r#"{"headers": {"X-Trino-User": "ann", "X-Trino-Session": ["a=1", "b=2"]}, "now": 0,
                "groups": {"etl": [{"cluster": "a", "running": 3}, {"cluster": "b", "healthy": false, "running": 1}],
                           "night": []}}"#,
        )
        .unwrap()
        .into_query();
        assert_eq!(query.user(), "ann");
        assert_eq!(query.headers("x-trino-session").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(
            query.group(&"etl".into()),
            Some(GroupState { serving: true, clusters: 2, healthy: 1, running: 4, queued: 0 })
        );
        assert!(!query.serving(&"night".into()));
        assert_eq!(query.group(&"gone".into()), None);
    }

    #[test]
    fn a_time_is_seconds_or_written_out() {
        for (now, want) in [
            ("1768892400", Some(1_768_892_400)),
            ("\"2026-01-20T08:00:00+01:00\"", Some(1_768_892_400)),
            ("\"2026-01-20T07:00Z\"", Some(1_768_892_400)),
            ("-1", Some(-1)),
            ("null", None),
        ] {
            assert_eq!(QueryJson::parse(&format!("{{\"now\": {now}}}")).unwrap().now, want, "{now}");
        }
    }

    #[test]
    fn says_which_field_is_wrong() {
        for (text, want) in [
            (
                r#"{"header": {}}"#,
                "query.json: unknown field `header`, expected one of `method`, `path`, `remote_address`, `headers`, `body`, `principal`, `claims`, `now`, `external`, `groups` at line 1 column 9",
            ),
            (
                r#"{"headers": {"a": 1}}"#,
                "query.json: invalid type: integer `1`, expected a string or a list of strings at line 1 column 19",
            ),
            (r#"{"groups": {"a": [{}]}}"#, "query.json: missing field `cluster` at line 1 column 20"),
            (
                r#"{"now": "8 o'clock"}"#,
                "query.json: invalid value: string \"8 o'clock\", expected seconds since 1970, or a time such as \"2026-01-20T08:00:00+01:00\" at line 1 column 19",
            ),
        ] {
            assert_eq!(QueryJson::parse(text).unwrap_err().to_string(), want);
        }
    }
}
