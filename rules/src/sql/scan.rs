//! Finds tables and functions in a query or an expression without parsing it.
//!
//! What matters is where a name stands: after `FROM`, `JOIN` or a comma between them it is a table, before `(` a function.
//! So all that is kept is one [`Clause`] for each bracket that is open; words that Trino reserves change it. The names of
//! `WITH` are known until the bracket closes in which they are. One pass, no recursion.

use std::collections::HashMap;

use super::cursor::Cursor;
use super::keyword::Keyword;
use super::names::Names;
use super::tokens::{Kind, Token};
use words::starts_query;

mod words;

/// Brackets within brackets; a coordinator runs out of stack long before.
const DEPTH: usize = 10_000;

/// Where in a bracket (or outside all) the next token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// At the start of what may be a query or an expression.
    Start,
    Expression,
    /// Between `SELECT` and `FROM`.
    Select,
    /// A table comes next, or what stands for one.
    Relation,
    /// After a table: aliases.
    AfterRelation,
    /// After a table, in an expression: `ON …`, `FOR VERSION AS OF …`.
    AfterRelationExpression,
    /// After `WITH` or a comma of it: a name comes next.
    With,
    /// After the name: columns and `AS`.
    WithName,
    /// After `AS`: the query in brackets comes next.
    WithAs,
    /// After the query: a comma, or the main query.
    AfterWith,
    /// Functions written into a query, and session properties.
    Routine,
    /// The table or query in `f(TABLE(…))`.
    TableArgument,
    /// The function in `FROM TABLE(…)`.
    TableFunction,
    /// In `CAST(`, before the type.
    Cast,
    /// Types, aliases, patterns: nothing in here names a table or a function.
    Opaque,
}

/// An open bracket.
struct Frame {
    clause: Clause,
    /// How many names of `WITH` were known before it.
    known: usize,
    /// The name of `WITH` whose query is read: seen after it, or within it if recursive.
    pending: Option<String>,
    recursive: bool,
}

/// What a scan tells beside the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    /// All was understood.
    pub(super) whole: bool,
    /// Nothing in it gives another answer at another time.
    pub(super) deterministic: bool,
}

pub(super) struct Scan<'c, 'a, 'n> {
    cursor: &'c mut Cursor<'a>,
    names: &'n mut Names,
    frames: Vec<Frame>,
    /// Names of `WITH` that are known, in order, and how often each.
    with: Vec<String>,
    known: HashMap<String, usize>,
    previous: Option<Token<'a>>,
    /// The name that was read last.
    parts: Vec<Token<'a>>,
    /// It began with what a MERGE reads.
    merge: bool,
    scanned: Scanned,
}

/// Reads to the end of the text.
pub(super) fn scan(cursor: &mut Cursor<'_>, names: &mut Names, clause: Clause) -> Scanned {
    let mut scan = Scan {
        cursor,
        names,
        frames: vec![Frame { clause, known: 0, pending: None, recursive: false }],
        with: Vec::new(),
        known: HashMap::new(),
        previous: None,
        parts: Vec::new(),
        merge: clause == Clause::Relation,
        scanned: Scanned { whole: true, deterministic: true },
    };
    while let Some(token) = scan.cursor.peek(0) {
        scan.step(token);
        if scan.frames.len() > DEPTH {
            scan.scanned.whole = false;
            break;
        }
    }
    scan.scanned.whole &= scan.frames.len() == 1 && scan.clause() != Clause::Relation;
    scan.scanned
}

impl<'a> Scan<'_, 'a, '_> {
    fn clause(&self) -> Clause {
        self.frames.last().map_or(Clause::Opaque, |frame| frame.clause)
    }

    fn set(&mut self, clause: Clause) {
        if let Some(frame) = self.frames.last_mut() {
            frame.clause = clause;
        }
    }

    /// The keyword before.
    fn before(&self) -> Keyword {
        self.previous.map_or(Keyword::Other, |token| token.keyword())
    }

    fn step(&mut self, token: Token<'a>) {
        let clause = self.clause();
        if clause == Clause::AfterWith && !token.is(",") && !token.is(")") {
            self.set(Clause::Start);
        }
        match token.kind {
            Kind::Word => {
                let keyword = token.keyword();
                // What looked like an alias, a type or a pattern was the argument of a function.
                if clause == Clause::Opaque
                    && self.previous.is_some_and(|before| before.is("("))
                    && starts_query(keyword)
                {
                    self.set(Clause::Start);
                }
                let clause = self.clause();
                if clause != Clause::Opaque && self.word(keyword) {
                    // It was read.
                } else if keyword.is_reserved() || clause == Clause::Opaque {
                    self.advance();
                } else {
                    self.name(keyword);
                }
            }
            Kind::QuotedName if clause != Clause::Opaque => self.name(Keyword::Other),
            Kind::Symbol => self.symbol(token),
            Kind::Text | Kind::Number if clause == Clause::Start => {
                self.set(Clause::Expression);
                self.advance();
            }
            Kind::Text | Kind::Number | Kind::QuotedName => self.advance(),
            Kind::Unclosed | Kind::Other => {
                self.scanned.whole = false;
                self.advance();
            }
        }
    }

