//! MVEL's words, texts, numbers and signs.

use super::syntax::{Refusal, Translated};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(i64),
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "~=", "=~", "+=", "-=", "->", "(", ")", "[", "]", "{", "}", ".", ",", ";", ":",
    "?", "!", "<", ">", "=", "+", "-", "*", "/", "%", "#", "&", "|", "^", "~", "@", "$",
];

/// Tokens with the line that each begins in, from 0. Comments are left out.
pub(super) fn tokens(source: &str) -> Translated<Vec<(Token, usize)>> {
    let mut reader = Reader { rest: source, line: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = reader.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Reader<'a> {
    /// What is not read yet.
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Translated<Option<(Token, usize)>> {
        self.skip_blanks_and_comments();
        let line = self.line;
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let token = match first {
            '"' | '\'' => self.text(first)?,
            '0'..='9' => self.number()?,
            c if is_word(c) => Token::Word(self.take_while(is_word)),
            _ => self.sign()?,
        };
        Ok(Some((token, line)))
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            let here = self.rest;
            let until = if here.starts_with("//") {
                here.find('\n').unwrap_or(here.len())
            } else if here.starts_with("/*") {
                here.find("*/").map_or(here.len(), |end| end.saturating_add(2))
            } else {
                return;
            };
            for _ in here.get(..until).unwrap_or_default().chars() {
                self.advance();
            }
        }
    }

    fn text(&mut self, quote: char) -> Translated<Token> {
        let line = self.line;
        let mut text = String::new();
        self.advance();
        loop {
            match self.advance() {
                Some('\\') => text.push(self.escape()?),
                Some(c) if c == quote => return Ok(Token::Text(text)),
                Some(c) => text.push(c),
                None => {
                    return Err(Refusal::new(line, "this text has no end", "close it with the quote it began with"));
                }
            }
        }
    }

    fn escape(&mut self) -> Translated<char> {
        let escaped = self.advance();
        let code = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        match escaped {
            Some(c @ ('\\' | '"' | '\'')) => Some(c),
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some('r') => Some('\r'),
            Some('u') => code(&(0..4).filter_map(|_| self.advance()).collect::<String>()),
            _ => None,
        }
        .ok_or_else(|| {
            let shown = escaped.map_or_else(String::new, String::from);
            Refusal::new(self.line, format!("the escape `\\{shown}` is not read"), "write the character itself")
        })
    }

    fn number(&mut self) -> Translated<Token> {
        let mut digits = self.take_while(is_word);
        if self.rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            digits.push_str(&self.take_while(|c| is_word(c) || c == '.'));
        }
        match digits.trim_end_matches(['L', 'l', 'I']).parse() {
            Ok(number) => Ok(Token::Number(number)),
            _ => Err(Refusal::new(
                self.line,
                format!("`{digits}` is not a whole number that rules can hold"),
                "rules have whole decimal numbers only",
            )),
        }
    }

    fn sign(&mut self) -> Translated<Token> {
        let here = self.rest;
        match SIGNS.iter().find(|sign| here.starts_with(**sign)) {
            Some(sign) => {
                for _ in sign.chars() {
                    self.advance();
                }
                Ok(Token::Sign(sign))
            }
            None => {
                let shown = here.chars().next().unwrap_or_default();
                Err(Refusal::new(self.line, format!("`{}` is not MVEL", shown.escape_default()), "take it out"))
            }
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.rest.chars().next().filter(|c| wanted(*c)) {
            taken.push(c);
            self.advance();
        }
        taken
    }

    fn advance(&mut self) -> Option<char> {
        let mut left = self.rest.chars();
        let c = left.next();
        self.rest = left.as_str();
        if c == Some('\n') {
            self.line = self.line.saturating_add(1);
        }
        c
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        let show = |(token, line): &(Token, usize)| match token {
            Token::Word(word) => format!("{line}:{word}"),
            Token::Text(text) => format!("{line}:{text:?}"),
            Token::Number(number) => format!("{line}:#{number}"),
            Token::Sign(sign) => format!("{line}:`{sign}`"),
        };
        match tokens(source) {
            Ok(tokens) => tokens.iter().map(show).collect::<Vec<_>>().join(" "),
            Err(refusal) => format!("line {}: {}; {}", refusal.line, refusal.what, refusal.help),
        }
    }

    #[test]
    fn reads_words_texts_numbers_and_signs() {
        for (source, want) in [
            ("", ""),
            ("a.b()", "0:a 0:`.` 0:b 0:`(` 0:`)`"),
            ("a==\"b\"&&!c", "0:a 0:`==` 0:\"b\" 0:`&&` 0:`!` 0:c"),
            ("'it''s'", "0:\"it\" 0:\"s\""),
            (r#""a\"b\\c\n\u0041""#, r#"0:"a\"b\\c\nA""#),
            ("1 20L 3.", "0:#1 0:#20 0:#3 0:`.`"),
            ("a // b\nc /* d\n */ e", "0:a 1:c 2:e"),
            ("a /* never ends", "0:a"),
            ("é ~= \"ü\"", "0:é 0:`~=` 0:\"ü\""),
            ("1.5", "line 0: `1.5` is not a whole number that rules can hold; rules have whole decimal numbers only"),
            ("0x1F", "line 0: `0x1F` is not a whole number that rules can hold; rules have whole decimal numbers only"),
            ("\n\"a", "line 1: this text has no end; close it with the quote it began with"),
            (r#""\q""#, r"line 0: the escape `\q` is not read; write the character itself"),
            (r#""\ud800""#, r"line 0: the escape `\u` is not read; write the character itself"),
            ("a ` b", "line 0: ``` is not MVEL; take it out"),
        ] {
            assert_eq!(shown(source), want, "{source}");
        }
    }
}
