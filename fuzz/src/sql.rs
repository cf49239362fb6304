//! SQL in pieces, and its hashes.

use warren_rules::sql::{Kind, Token, query_hashes, tokens};

/// The input is a statement. Its tokens stand in it one after the other, with nothing but white space and comments between
/// them; written anew with a blank between each two, they are the same tokens, with the same hashes.
pub fn sql(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let found: Vec<Token<'_>> = tokens(&text).collect();
    let mut rest = &*text;
    for (place, token) in found.iter().enumerate() {
        assert!(!token.text.is_empty());
        let at = token.text.as_ptr().addr() - rest.as_ptr().addr();
        let (between, from_token) = rest.split_at(at);
        assert!(is_blank(between), "between tokens: {between:?}");
        rest = from_token.split_at(token.text.len()).1;
        assert!(token.kind != Kind::Unclosed || place + 1 == found.len(), "{token:?} is not the last");
    }
    assert!(is_blank(rest), "after the last token: {rest:?}");

    let anew = found.iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
    let again: Vec<Token<'_>> = tokens(&anew).collect();
    assert_eq!(again, found);
    assert_eq!(query_hashes(&anew), query_hashes(&text));
    // The user hash tells apart what the generic one does.
    let other = format!("{anew} other");
    assert_ne!(query_hashes(&other).user_query_hash, query_hashes(&anew).user_query_hash);
}

/// White space and comments only, by the shortest way of looking.
fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let after = if let Some(line) = rest.strip_prefix("--") {
            Some(line.trim_start_matches(|c| c != '\r' && c != '\n'))
        } else {
            rest.strip_prefix("/*").and_then(|inner| inner.split_once("*/")).map(|(_, after)| after)
        };
        let Some(after) = after else { return false };
        rest = after.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    true
}