    fn advance(&mut self) {
        self.previous = self.cursor.next();
    }

    /// A table, unless a `WITH` around has given the name.
    fn table(&mut self, name: &[String]) {
        let known = matches!(name, [only] if self.known.contains_key(only));
        if !known {
            self.names.table(name);
        }
    }

    fn learn(&mut self, name: String) {
        *self.known.entry(name.clone()).or_default() += 1;
        self.with.push(name);
    }

    fn symbol(&mut self, token: Token<'a>) {
        match token.text {
            "(" | "[" => self.open(token),
            ")" | "]" => self.close(),
            "," => match self.clause() {
                Clause::AfterRelation | Clause::AfterRelationExpression => self.set(Clause::Relation),
                Clause::AfterWith => self.set(Clause::With),
                Clause::Start => self.set(Clause::Expression),
                _ => {}
            },
            ";" => {
                let routine = matches!(self.clause(), Clause::Routine | Clause::Opaque);
                // At the end it does no harm; elsewhere another statement follows.
                self.scanned.whole &= routine || self.cursor.peek(1).is_none_or(|next| next.is(";"));
            }
            // So Trino calls it.
            "||" if self.clause() != Clause::Opaque => self.names.function(&["concat".to_owned()]),
            _ if self.clause() == Clause::Start => self.set(Clause::Expression),
            _ => {}
        }
        self.advance();
    }

    fn open(&mut self, bracket: Token<'a>) {
        let before = self.before();
        let clause = self.clause();
        let (inner, outer) = match clause {
            Clause::Opaque | Clause::Routine | Clause::WithName => (Clause::Opaque, clause),
            Clause::WithAs => (Clause::Start, Clause::WithAs),
            Clause::Relation => match before {
                Keyword::TABLE => (Clause::TableFunction, Clause::AfterRelation),
                Keyword::UNNEST | Keyword::JSON_TABLE => (Clause::Expression, Clause::AfterRelation),
                Keyword::LATERAL => (Clause::Start, Clause::AfterRelation),
                _ => (Clause::Relation, Clause::AfterRelation),
            },
            Clause::AfterRelation if before == Keyword::MATCH_RECOGNIZE => (Clause::Expression, Clause::AfterRelation),
            Clause::AfterRelation => (Clause::Opaque, Clause::AfterRelation),
            Clause::Start if bracket.text == "(" && before != Keyword::TABLE => (Clause::Start, Clause::Expression),
            Clause::Start | Clause::Expression | Clause::Select | Clause::AfterRelationExpression | Clause::Cast => {
                let outer = if clause == Clause::Start { Clause::Expression } else { clause };
                match before {
                    _ if bracket.text == "[" => (Clause::Expression, outer),
                    Keyword::TABLE => (Clause::TableArgument, outer),
                    Keyword::CAST | Keyword::TRY_CAST => (Clause::Cast, outer),
                    // `SELECT r.* AS (a, b)`.
                    Keyword::AS if clause == Clause::Select => (Clause::Opaque, outer),
                    Keyword::PATTERN | Keyword::DESCRIPTOR | Keyword::COPARTITION => (Clause::Opaque, outer),
                    _ => (Clause::Start, outer),
                }
            }
            other => (Clause::Start, other),
        };
        self.set(outer);
        self.frames.push(Frame { clause: inner, known: self.with.len(), pending: None, recursive: false });
    }

    fn close(&mut self) {
        if self.frames.len() == 1 {
            self.scanned.whole = false;
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        self.scanned.whole &= frame.clause != Clause::Relation;
        for name in self.with.drain(frame.known..) {
            if let Some(count) = self.known.get_mut(&name) {
                *count -= 1;
                if *count == 0 {
                    self.known.remove(&name);
                }
            }
        }
        let Some(outer) = self.frames.last_mut() else { return };
        if outer.clause == Clause::WithAs {
            outer.clause = Clause::AfterWith;
            if let Some(name) = outer.pending.take() {
                self.learn(name);
            }
        }
    }
}
