//! Trino's query-completed event, as its HTTP event listener sends it. Pure.
//!
//! The event is `io.trino.spi.eventlistener.QueryCompletedEvent` as JSON; a few of its fields are read, and what else is in it
//! is passed over, since each release of Trino adds some.

use super::KeptText;
use crate::store::QueryEnd;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Letters of an error's message that are kept.
const MESSAGE: usize = 2_000;
/// Tables that are kept.
const TABLES: usize = 500;
/// Letters of an id, and of a word such as `FINISHED`, as the columns have them.
const ID: usize = 256;
const WORD: usize = 32;

/// The event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completed {
    metadata: Metadata,
    statistics: Statistics,
    failure_info: Option<Failure>,
    end_time: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    query_id: String,
    query_state: String,
    #[serde(default)]
    tables: Vec<Table>,
}

#[derive(Debug, Deserialize)]
struct Table {
    catalog: String,
    schema: String,
    table: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statistics {
    #[serde(default, deserialize_with = "milliseconds")]
    cpu_time: Option<i64>,
    #[serde(default, deserialize_with = "milliseconds")]
    wall_time: Option<i64>,
    #[serde(default, deserialize_with = "milliseconds")]
    queued_time: Option<i64>,
    peak_user_memory_bytes: Option<i64>,
    physical_input_bytes: Option<i64>,
    output_rows: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_code: ErrorCode,
    failure_message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorCode {
    name: String,
    r#type: String,
}

impl Completed {
    /// The query's id, and how it ended. An error's message may repeat words of the text: it is kept only where the text is.
    ///
    /// # Errors
    /// When the time of its end is none.
    pub(crate) fn read(self, text: KeptText) -> Result<(String, QueryEnd), String> {
        let ended = OffsetDateTime::parse(&self.end_time, &Rfc3339)
            .map_err(|_| format!("endTime: `{}` is not a time such as 2026-11-24T09:00:00Z", self.end_time))?;
        let (error, error_type, message) = match self.failure_info {
            None => (None, None, None),
            Some(failure) => (
                Some(storable(&failure.error_code.name)),
                Some(cut(&failure.error_code.r#type, WORD)),
                failure.failure_message,
            ),
        };
        let mut tables: Vec<String> = self
            .metadata
            .tables
            .into_iter()
            .map(|table| storable(&format!("{}.{}.{}", table.catalog, table.schema, table.table)))
            .collect();
        tables.sort();
        tables.dedup();
        tables.truncate(TABLES);
        let end = QueryEnd {
            ended: i64::try_from(ended.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            state: cut(&self.metadata.query_state, WORD),
            error,
            error_type,
            error_message: message.filter(|_| text == KeptText::Full).map(|message| cut(&message, MESSAGE)),
            output_rows: self.statistics.output_rows,
            input_bytes: self.statistics.physical_input_bytes,
            peak_memory: self.statistics.peak_user_memory_bytes,
            queued_ms: self.statistics.queued_time,
            cpu_ms: self.statistics.cpu_time,
            wall_ms: self.statistics.wall_time,
            tables,
        };
        Ok((cut(&self.metadata.query_id, ID), end))
    }
}

/// PostgreSQL's text holds no NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn cut(text: &str, letters: usize) -> String {
    storable(text).chars().take(letters).collect()
}

/// A duration, as Jackson writes it: seconds with a fraction, or `PT1M2.5S`.
fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let seconds = match Value::deserialize(deserializer)? {
        Value::Number(seconds) => seconds.as_f64(),
        Value::String(text) => iso_seconds(&text),
        _ => None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a duration of millions of years is cut to the longest there is"
    )]
    Ok(seconds.map(|seconds| (seconds * 1000.0).round() as i64))
}

/// `PT26H1M2.5S`, as `java.time.Duration` writes itself: hours, minutes, seconds.
fn iso_seconds(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut seconds = 0.0;
    while let Some(end) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let (number, unit) = rest.split_at(end);
        let number: f64 = number.parse().ok()?;
        seconds += match unit.get(..1)? {
            "H" => number * 3600.0,
            "M" => number * 60.0,
            "S" => number,
            _ => return None,
        };
        rest = unit.get(1..)?;
    }
    rest.is_empty().then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the classes of Trino 476 write it, with most of what is not read left out.
    const FAILED: &str = r#"{
        "metadata": {"queryId": "20261125_231500_00007_abcde", "transactionId": "x", "encoding": "json",
            "query": "SELECT nonsense", "queryState": "FAILED", "tables": [], "routines": [],
            "uri": "http://127.0.0.1:8080/v1/query/20261125_231500_00007_abcde"},
        "statistics": {"cpuTime": 0.0125, "wallTime": 1.5, "queuedTime": 0.000412, "peakUserMemoryBytes": 0,
            "physicalInputBytes": 0, "outputRows": 0, "complete": true},
        "context": {"user": "ann"}, "ioMetadata": {"inputs": []},
        "failureInfo": {"errorCode": {"code": 47, "name": "COLUMN_NOT_FOUND", "type": "USER_ERROR", "fatal": false},
            "failureType": "io.trino.spi.TrinoException", "failureMessage": "line 1:8: Column 'nonsense' cannot be resolved",
            "failuresJson": "{}"},
        "warnings": [], "createTime": "2026-11-25T23:15:00.000Z", "endTime": "2026-11-25T23:15:01.500Z"}"#;

    fn read(json: &str, text: KeptText) -> Result<(String, QueryEnd), String> {
        serde_json::from_str::<Completed>(json).unwrap().read(text)
    }

    #[test]
    fn an_event_says_how_a_query_ended() {
        let (id, end) = read(FAILED, KeptText::Full).unwrap();
        let want = QueryEnd {
            ended: 1_795_648_501_500,
            state: "FAILED".into(),
            error: Some("COLUMN_NOT_FOUND".into()),
            error_type: Some("USER_ERROR".into()),
            error_message: Some("line 1:8: Column 'nonsense' cannot be resolved".into()),
            output_rows: Some(0),
            input_bytes: Some(0),
            peak_memory: Some(0),
            queued_ms: Some(0),
            cpu_ms: Some(13),
            wall_ms: Some(1500),
            tables: vec![],
        };
        assert_eq!((id.as_str(), end), ("20261125_231500_00007_abcde", want));
    }

    #[test]
    fn an_errors_message_is_kept_only_where_the_text_is() {
        for text in [KeptText::Hashed, KeptText::Off] {
            assert_eq!(read(FAILED, text).unwrap().1.error_message, None);
        }
    }

    #[test]
    fn durations_are_read_either_way() {
        for (written, want) in [("PT0S", 0.0), ("PT1.5S", 1.5), ("PT26H1M2.5S", 93_662.5), ("PT-1S", -1.0)] {
            assert_eq!(iso_seconds(written), Some(want), "{written}");
        }
        for written in ["", "1s", "PT1", "P1D", "PTxS"] {
            assert_eq!(iso_seconds(written), None, "{written}");
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        let json = FAILED.replace("2026-11-25T23:15:01.500Z", "soon");
        assert_eq!(
            read(&json, KeptText::Full).unwrap_err(),
            "endTime: `soon` is not a time such as 2026-11-24T09:00:00Z"
        );
    }
}
