//! SQL in pieces, by the lexical rules of Trino's grammar (`SqlBase.g4` of Trino 476), and tolerant: whatever the text is,
//! each of its characters is in a token, or is white space or a comment, and it takes time in proportion to its length.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A key word or a name without quotes: case does not matter.
    Word,
    /// A name in double quotes, or back quotes (which Trino refuses).
    QuotedName,
    /// `'…'`, `U&'…'`, `X'…'` or `$$…$$`.
    Text,
    /// `1`, `1_000`, `0xFF`, `1.5`, `.5`, `1e5`.
    Number,
    /// An operator, a bracket, a comma; `;` too.
    Symbol,
    /// A quote or a comment that is never closed, to the end of the text.
    Unclosed,
    /// A character that Trino's SQL has no use for outside quotes.
    Other,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As it stands in the text, quotes and all.
    pub text: &'a str,
}

/// The tokens of a text, in order, without white space and comments.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    rest: &'a str,
}

/// Takes a text to pieces.
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { rest: text }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let (piece, length) = piece(self.rest)?;
            let (text, rest) = self.rest.split_at(length);
            self.rest = rest;
            if let Some(kind) = piece {
                return Some(Token { kind, text });
            }
        }
    }
}

/// What the text begins with, and how long that is; `None` for the kind of white space and comments.
fn piece(text: &str) -> Option<(Option<Kind>, usize)> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    let second = bytes.get(1).copied().unwrap_or_default();
    Some(match (first, second) {
        (b' ' | b'\t' | b'\r' | b'\n', _) => (None, 1 + run(bytes, 1, |b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))),
        (b'-', b'-') => (None, 2 + run(bytes, 2, |b| !matches!(b, b'\r' | b'\n'))),
        (b'/', b'*') => match text.get(2..).and_then(|inner| inner.find("*/")) {
            Some(end) => (None, 2 + end + 2),
            None => (Some(Kind::Unclosed), text.len()),
        },
        (b'$', b'$') => match text.get(2..).and_then(|inner| inner.find("$$")) {
            Some(end) => (Some(Kind::Text), 2 + end + 2),
            None => (Some(Kind::Symbol), 1),
        },
        (b'\'', _) => quoted(Kind::Text, bytes, 1, b'\''),
        (b'"' | b'`', _) => quoted(Kind::QuotedName, bytes, 1, first),
        (b'x' | b'X', b'\'') => quoted(Kind::Text, bytes, 2, b'\''),
        (b'u' | b'U', b'&') if bytes.get(2) == Some(&b'\'') => quoted(Kind::Text, bytes, 3, b'\''),
        (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => (Some(Kind::Word), 1 + run(bytes, 1, in_word)),
        (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => number_or_word(bytes),
        (b'<', b'>' | b'=') | (b'!' | b'>', b'=') | (b'|', b'|') | (b'-' | b'=', b'>') => (Some(Kind::Symbol), 2),
        (b'{', b'-') | (b'-', b'}') => (Some(Kind::Symbol), 2),
        (first, _) if b"=<>+-*/%?;()[]{}.,:|$^@".contains(&first) => (Some(Kind::Symbol), 1),
        _ => (Some(Kind::Other), text.chars().next().map_or(1, char::len_utf8)),
    })
}

/// How many bytes from `at` on are all of this kind.
fn run(bytes: &[u8], at: usize, of: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(at).take_while(|&&byte| of(byte)).count()
}

fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// From `at`, past the first quote, to the last; a quote in between is written twice.
fn quoted(kind: Kind, bytes: &[u8], mut at: usize, quote: u8) -> (Option<Kind>, usize) {
    loop {
        at += run(bytes, at, |byte| byte != quote);
        match (bytes.get(at), bytes.get(at + 1)) {
            (None, _) => return (Some(Kind::Unclosed), bytes.len()),
            (_, Some(next)) if *next == quote => at += 2,
            _ => return (Some(kind), at + 1),
        }
    }
}

/// The longest that fits: a number, or a name that begins with a digit (`DIGIT_IDENTIFIER`).
fn number_or_word(bytes: &[u8]) -> (Option<Kind>, usize) {
    let word = run(bytes, 0, in_word);
    let number = number(bytes);
    if word > number { (Some(Kind::Word), word) } else { (Some(Kind::Number), number) }
}

