//! How Trino reads its own request headers (`HttpRequestSessionContextFactory`, `BasicAuthCredentials`, Trino 476): pure
//! functions of text. Where a rule saw another user than Trino does, a client could choose what the rule sees.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::limits;

/// Base64 as Java's decoder takes it: padding may be missing, bits left over at the end may be set.
const JAVA_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// User of an `Authorization: Basic` header: what stands before the first colon, or all of it.
pub(crate) fn basic_user(authorization: &str) -> Option<String> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = header_text(JAVA_BASE64.decode(encoded.trim()).ok()?);
    Some(java_trim(text.split_once(':').map_or(text.as_str(), |(user, _)| user)).to_owned())
}

/// Text of a header's bytes as Jetty and so Trino reads them: ISO-8859-1, each byte a character.
pub fn header_text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => text,
        Ok(text) => text.bytes().map(char::from).collect(),
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    }
}

/// Bytes that Trino reads as this text. What ISO-8859-1 has no character for goes as UTF-8, which Trino misreads.
pub fn header_bytes(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
    bytes.map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned)
}

/// As much of a text, from its start, as a script may hold.
pub(crate) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(limits::STRING_BYTES)).unwrap_or_default()
}

/// As Java's `String.trim`: what is not above a space goes. A no-break space stays, and so makes another user.
pub(crate) fn java_trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// Client tags: split at commas, trimmed, empty ones dropped. Trino reads the first header only.
pub(crate) fn client_tags(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}

/// `key=value` pairs of a header that may come several times, with commas within; values URL-decoded.
/// Pairs without `=` are dropped, the last of a key wins.
pub(crate) fn pairs<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (String, String)> {
    values.flat_map(|value| value.split(',')).filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), url_decode(value.trim())))
    })
}

/// A role as Trino's clients send it: `ROLE{admin}` is `admin`; `ALL` and `NONE` stay.
pub(crate) fn role_name(role: &str) -> &str {
    role.strip_prefix("ROLE{").and_then(|rest| rest.strip_suffix('}')).unwrap_or(role)
}

/// As Java's `URLDecoder`: `+` is a space. What is not valid UTF-8 afterwards is replaced.
pub(crate) fn url_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Minutes since midnight.
pub(crate) fn minute_of_day(unix_seconds: i64) -> i64 {
    unix_seconds.rem_euclid(86_400) / 60
}

/// Hour (0-23) and day of the week (1 = Monday … 7 = Sunday).
pub(crate) fn hour_and_weekday(unix_seconds: i64) -> (i64, i64) {
    let day = unix_seconds.div_euclid(86_400);
    let hour = unix_seconds.rem_euclid(86_400) / 3_600;
    // 1970-01-01 was a Thursday.
    (hour, (day + 3).rem_euclid(7) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_keep_their_bytes_and_read_as_in_trino() {
        for (bytes, text) in
            [(&b"ann"[..], "ann"), (b"z\xfcrich", "zürich"), (b"z\xc3\xbc", "zÃ¼"), (b"\x85\xff", "\u{85}ÿ")]
        {
            assert_eq!(header_text(bytes.to_vec()), text, "{bytes:?}");
            assert_eq!(*header_bytes(text), *bytes, "{text}");
        }
        assert_eq!(*header_bytes("→"), *"→".as_bytes());
    }

    #[test]
    fn reads_tags_as_trino_does() {
        for (header, want) in [("a ,b,,c", vec!["a", "b", "c"]), ("", vec![]), (" , ", vec![]), ("x=1", vec!["x=1"])] {
            assert_eq!(client_tags(header).collect::<Vec<_>>(), want, "{header:?}");
        }
    }

    #[test]
    fn reads_pairs_of_several_headers() {
        let got: Vec<_> = pairs(["a=1,b=x%3Dy+z", "c.d = %C3%A4", "bad", "=x"].into_iter()).collect();
        let want = [("a", "1"), ("b", "x=y z"), ("c.d", "ä")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(got, want);
    }

    #[test]
    fn unwraps_role_names() {
        for (role, want) in [("ROLE{admin}", "admin"), ("ALL", "ALL"), ("NONE", "NONE"), ("ROLE{", "ROLE{")] {
            assert_eq!(role_name(role), want);
        }
    }

    #[test]
    fn tells_the_time_of_day() {
        for (seconds, want) in [
            (0, (0, 4)),
            (1_790_164_800, (12, 3)), // 2026-09-23 12:00, a Wednesday
            (-1, (23, 3)),
            (i64::MAX, (15, 7)),
        ] {
            assert_eq!(hour_and_weekday(seconds), want, "{seconds}");
        }
    }
}
