//! The query id, from the first bytes of Trino's answer: it is in no header.

/// How much of the answer is looked at, in bytes; `id` comes first in it (`io.trino.client.QueryResults`).
pub const QUERY_ID_WITHIN: usize = 256;

/// Finds `"id":"…"`. Nothing but a query id is taken: digits, letters, underscores, at most 64 of them.
pub fn find_query_id(start_of_answer: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b"\"id\":\"";
    let at = start_of_answer.windows(KEY.len()).position(|w| w == KEY)?;
    let rest = start_of_answer.get(at + KEY.len()..)?;
    let end = rest.iter().position(|b| *b == b'"')?;
    let id = std::str::from_utf8(rest.get(..end)?).ok()?;
    let fits = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_query_id_and_nothing_else() {
        for (answer, want) in [
            (r#"{"id":"20261123_093000_00001_abcde","infoUri":"x"}"#, Some("20261123_093000_00001_abcde")),
            (r#"{"infoUri":"x","id":"20261123_093000_00001_abcde"}"#, Some("20261123_093000_00001_abcde")),
            (r#"{"id":"20261123_0930"#, None),
            (r#"{"id":""}"#, None),
            (r#"{"id":"a b"}"#, None),
            ("", None),
        ] {
            assert_eq!(find_query_id(answer.as_bytes()), want, "{answer}");
        }
    }
}
