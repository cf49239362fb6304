//! Transaction ids and query ids: what clients and Trino say, taken apart.

use warren_rules::{QUERY_ID_WITHIN, Transaction, find_query_id, is_slug, parse_transaction};

/// The input is the value of `X-Trino-Transaction-Id`. What is taken apart makes the same again; all else is refused, but
/// for "no transaction".
pub fn transaction(input: &[u8]) {
    let header = warren_rules::header_text(input.to_vec());
    let bare = header.trim();
    match parse_transaction(Some(&header)) {
        Transaction::None => assert!(bare.is_empty() || bare.eq_ignore_ascii_case("NONE"), "{header:?}"),
        Transaction::Pinned { id, slug } => {
            assert_eq!(format!("{id}@{slug}"), bare);
            assert!(is_slug(slug), "{slug:?}");
            assert!(id.len() == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()), "{id:?}");
            // Trino is sent the id alone: no transaction of ours.
            assert_eq!(parse_transaction(Some(id)), Transaction::Invalid);
        }
        Transaction::Invalid => assert!(!bare.is_empty()),
    }
    assert_eq!(*warren_rules::header_bytes(&header), *input, "a header's bytes are kept");
}

/// The input is the start of an answer. A query id is found in it, or nothing; it goes to access logs and metrics as it is.
pub fn query_id(input: &[u8]) {
    let start = input.get(..QUERY_ID_WITHIN).unwrap_or(input);
    if let Some(id) = find_query_id(start) {
        assert!((1..=64).contains(&id.len()), "{id:?}");
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{id:?}");
        let quoted = format!("\"id\":\"{id}\"");
        assert!(start.windows(quoted.len()).any(|window| window == quoted.as_bytes()), "{id:?} is not in the answer");
    }
}
