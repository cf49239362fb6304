//! What kind of statement a text is, by its first words, and what it names (`SqlBase.g4` of Trino 476, rule `statement`).

use super::cursor::Cursor;
use super::keyword::Keyword;
use super::kind::{self, StatementKind};
use super::names::Names;
use super::scan::{Clause, Scanned, scan};
use super::tokens::Kind;

/// Reads one statement.
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) names: Names,
    /// What the parts that are queries or expressions told.
    pub(super) scanned: Scanned,
    pub(super) kill_query: Option<String>,
}

/// What a statement is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// None: no statement of Trino begins so.
    pub(super) kind: Option<&'static StatementKind>,
    pub(super) resource_group: &'static str,
    pub(super) writes: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, names: Names) -> Reader<'a> {
        let scanned = Scanned { whole: true, deterministic: true };
        Reader { cursor: Cursor::new(text), names, scanned, kill_query: None }
    }

    /// Reads what `EXECUTE` gives for the parameters.
    pub(super) fn parameters(&mut self) {
        while let Some(token) = self.cursor.next() {
            if token.keyword() == Keyword::USING {
                return self.scan(Clause::Expression);
            }
        }
    }

    /// A reader of another statement that knows what this one has read.
    pub(super) fn then(self, text: &str) -> Reader<'_> {
        Reader { cursor: Cursor::new(text), names: self.names, scanned: self.scanned, kill_query: None }
    }

    /// Reads all of it. `EXPLAIN` and `PREPARE` are seen through: what they name is what is inside them.
    pub(super) fn read(&mut self) -> Reading {
        let mut outer = None;
        // What it is for resource groups and for what it changes: the first that is not `EXPLAIN ANALYZE`.
        let mut counts = None;
        let inner = loop {
            match self.wrapper() {
                Some(wrapper) => {
                    outer = outer.or(Some(wrapper));
                    if wrapper != "ExplainAnalyze" {
                        counts = counts.or(Some(wrapper));
                    }
                }
                None => break self.statement(),
            }
        };
        let counts = counts.or(inner).and_then(kind::of);
        Reading {
            kind: outer.or(inner).and_then(kind::of),
            resource_group: counts.map_or(kind::UNKNOWN, |kind| kind.resource_group),
            writes: counts.is_some_and(|kind| kind.writes),
        }
    }

    /// Steps over what stands before another statement.
    fn wrapper(&mut self) -> Option<&'static str> {
        // `EXPLAIN ANALYZE t` explains an `ANALYZE`.
        let table = self.cursor.peek(2).is_some_and(|token| token.is_identifier())
            && (self.cursor.peek(3).is_none() || self.cursor.is(3, ".") || self.cursor.keyword(3) == Keyword::WITH);
        if !table && self.cursor.take(&[Keyword::EXPLAIN, Keyword::ANALYZE]) {
            let _ = self.cursor.take(&[Keyword::VERBOSE]);
            return Some("ExplainAnalyze");
        }
        if self.cursor.take(&[Keyword::EXPLAIN]) {
            // Options in brackets, or a query in brackets.
            if self.cursor.is(0, "(") && self.cursor.peek(1).is_some_and(|token| token.is_identifier()) {
                self.skip_brackets();
            }
            return Some("Explain");
        }
        if self.cursor.keyword(0) == Keyword::PREPARE && self.cursor.keyword(2) == Keyword::FROM {
            self.cursor.skip(3);
            return Some("Prepare");
        }
        None
    }

    fn statement(&mut self) -> Option<&'static str> {
        if self.cursor.is(0, "(") {
            return Some(self.query());
        }
        match self.cursor.keyword(0) {
            Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE => Some(self.query()),
            Keyword::INSERT => self.insert(),
            Keyword::DELETE => self.delete(),
            Keyword::UPDATE => self.update(),
            Keyword::MERGE => self.merge(),
            Keyword::TRUNCATE => self.names_written(&[Keyword::TRUNCATE, Keyword::TABLE], "TruncateTable"),
            Keyword::ANALYZE => self.names_written(&[Keyword::ANALYZE], "Analyze"),
            Keyword::REFRESH => {
                let words = [Keyword::REFRESH, Keyword::MATERIALIZED, Keyword::VIEW];
                self.names_written(&words, "RefreshMaterializedView")
            }
            Keyword::CALL => self.call(),
            Keyword::CREATE => self.create(),
            Keyword::DROP => self.drop(),
            Keyword::ALTER => self.alter(),
            Keyword::COMMENT => self.comment(),
            Keyword::GRANT => self.grant("Grant", "GrantRoles", Keyword::TO),
            Keyword::REVOKE => self.grant("Revoke", "RevokeRoles", Keyword::FROM),
            Keyword::DENY => self.grant("Deny", "Deny", Keyword::TO),
            Keyword::SHOW => self.show(),
            Keyword::DESCRIBE | Keyword::DESC => self.describe(),
            Keyword::SET => self.set(),
            Keyword::RESET => self.reset(),
            Keyword::USE => self.use_schema(),
            Keyword::START => self.only(&[Keyword::START, Keyword::TRANSACTION], "StartTransaction"),
            Keyword::COMMIT => self.only(&[Keyword::COMMIT], "Commit"),
            Keyword::ROLLBACK => self.only(&[Keyword::ROLLBACK], "Rollback"),
            Keyword::DEALLOCATE => self.only(&[Keyword::DEALLOCATE, Keyword::PREPARE], "Deallocate"),
            // What it runs was looked up before; here it is not known.
            Keyword::EXECUTE => {
                self.names.fail(|| "what EXECUTE runs is not known".to_owned());
                let immediate = self.cursor.keyword(1) == Keyword::IMMEDIATE
                    && self.cursor.peek(2).is_some_and(|token| token.kind == Kind::Text);
                Some(if immediate { "ExecuteImmediate" } else { "Execute" })
            }
            _ => None,
        }
    }

    fn query(&mut self) -> &'static str {
        self.scan(Clause::Start);
        "Query"
    }

    /// Reads the rest of the text.
    pub(super) fn scan(&mut self, clause: Clause) {
        let Scanned { whole, deterministic } = scan(&mut self.cursor, &mut self.names, clause);
        self.scanned.whole &= whole;
        self.scanned.deterministic &= deterministic;
    }

    pub(super) fn only(&mut self, words: &[Keyword], kind: &'static str) -> Option<&'static str> {
        self.cursor.take(words).then_some(kind)
    }

    /// These words, then the name of a table that is changed.
    pub(super) fn names_written(&mut self, words: &[Keyword], kind: &'static str) -> Option<&'static str> {
        if !self.cursor.take(words) {
            return None;
        }
        self.cursor.skip_if_exists();
        let name = self.name();
        self.names.written(&name);
        Some(kind)
    }

    /// A name that must come here.
    pub(super) fn name(&mut self) -> Vec<String> {
        self.cursor.name().unwrap_or_else(|| {
            let found = self.cursor.peek(0).map_or("the end of the text", |token| token.text);
            let found: String = found.chars().take(40).collect();
            self.names.fail(|| format!("a name should stand where there is `{found}`"));
            Vec::new()
        })
    }

    fn insert(&mut self) -> Option<&'static str> {
        let kind = self.names_written(&[Keyword::INSERT, Keyword::INTO], "Insert")?;
        // `@ branch`, since Trino 477.
        if self.cursor.is(0, "@") {
            self.cursor.skip(2);
        }
        // Columns, or a query in brackets.
        if self.cursor.is(0, "(") && self.cursor.peek(1).is_some_and(|token| token.is_identifier()) {
            self.skip_brackets();
        }
        self.scan(Clause::Start);
        Some(kind)
    }

    fn delete(&mut self) -> Option<&'static str> {
        let kind = self.names_written(&[Keyword::DELETE, Keyword::FROM], "Delete")?;
        self.scan(Clause::Expression);
        Some(kind)
    }

    fn update(&mut self) -> Option<&'static str> {
        let kind = self.names_written(&[Keyword::UPDATE], "Update")?;
        self.scan(Clause::Expression);
        Some(kind)
    }

    fn merge(&mut self) -> Option<&'static str> {
        let kind = self.names_written(&[Keyword::MERGE, Keyword::INTO], "Merge")?;
        while self.cursor.keyword(0) != Keyword::USING && self.cursor.next().is_some() {}
        self.cursor.skip(1);
        self.scan(Clause::Relation);
        Some(kind)
    }

    fn call(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        let name = self.name();
        let procedure = self.names.procedure(&name);
        if procedure.is_some_and(|name| name == ["system", "runtime", "kill_query"].map(str::to_owned)) {
            self.kill_query = self.killed();
        }
        self.scan(Clause::Expression);
        Some("Call")
    }

    /// The first argument of `kill_query`, or the one that is named.
    fn killed(&mut self) -> Option<String> {
        let named = self.cursor.is(2, "=>");
        if named && self.cursor.peek(1)?.identifier()? != "query_id" {
            return self.killed_by_name();
        }
        self.cursor.peek(if named { 3 } else { 1 })?.string()
    }

    /// `message => '…', query_id => '…'`: two arguments are all there is.
    fn killed_by_name(&mut self) -> Option<String> {
        let query_id = self.cursor.is(4, ",") && self.cursor.peek(5)?.identifier()? == "query_id";
        (query_id && self.cursor.is(6, "=>")).then(|| self.cursor.peek(7)?.string())?
    }

    /// Steps over a bracket and all in it.
    pub(super) fn skip_brackets(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.cursor.next() {
            if token.is("(") {
                depth += 1;
            } else if token.is(")") {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return;
                }
            }
        }
        self.scanned.whole = false;
    }
}
