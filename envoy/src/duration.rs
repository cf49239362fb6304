//! Durations as people write them: `500ms`, `5s`, `10m`, `1h`, `7d`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// Units, the largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A duration that is written so in JSON, too. More than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// Reads one.
///
/// # Errors
/// In plain words, for the end of a sentence that begins with what was written.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "is not a duration such as 500ms, 5s, 10m, 1h or 7d".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    match number.checked_mul(millis) {
        Some(0) | None => Err(wrong()),
        Some(ms) => Ok(Duration::from_millis(ms)),
    }
}

/// Writes one in the largest unit in which it is whole.
pub(crate) fn text(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, millis) = UNITS.into_iter().find(|(_, millis)| ms % millis == 0).unwrap_or(("ms", 1));
    format!("{}{unit}", ms / millis)
}

impl utoipa::PartialSchema for Span {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String);
        text.description(Some("500ms, 5s, 10m, 1h, 7d")).into()
    }
}

impl utoipa::ToSchema for Span {}

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Span, String> {
        parse(text).map(Span).map_err(|reason| format!("`{text}` {reason}"))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&text(self.0))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_it_was_read() {
        for (written, ms, again) in [
            ("500ms", 500, "500ms"),
            ("2s", 2_000, "2s"),
            ("120s", 120_000, "2m"),
            ("90m", 5_400_000, "90m"),
            ("7d", 604_800_000, "7d"),
        ] {
            assert_eq!(parse(written), Ok(Duration::from_millis(ms)), "{written}");
            assert_eq!(text(Duration::from_millis(ms)), again, "{written}");
        }
    }

    #[test]
    fn says_how_a_duration_is_written() {
        for wrong in ["5", "0s", "s", "1.5s", "5 s", "1w", "99999999999999999999d"] {
            assert_eq!(
                wrong.parse::<Span>(),
                Err(format!("`{wrong}` is not a duration such as 500ms, 5s, 10m, 1h or 7d")),
                "{wrong}"
            );
        }
    }
}
