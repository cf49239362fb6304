//! What a word does to the clause in which it stands.

use super::{Clause, Scan};
use crate::sql::cursor::name_of;
use crate::sql::keyword::Keyword;

impl Scan<'_, '_, '_> {
    /// A reserved word, or one that means something where it stands. False if it was left to others.
    pub(super) fn word(&mut self, keyword: Keyword) -> bool {
        let clause = self.clause();
        let after_relation = matches!(clause, Clause::AfterRelation | Clause::AfterRelationExpression);
        if clause == Clause::Routine {
            return self.routine(keyword);
        }
        if clause == Clause::Relation && keyword.is_reserved() {
            self.scanned.whole &= starts_relation(keyword);
        }
        match keyword {
            Keyword::SELECT => self.set(Clause::Select),
            // `WITHIN GROUP` stands before `FROM`.
            Keyword::WHERE | Keyword::GROUP | Keyword::HAVING | Keyword::ORDER if clause == Clause::Select => {}
            Keyword::VALUES | Keyword::WHERE | Keyword::GROUP | Keyword::HAVING | Keyword::ORDER => {
                self.set(Clause::Expression);
            }
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT => self.set(Clause::Start),
            Keyword::ALL | Keyword::DISTINCT | Keyword::CORRESPONDING if clause == Clause::Start => {}
            Keyword::FROM if clause == Clause::Select && self.before() != Keyword::DISTINCT => {
                self.set(Clause::Relation)
            }
            Keyword::JOIN => self.set(Clause::Relation),
            Keyword::ON if clause == Clause::AfterRelation => self.set(Clause::AfterRelationExpression),
            Keyword::FOR if clause == Clause::AfterRelation => self.set(Clause::AfterRelationExpression),
            // The end of what a MERGE reads.
            Keyword::WHEN if after_relation && self.merge && self.frames.len() == 1 => self.set(Clause::Expression),
            Keyword::TABLESAMPLE if after_relation => self.table_sample(),
            Keyword::WINDOW if self.is_window() => self.set(Clause::Expression),
            Keyword::WITH if self.may_start_query() => self.with_clause(),
            Keyword::AS if clause == Clause::WithName => self.set(Clause::WithAs),
            Keyword::AS if clause == Clause::Cast => self.set(Clause::Opaque),
            Keyword::AS if after_relation => return self.alias(),
            Keyword::TABLE if !self.cursor.is(1, "(") && self.may_start_query() => return self.table_query(),
            Keyword::CURRENT_DATE
            | Keyword::CURRENT_TIME
            | Keyword::CURRENT_TIMESTAMP
            | Keyword::LOCALTIME
            | Keyword::LOCALTIMESTAMP => self.scanned.deterministic = false,
            Keyword::LISTAGG | Keyword::NORMALIZE | Keyword::TRIM | Keyword::EXTRACT if self.cursor.is(1, "(") => {
                let name = self.cursor.peek(0).map_or_else(String::new, |token| token.text.to_lowercase());
                self.names.function(&[name]);
            }
            _ => {
                if !keyword.is_reserved() {
                    return false;
                }
                if clause == Clause::Start && keyword != Keyword::TABLE {
                    self.set(Clause::Expression);
                }
            }
        }
        self.advance();
        true
    }

    /// Is this the first place of a query?
    fn may_start_query(&self) -> bool {
        match self.clause() {
            Clause::Start | Clause::TableArgument => true,
            Clause::Relation => self.previous.is_some_and(|token| token.is("(")),
            _ => false,
        }
    }

    /// Functions and session properties end where the query begins.
    fn routine(&mut self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::DETERMINISTIC if self.before() == Keyword::NOT => self.scanned.deterministic = false,
            Keyword::SELECT | Keyword::VALUES | Keyword::TABLE => {
                self.set(Clause::Start);
                return self.word(keyword);
            }
            Keyword::WITH if !self.cursor.is(1, "(") => {
                self.set(Clause::Start);
                return self.word(keyword);
            }
            _ => {}
        }
        self.advance();
        true
    }

    fn with_clause(&mut self) {
        let spec = self.cursor.keyword(1);
        // A name can be `function` or `session`; then `AS` or a bracket follows.
        let named = self.cursor.keyword(2) == Keyword::AS || self.cursor.is(2, "(");
        if matches!(spec, Keyword::FUNCTION | Keyword::SESSION) && !named {
            return self.set(Clause::Routine);
        }
        let recursive = spec == Keyword::RECURSIVE;
        if recursive {
            self.advance();
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.recursive = recursive;
            frame.clause = Clause::With;
        }
    }

    /// `TABLE t` instead of `SELECT * FROM t`.
    fn table_query(&mut self) -> bool {
        self.advance();
        match self.cursor.name() {
            Some(name) => self.table(&name),
            None => self.scanned.whole = false,
        }
        self.set(Clause::Expression);
        true
    }

    fn table_sample(&mut self) {
        if matches!(self.cursor.keyword(1), Keyword::BERNOULLI | Keyword::SYSTEM) && self.cursor.is(2, "(") {
            self.scanned.deterministic = false;
            self.set(Clause::AfterRelationExpression);
            self.advance();
        }
    }

    /// `WINDOW w AS (…)`: commas after it are between windows. Else it is an alias.
    fn is_window(&mut self) -> bool {
        self.cursor.keyword(2) == Keyword::AS && self.cursor.is(3, "(")
    }

    /// `AS alias`, or the `AS OF` of a version.
    fn alias(&mut self) -> bool {
        self.advance();
        if self.cursor.keyword(0) == Keyword::OF && self.clause() == Clause::AfterRelationExpression {
            self.advance();
        } else if self.cursor.peek(0).is_some_and(|token| token.is_identifier()) {
            self.advance();
            self.set(Clause::AfterRelation);
        }
        true
    }

    /// A name that is no reserved word.
    pub(super) fn name(&mut self, keyword: Keyword) {
        match self.clause() {
            Clause::Relation if keyword == Keyword::LATERAL && self.cursor.is(1, "(") => self.advance(),
            Clause::Relation => {
                self.read_name();
                self.table(&name_of(&self.parts));
                self.set(Clause::AfterRelation);
            }
            Clause::TableArgument => {
                self.read_name();
                self.table(&name_of(&self.parts));
                self.set(Clause::Opaque);
            }
            Clause::TableFunction => {
                self.read_name();
                self.names.table_function(&name_of(&self.parts));
                self.scanned.deterministic = false;
                self.set(Clause::Expression);
            }
            Clause::With => {
                let name = self.cursor.peek(0).and_then(|token| token.identifier());
                self.advance();
                let Some(frame) = self.frames.last_mut() else { return };
                frame.clause = Clause::WithName;
                match name {
                    Some(name) if frame.recursive => self.learn(name),
                    name => frame.pending = name,
                }
            }
            Clause::AfterRelation | Clause::WithName | Clause::WithAs | Clause::Routine => self.advance(),
            clause => {
                let aggregate = self.previous.is_some_and(|token| token.is(")"));
                self.read_name();
                let keyword = if self.parts.len() == 1 { keyword } else { Keyword::Other };
                if self.cursor.is(0, "(") && is_function(keyword, aggregate) {
                    let name = name_of(&self.parts);
                    self.scanned.deterministic &= !is_nondeterministic(&name);
                    if !is_conditional(&name) {
                        self.names.function(&name);
                    }
                }
                if clause == Clause::Start {
                    self.set(Clause::Expression);
                }
            }
        }
    }

    /// Reads the name that comes next.
    fn read_name(&mut self) {
        self.cursor.parts(&mut self.parts);
        // Words of the grammar have one part.
        self.previous = match self.parts.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
    }
}

