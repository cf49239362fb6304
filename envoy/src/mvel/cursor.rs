//! A walk over tokens.

use super::syntax::{Refusal, Translated};
use super::tokens::{Token, tokens};

/// Expressions and blocks within each other; rules may nest no deeper either.
const DEPTH: usize = 60;
/// Operators, properties and calls of one piece: chains of them are trees as deep.
const LINKS: usize = 1000;

/// Where a piece of MVEL is read.
pub(super) struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<(Token, usize)>>,
    line: usize,
    depth: usize,
    links: usize,
}

impl Parser {
    pub(super) fn new(source: &str) -> Translated<Self> {
        Ok(Parser { tokens: tokens(source)?.into_iter().peekable(), line: 0, depth: 0, links: 0 })
    }

    pub(super) fn word(&mut self) -> Translated<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.advance();
                Ok(word)
            }
            _ => Err(self.unexpected("write a name there")),
        }
    }

    pub(super) fn end(&mut self) -> Translated<()> {
        if self.peek().is_some() { Err(self.unexpected("MVEL passes over it: take it out")) } else { Ok(()) }
    }

    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Translated<T>) -> Translated<T> {
        if self.depth >= DEPTH {
            return Err(Refusal::new(self.next_line(), "this is nested too deeply", "write several rules"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Notes one more link of a chain.
    pub(super) fn link(&mut self) -> Translated<()> {
        self.links += 1;
        if self.links > LINKS {
            return Err(Refusal::new(self.next_line(), "this is too long", "write several rules"));
        }
        Ok(())
    }

    pub(super) fn unexpected(&mut self, help: &str) -> Refusal {
        let what = match self.peek() {
            Some(Token::Word(word)) => format!("`{word}` is not expected here"),
            Some(Token::Text(text)) => format!("the text `{text}` is not expected here"),
            Some(Token::Number(number)) => format!("`{number}` is not expected here"),
            Some(Token::Sign(sign)) => format!("`{sign}` is not expected here"),
            None => "something is missing at the end".to_owned(),
        };
        Refusal::new(self.next_line(), what, help)
    }

    pub(super) fn expect(&mut self, sign: &str) -> Translated<()> {
        if self.skip(sign) { Ok(()) } else { Err(self.unexpected(&format!("write `{sign}` there"))) }
    }

    pub(super) fn at(&mut self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(known)) if *known == sign)
    }

    pub(super) fn skip(&mut self, sign: &str) -> bool {
        let found = self.at(sign);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(known)) if known == word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().map(|(token, _)| token)
    }

    pub(super) fn next_line(&mut self) -> usize {
        self.tokens.peek().map_or(self.line, |(_, line)| *line)
    }

    pub(super) fn advance(&mut self) {
        if let Some((_, line)) = self.tokens.next() {
            self.line = line;
        }
    }
}
