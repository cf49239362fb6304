//! The statement that a request runs: of a JSON body its `query`, of `EXECUTE` what was prepared.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use serde::Deserialize;

use super::ANALYSED_BYTES;
use super::cursor::Cursor;
use super::keyword::Keyword;
use crate::facts::url_decode;

const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Memory that the decoder may take at once: what a client asks for in a header. Trino's compressor asks for 2 MiB at most.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// A body of `{"query": …}`, which some clients of Trino's version 2 protocol send.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonBody {
    pub(super) query: String,
    #[serde(default)]
    prepared_statements: HashMap<String, String>,
}

impl JsonBody {
    /// No SQL begins with a brace.
    pub(super) fn parse(body: &str) -> Option<JsonBody> {
        if body.trim_start().starts_with('{') { serde_json::from_str(body).ok() } else { None }
    }
}

/// What a statement runs.
pub(super) enum Runs<'a> {
    Itself,
    /// What `EXECUTE` names or `EXECUTE IMMEDIATE` holds.
    Statement(Cow<'a, str>),
    /// `EXECUTE` of something that is not known, and why.
    Unknown(String),
}

/// Looks through `EXECUTE` and `EXECUTE IMMEDIATE`. `headers` are the values of `X-Trino-Prepared-Statement`.
pub(super) fn runs<'a>(text: &str, body: Option<&'a JsonBody>, headers: &[&str]) -> Runs<'a> {
    let mut cursor = Cursor::new(text);
    if !cursor.take(&[Keyword::EXECUTE]) {
        return Runs::Itself;
    }
    let Some(token) = cursor.peek(0) else { return Runs::Unknown("EXECUTE of nothing".to_owned()) };
    if token.keyword() == Keyword::IMMEDIATE
        && let Some(next) = cursor.peek(1)
        && next.kind == super::Kind::Text
    {
        return match next.string() {
            Some(statement) => Runs::Statement(statement.into()),
            None => Runs::Unknown("the text of EXECUTE IMMEDIATE is not read: it has Unicode escapes".to_owned()),
        };
    }
    let Some(name) = token.identifier_as_written() else {
        return Runs::Unknown("EXECUTE without the name of a statement".to_owned());
    };
    if let Some(statement) = body.and_then(|body| body.prepared_statements.get(&name)) {
        return Runs::Statement(statement.into());
    }
    match in_headers(&name, headers) {
        Some(Ok(statement)) => Runs::Statement(statement.into()),
        Some(Err(why)) => Runs::Unknown(format!("prepared statement `{name}`: {why}")),
        None => Runs::Unknown(format!("prepared statement `{name}` is not in X-Trino-Prepared-Statement")),
    }
}

/// `name=statement` pairs, both URL-encoded.
fn in_headers(name: &str, headers: &[&str]) -> Option<Result<String, &'static str>> {
    let pairs = headers.iter().flat_map(|header| header.split(','));
    let (_, value) =
        pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| url_decode(known.trim()) == name)?;
    Some(decode(&url_decode(value.trim())))
}

/// As `PreparedStatementEncoder` of Trino: long statements are compressed.
fn decode(value: &str) -> Result<String, &'static str> {
    let Some(encoded) = value.strip_prefix("$zstd:") else { return Ok(value.to_owned()) };
    let compressed = BASE64_URL.decode(encoded).map_err(|_| "not base64url after `$zstd:`")?;
    let mut source = compressed.as_slice();
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW_BYTES);
    let decoded = decoder
        .init(&mut source)
        .and_then(|()| decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBytes(ANALYSED_BYTES + 1)));
    match decoded {
        // Not at its end: there is more than was asked for.
        Ok(false) => Err("too long to be analysed"),
        Ok(true) => String::from_utf8(decoder.collect().unwrap_or_default()).map_err(|_| "not a text after `$zstd:`"),
        Err(_) => Err("not compressed with zstd after `$zstd:`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executed(text: &str, headers: &[&str]) -> Result<String, String> {
        match runs(text, None, headers) {
            Runs::Statement(statement) => Ok(statement.into_owned()),
            Runs::Unknown(why) => Err(why),
            Runs::Itself => Err("itself".to_owned()),
        }
    }

    #[test]
    fn finds_what_was_prepared() {
        let headers = ["a=SELECT+1,B=SELECT%20%27x%2Cy%27", "c%20d=TABLE t"];
        for (text, want) in [
            ("EXECUTE a", Ok("SELECT 1")),
            ("execute B using 1, 'x'", Ok("SELECT 'x,y'")),
            ("EXECUTE \"c d\"", Ok("TABLE t")),
            ("EXECUTE IMMEDIATE 'SELECT ''x''' USING 1", Ok("SELECT 'x'")),
            ("EXECUTE IMMEDIATE U&'SELECT 1'", Ok("SELECT 1")),
            ("EXECUTE b", Err("prepared statement `b` is not in X-Trino-Prepared-Statement")),
            (
                "EXECUTE IMMEDIATE U&'SELECT \\0031'",
                Err("the text of EXECUTE IMMEDIATE is not read: it has Unicode escapes"),
            ),
            ("EXECUTE", Err("EXECUTE of nothing")),
            ("EXECUTE 'a'", Err("EXECUTE without the name of a statement")),
            ("SELECT 1", Err("itself")),
        ] {
            assert_eq!(executed(text, &headers), want.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn unpacks_what_trino_compressed() {
        // `SELECT 1` in a zstd frame of one raw block.
        let packed = "KLUv_SAIQQAAU0VMRUNUIDE=";
        for (value, want) in [
            (format!("%24zstd%3A{}", packed.replace('=', "%3D")), Ok("SELECT 1")),
            (format!("$zstd:{packed}"), Ok("SELECT 1")),
            ("$zstd:%%%".to_owned(), Err("prepared statement `a`: not base64url after `$zstd:`")),
            ("$zstd:AAAA".to_owned(), Err("prepared statement `a`: not compressed with zstd after `$zstd:`")),
        ] {
            let got = executed("EXECUTE a", &[&format!("a={value}")]);
            assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "{value}");
        }
    }
}