/// The words that a query begins with.
pub(super) fn starts_query(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::SELECT | Keyword::VALUES | Keyword::TABLE | Keyword::WITH)
}

/// May a reserved word stand where a table comes?
fn starts_relation(keyword: Keyword) -> bool {
    starts_query(keyword) || matches!(keyword, Keyword::UNNEST | Keyword::JSON_TABLE)
}

/// Is a word before `(` the name of a function? Types and words of the grammar can stand there too.
fn is_function(keyword: Keyword, after_bracket: bool) -> bool {
    match keyword {
        Keyword::ALL
        | Keyword::ANY
        | Keyword::CHAR
        | Keyword::COLUMNS
        | Keyword::COPARTITION
        | Keyword::DECIMAL
        | Keyword::DEFAULT
        | Keyword::DESCRIPTOR
        | Keyword::OVER
        | Keyword::PATTERN
        | Keyword::PERMUTE
        | Keyword::PLAN
        | Keyword::ROW
        | Keyword::SETS
        | Keyword::SOME
        | Keyword::TIME
        | Keyword::TIMESTAMP
        | Keyword::TRY_CAST
        | Keyword::VARCHAR => false,
        Keyword::FILTER => !after_bracket,
        _ => true,
    }
}

/// Written like functions; Trino has statements of their own for them.
fn is_conditional(name: &[String]) -> bool {
    matches!(name, [name] if matches!(name.as_str(), "coalesce" | "if" | "nullif" | "try"))
}

/// Functions that give another answer when asked again (`deterministic = false` in Trino), or at another time.
fn is_nondeterministic(name: &[String]) -> bool {
    let names = ["random", "rand", "uuid", "shuffle", "now"];
    name.last().is_some_and(|name| names.contains(&name.as_str()))
}