fn number(bytes: &[u8]) -> usize {
    let radix = match (bytes.first(), bytes.get(1).map(u8::to_ascii_lowercase)) {
        (Some(b'0'), Some(b'x')) => 16,
        (Some(b'0'), Some(b'o')) => 8,
        (Some(b'0'), Some(b'b')) => 2,
        _ => 10,
    };
    if radix != 10 {
        let digits = run(bytes, 2, |b| b == b'_' || char::from(b).is_digit(radix));
        return if digits > 0 { 2 + digits } else { 1 };
    }
    let digit = |b: u8| b == b'_' || b.is_ascii_digit();
    let mut length = run(bytes, 0, digit);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + run(bytes, length + 1, digit);
    }
    if bytes.get(length).is_some_and(|b| b.eq_ignore_ascii_case(&b'e')) {
        let sign = usize::from(bytes.get(length + 1).is_some_and(|b| matches!(b, b'+' | b'-')));
        let exponent = run(bytes, length + 1 + sign, |b| b.is_ascii_digit());
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_trinos_lexical_rules() {
        use Kind::{Number, Other, QuotedName, Symbol, Text, Unclosed, Word};
        for (sql, want) in [
            ("", &[][..]),
            (" \t\r\n-- only a comment", &[]),
            ("/* a /* not nested */ b", &[(Word, "b")]),
            ("select--x\n1", &[(Word, "select"), (Number, "1")]),
            ("a/**/b", &[(Word, "a"), (Word, "b")]),
            ("'it''s -- no /* comment'", &[(Text, "'it''s -- no /* comment'")]),
            (r#""a "" b"."c""#, &[(QuotedName, r#""a "" b""#), (Symbol, "."), (QuotedName, r#""c""#)]),
            ("`x``y`", &[(QuotedName, "`x``y`")]),
            (
                "X'0f' x 'a' u&'\\00e4' U&",
                &[(Text, "X'0f'"), (Word, "x"), (Text, "'a'"), (Text, "u&'\\00e4'"), (Word, "U"), (Other, "&")],
            ),
            (
                "1 1.5 .5 1. 1e5 1.5E-3 1_000 0xFf_0 0b01 0o7",
                &[
                    (Number, "1"),
                    (Number, "1.5"),
                    (Number, ".5"),
                    (Number, "1."),
                    (Number, "1e5"),
                    (Number, "1.5E-3"),
                    (Number, "1_000"),
                    (Number, "0xFf_0"),
                    (Number, "0b01"),
                    (Number, "0o7"),
                ],
            ),
            (
                "1e 2day 0x 1e5x t.1",
                &[(Word, "1e"), (Word, "2day"), (Word, "0x"), (Word, "1e5x"), (Word, "t"), (Number, ".1")],
            ),
            (
                "a<=b<>c!=d->e=>f||g>=h",
                &[
                    (Word, "a"),
                    (Symbol, "<="),
                    (Word, "b"),
                    (Symbol, "<>"),
                    (Word, "c"),
                    (Symbol, "!="),
                    (Word, "d"),
                    (Symbol, "->"),
                    (Word, "e"),
                    (Symbol, "=>"),
                    (Word, "f"),
                    (Symbol, "||"),
                    (Word, "g"),
                    (Symbol, ">="),
                    (Word, "h"),
                ],
            ),
            ("?;{-a-}", &[(Symbol, "?"), (Symbol, ";"), (Symbol, "{-"), (Word, "a"), (Symbol, "-}")]),
            ("äb\u{a0}#", &[(Other, "ä"), (Word, "b"), (Other, "\u{a0}"), (Other, "#")]),
            ("$$it's$$ $$", &[(Text, "$$it's$$"), (Symbol, "$"), (Symbol, "$")]),
            ("a 'b", &[(Word, "a"), (Unclosed, "'b")]),
            ("a ''' b", &[(Word, "a"), (Unclosed, "''' b")]),
            ("a /* b", &[(Word, "a"), (Unclosed, "/* b")]),
        ] {
            let found: Vec<_> = tokens(sql).map(|token| (token.kind, token.text)).collect();
            assert_eq!(found, want, "{sql}");
        }
    }

    #[test]
    fn takes_time_in_proportion_to_the_text() {
        for piece in ["'", "/*", "\"", "-", "'\"`", "1e", "x'", "ä", "(", "$$", "$$$ "] {
            // At a microsecond a byte this would be half a second; in the square of the length it would be days.
            assert!(tokens(&piece.repeat(500_000 / piece.len())).count() <= 500_000, "{piece}");
        }
    }
}
