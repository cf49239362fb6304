//! Values on their way into columns and out of them.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// As JSON, for a column of it.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|e| sqlx::Error::Encode(e.into()))
}

/// From a column of JSON.
pub(super) fn decode<T: DeserializeOwned>(json: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(json).map_err(|e| sqlx::Error::Decode(e.into()))
}

/// From a column of JSON that may be empty: then the usual.
pub(super) fn decode_or_usual<T: DeserializeOwned + Default>(json: Option<String>) -> Result<T, sqlx::Error> {
    json.map_or_else(|| Ok(T::default()), |json| decode(&json))
}

/// From a column of text that holds one of a few words.
pub(super) fn word<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    decode(&format!("\"{text}\""))
}

/// A moment as people and JSON have it, in UTC: an expression that selects `column` under its own name.
pub(super) fn utc(column: &str) -> String {
    let name = column.rsplit('.').next().unwrap_or(column);
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS {name}")
}
