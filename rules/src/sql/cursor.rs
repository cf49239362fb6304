//! Tokens one after the other, a few of them ahead, and the names that they make.

use std::collections::VecDeque;

use super::keyword::Keyword;
use super::tokens::{Kind, Token, Tokens, tokens};

/// A place in a statement.
pub(super) struct Cursor<'a> {
    rest: Tokens<'a>,
    ahead: VecDeque<Token<'a>>,
}

/// The parts of a name, in lower case as Trino compares them, the table's or the function's own last.
pub(super) type Name = Vec<String>;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { rest: tokens(text), ahead: VecDeque::new() }
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        self.ahead.pop_front().or_else(|| self.rest.next())
    }

    /// The token so many after the next; 0 is the next. Callers look at a handful at most.
    pub(super) fn peek(&mut self, place: usize) -> Option<Token<'a>> {
        while self.ahead.len() <= place {
            self.ahead.push_back(self.rest.next()?);
        }
        self.ahead.get(place).copied()
    }

    /// The keyword at a place ahead; [`Keyword::Other`] for all else.
    #[inline(never)]
    pub(super) fn keyword(&mut self, place: usize) -> Keyword {
        self.peek(place).map_or(Keyword::Other, |token| token.keyword())
    }

    /// Is this symbol so many tokens ahead?
    pub(super) fn is(&mut self, place: usize, symbol: &str) -> bool {
        self.peek(place).is_some_and(|token| token.is(symbol))
    }

    /// Steps over these keywords if they come next, all of them.
    #[inline(never)]
    pub(super) fn take(&mut self, words: &[Keyword]) -> bool {
        let all = words.iter().enumerate().all(|(place, word)| self.keyword(place) == *word);
        if all {
            self.skip(words.len());
        }
        all
    }

    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    /// Steps over `IF EXISTS` and `IF NOT EXISTS`.
    pub(super) fn skip_if_exists(&mut self) {
        let _ = self.take(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]) || self.take(&[Keyword::IF, Keyword::EXISTS]);
    }

    /// `a.b.c`, if a name comes next.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut parts = Vec::new();
        self.parts(&mut parts);
        (!parts.is_empty()).then(|| name_of(&parts))
    }

    /// The parts of a name that comes next; none at all if none comes.
    pub(super) fn parts(&mut self, parts: &mut Vec<Token<'a>>) {
        parts.clear();
        while let Some(part) = self.peek(0).filter(Token::is_identifier) {
            self.next();
            parts.push(part);
            if !self.is(0, ".") || !self.peek(1).is_some_and(|next| next.is_identifier()) {
                return;
            }
            self.next();
        }
    }
}

/// What the parts say.
pub(super) fn name_of(parts: &[Token<'_>]) -> Name {
    parts.iter().filter_map(Token::identifier).collect()
}

impl Token<'_> {
    pub(super) fn keyword(&self) -> Keyword {
        if self.kind == Kind::Word { Keyword::of(self.text) } else { Keyword::Other }
    }

    pub(super) fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// Can it be a part of a name?
    pub(super) fn is_identifier(&self) -> bool {
        match self.kind {
            Kind::Word => !Keyword::of(self.text).is_reserved(),
            Kind::QuotedName => true,
            _ => false,
        }
    }

    /// What it says as a part of a name.
    pub(super) fn identifier(&self) -> Option<String> {
        match self.kind {
            Kind::Word if self.is_identifier() => Some(self.text.to_ascii_lowercase()),
            _ => self.identifier_as_written().map(|name| name.to_lowercase()),
        }
    }

    /// The same with its case: prepared statements are told apart by it.
    pub(super) fn identifier_as_written(&self) -> Option<String> {
        match self.kind {
            Kind::Word if self.is_identifier() => Some(self.text.to_owned()),
            Kind::QuotedName => {
                let quote = self.text.get(..1)?;
                let inner = self.text.get(1..self.text.len() - 1)?;
                Some(inner.replace(&quote.repeat(2), quote))
            }
            _ => None,
        }
    }

    /// What a text in quotes says; not for `X'…'`, nor for `U&'…'` with something to decode.
    pub(super) fn string(&self) -> Option<String> {
        let plain = match self.text.strip_prefix(['u', 'U']).and_then(|rest| rest.strip_prefix('&')) {
            Some(unicode) if !unicode.contains('\\') => unicode,
            Some(_) => return None,
            None => self.text,
        };
        match self.kind {
            Kind::Text => match plain.strip_prefix("$$").and_then(|rest| rest.strip_suffix("$$")) {
                Some(inner) => Some(inner.to_owned()),
                None => Some(plain.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'")),
            },
            _ => None,
        }
    }
}
