//! What comes into the history: Envoy's access log and Trino's events.

use std::collections::HashMap;

use envoy_types::pb::envoy::data::accesslog::v3::{
    AccessLogCommon, HttpAccessLogEntry, HttpRequestProperties, HttpResponseProperties,
};
use envoy_types::pb::google::protobuf::{Any, BytesValue, Duration, Timestamp, UInt32Value};
use prost::{Message, Name};
use serde_json::Value;
use warren::foreign;

/// What a column of names holds, in characters.
const NAME: usize = 255;
/// In the path of every entry; whoever has it reads a result.
const SECRET: &str = "y0123456789abcdef0123456789abcdef01234567";

/// The input is lines of `name value`, where a name is `query`, `id`, `shadow`, `seconds`, `nanos`, `status`, `cluster` or
/// `bytes`; after an empty line, the query's text. What is kept of it fits into PostgreSQL, and holds nothing of the path.
pub fn access_log(input: &[u8]) {
    let (head, text) = split(input);
    let value = |name: &str| head.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice());
    let number = |name: &str| value(name).and_then(|v| std::str::from_utf8(v).ok()?.parse::<i64>().ok());
    let state = |value: &[u8]| Any {
        type_url: BytesValue::type_url(),
        value: BytesValue { value: value.to_vec() }.encode_to_vec(),
    };
    let states = [
        ("wasm.warren.query", value("query")),
        ("wasm.warren.query_id", value("id")),
        ("wasm.warren.shadow", value("shadow")),
        ("wasm.warren.text", Some(text)),
    ];
    let states: HashMap<String, Any> =
        states.into_iter().filter_map(|(name, value)| Some((name.to_owned(), state(value?)))).collect();
    let (seconds, nanos) = (number("seconds").unwrap_or_default(), number("nanos").unwrap_or_default());
    let nanos = i32::try_from(nanos).unwrap_or(i32::MAX);
    let entry = HttpAccessLogEntry {
        common_properties: Some(AccessLogCommon {
            start_time: Some(Timestamp { seconds, nanos }),
            duration: Some(Duration { seconds, nanos }),
            filter_state_objects: states,
            upstream_cluster: String::from_utf8_lossy(value("cluster").unwrap_or_default()).into_owned(),
            ..AccessLogCommon::default()
        }),
        request: Some(HttpRequestProperties {
            request_body_bytes: number("bytes").and_then(|n| u64::try_from(n).ok()).unwrap_or(text.len() as u64),
            path: format!("/c/etl/v1/statement/queued/id/{SECRET}/1"),
            ..HttpRequestProperties::default()
        }),
        response: Some(HttpResponseProperties {
            response_code: number("status").and_then(|n| u32::try_from(n).ok()).map(|value| UInt32Value { value }),
            ..HttpResponseProperties::default()
        }),
        ..HttpAccessLogEntry::default()
    };
    let row = foreign::access_log(&entry.encode_to_vec()).unwrap_or_else(|error| unreachable!("{error}"));
    if row.is_null() {
        return;
    }
    fits(&row);
    if !input.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
        assert!(!row.to_string().contains(SECRET), "{row}");
    }
    for name in ["user", "source", "group", "slug"] {
        assert!(row[name].as_str().is_none_or(|text| text.chars().count() <= NAME), "{name}: {row}");
    }
    assert_eq!(row["hash"].is_null(), row["text_cut"] != false, "{row}");
    let id = value("id").and_then(|id| std::str::from_utf8(id).ok());
    assert_eq!(row["outcome"] == "accepted", id.is_some_and(|id| row["id"] == id), "{row}");
}

/// The input is an event. What is kept of it fits into its columns.
pub fn query_completed(input: &[u8]) {
    match foreign::query_completed(input) {
        Err(why) => assert!(!why.is_empty()),
        Ok((id, end)) => {
            fits(&end);
            assert!(!id.contains('\0') && id.chars().count() <= 256, "{id:?}");
            for (name, most) in [("state", 32), ("error_type", 32), ("error_message", 2_000)] {
                assert!(end[name].as_str().is_none_or(|text| text.chars().count() <= most), "{name}: {end}");
            }
            assert!(end["tables"].as_array().is_none_or(|tables| tables.len() <= 500), "{end}");
        }
    }
}

/// PostgreSQL's text holds no NUL, wherever it is.
fn fits(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.contains('\0'), "{text:?}"),
        Value::Array(values) => values.iter().for_each(fits),
        Value::Object(fields) => fields.values().for_each(fits),
        _ => {}
    }
}

fn split(input: &[u8]) -> (Vec<(String, Vec<u8>)>, &[u8]) {
    let (mut head, mut rest) = (Vec::new(), input);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
        rest = after;
        if line.is_empty() {
            break;
        }
        let name = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (name, value) = line.split_at(name);
        let value = value.get(1..).unwrap_or_default().to_vec();
        head.push((String::from_utf8_lossy(name).into_owned(), value));
    }
    (head, rest)
}
