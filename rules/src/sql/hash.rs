//! Two hashes of a statement: one of what it says, one of its shape.
//!
//! The names are those of Amazon Redshift's `SYS_QUERY_HISTORY`, and so is what they mean: `user_query_hash` is of the
//! statement with its literals, `generic_query_hash` of the statement without them. Neither says who asked, nor in which
//! catalog; and the generic one must never be a key to results.
//!
//! Either is the first 16 bytes of the SHA-256 of all tokens, each as its length (8 bytes, the least first) and its bytes.

use super::tokens::{Kind, Token, tokens};
use sha2::{Digest, Sha256};

/// Bytes of SHA-256 that are kept.
const BYTES: usize = 16;

/// The two hashes, 32 hexadecimal digits each. They stay the same from release to release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryHashes {
    /// Of the normalised statement: comments, white space and semicolons at its end left out, words without quotes in
    /// lower case, what is in quotes as it is.
    pub user_query_hash: String,
    /// The same with `?` for each text and number.
    pub generic_query_hash: String,
}

/// The hashes of a whole statement; of a part of one they would be worth nothing.
pub fn query_hashes(text: &str) -> QueryHashes {
    let (mut user, mut generic) = (Sha256::new(), Sha256::new());
    let semicolon = Token { kind: Kind::Symbol, text: ";" };
    let mut semicolons = 0;
    for token in tokens(text) {
        if token == semicolon {
            semicolons += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut semicolons) {
            add(&mut user, semicolon.text);
            add(&mut generic, semicolon.text);
        }
        match token.kind {
            Kind::Word => {
                let word = token.text.to_ascii_lowercase();
                add(&mut user, &word);
                add(&mut generic, &word);
            }
            Kind::Number => {
                add(&mut user, &token.text.to_ascii_lowercase());
                add(&mut generic, "?");
            }
            Kind::Text => {
                add_text(&mut user, token.text);
                add(&mut generic, "?");
            }
            Kind::QuotedName | Kind::Symbol | Kind::Unclosed | Kind::Other => {
                add(&mut user, token.text);
                add(&mut generic, token.text);
            }
        }
    }
    QueryHashes { user_query_hash: hex(user), generic_query_hash: hex(generic) }
}

/// The prefix of `X'…'` and `U&'…'` is outside the quotes; `$$…$$` has none.
fn add_text(hash: &mut Sha256, text: &str) {
    let prefix = if text.starts_with('$') { None } else { text.find('\'') };
    let (prefix, quoted) = text.split_at(prefix.unwrap_or_default());
    add(hash, &(prefix.to_ascii_lowercase() + quoted));
}

/// With its length, so that tokens cannot run into one another.
fn add(hash: &mut Sha256, token: &str) {
    hash.update((token.len() as u64).to_le_bytes());
    hash.update(token.as_bytes());
}

/// As queries' hashes are shown: 32 hexadecimal digits.
pub(crate) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(sql: &str) -> String {
        query_hashes(sql).user_query_hash
    }

    fn generic(sql: &str) -> String {
        query_hashes(sql).generic_query_hash
    }

    #[test]
    fn what_does_not_matter_to_trino_does_not_matter() {
        let plain = "SELECT a, 'X' FROM t WHERE b = 1.5e3";
        for same in [
            "select A, 'X' from T where B = 1.5E3",
            "SELECT a,'X'\n\tFROM t WHERE b=1.5e3;",
            "/* dbt */ SELECT a, 'X' -- why\nFROM t WHERE b = 1.5e3 ; ; -- end",
        ] {
            assert_eq!(query_hashes(same), query_hashes(plain), "{same}");
        }
        assert_eq!(user("SELECT x'AB'"), user("select X'AB'"));
    }

    #[test]
    fn what_is_in_quotes_matters_as_it_stands() {
        for (one, other) in [
            ("SELECT 'a'", "SELECT 'A'"),
            ("SELECT \"a\"", "SELECT \"A\""),
            ("SELECT \"a\"", "SELECT a"),
            ("SELECT 'a  b'", "SELECT 'a b'"),
            ("SELECT $$A'$$", "SELECT $$a'$$"),
            ("SELECT '--'", "SELECT ''"),
            ("SELECT 1; SELECT 2", "SELECT 1 SELECT 2"),
            ("SELECT ab", "SELECT a b"),
        ] {
            assert_ne!(user(one), user(other), "{one} and {other}");
        }
    }

    #[test]
    fn the_generic_one_is_of_the_shape() {
        for (one, other) in [
            ("SELECT * FROM t WHERE id = 1 AND s = 'a'", "select * from t where id = 22 and s = 'it''s'"),
            ("SELECT DATE '2026-11-24'", "SELECT date '2026-11-25'"),
            ("SELECT X'00', .5", "SELECT U&'x', 1e9"),
            ("SELECT * FROM t WHERE id = 1", "SELECT * FROM t WHERE id = ?"),
        ] {
            assert_eq!(generic(one), generic(other), "{one} and {other}");
            assert_ne!(user(one), user(other), "{one} and {other}");
        }
        assert_ne!(generic("SELECT a FROM t"), generic("SELECT b FROM t"));
        assert_ne!(generic("SELECT \"1\""), generic("SELECT \"2\""));
    }

    #[test]
    fn they_stay_the_same_from_release_to_release() {
        let hashes = query_hashes("SELECT name FROM tpch.tiny.nation WHERE nationkey = 7");
        let want = QueryHashes {
            user_query_hash: "01f7528af227a703a479fa2d3837149d".into(),
            generic_query_hash: "783bd193996dfd045dab3296727406ab".into(),
        };
        assert_eq!(hashes, want);
    }
}
