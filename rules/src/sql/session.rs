//! `SHOW`, `DESCRIBE`, `SET`, `RESET`, `USE`, and who may do what.

use super::keyword::Keyword;
use super::scan::Clause;
use super::statement::Reader;

impl Reader<'_> {
    pub(super) fn show(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        match self.cursor.keyword(0) {
            Keyword::CREATE => return self.show_create(),
            Keyword::STATS => return self.show_stats(),
            Keyword::GRANTS => {
                self.cursor.skip(1);
                if self.cursor.take(&[Keyword::ON]) {
                    self.entity(false);
                }
                return Some("ShowGrants");
            }
            Keyword::BRANCHES => {
                self.cursor.skip(3);
                let name = self.name();
                self.names.table(&name);
                return Some("ShowBranches");
            }
            Keyword::CATALOGS => return Some("ShowCatalogs"),
            Keyword::SESSION => return Some("ShowSession"),
            _ => {}
        }
        let kind = self
            .only(&[Keyword::TABLES], "ShowTables")
            .or_else(|| self.only(&[Keyword::SCHEMAS], "ShowSchemas"))
            .or_else(|| self.only(&[Keyword::COLUMNS], "ShowColumns"))
            .or_else(|| self.only(&[Keyword::FUNCTIONS], "ShowFunctions"))
            .or_else(|| self.only(&[Keyword::CURRENT, Keyword::ROLES], "ShowRoles"))
            .or_else(|| self.only(&[Keyword::ROLES], "ShowRoles"))
            .or_else(|| self.only(&[Keyword::ROLE, Keyword::GRANTS], "ShowRoleGrants"))?;
        let of = if self.cursor.take(&[Keyword::FROM]) || self.cursor.take(&[Keyword::IN]) {
            Some(self.name())
        } else {
            None
        };
        match (kind, of.as_deref()) {
            ("ShowTables" | "ShowFunctions", Some(schema)) => self.names.schema(schema),
            ("ShowTables", None) => self.names.the_default_schema(),
            ("ShowColumns", Some(table)) => self.names.table(table),
            ("ShowSchemas" | "ShowRoles" | "ShowRoleGrants", Some([catalog])) => self.names.catalog(catalog.clone()),
            ("ShowSchemas", None) => self.names.the_default_catalog(),
            _ => {}
        }
        Some(kind)
    }

    fn show_create(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        if self.cursor.take(&[Keyword::SCHEMA]) {
            let name = self.name();
            self.names.schema(&name);
        } else if self.cursor.take(&[Keyword::FUNCTION]) {
            let name = self.name();
            self.names.place_of_function(&name);
        } else if self.cursor.take(&[Keyword::TABLE])
            || self.cursor.take(&[Keyword::VIEW])
            || self.cursor.take(&[Keyword::MATERIALIZED, Keyword::VIEW])
        {
            let name = self.name();
            self.names.table(&name);
        } else {
            return None;
        }
        Some("ShowCreate")
    }

    fn show_stats(&mut self) -> Option<&'static str> {
        if !self.cursor.take(&[Keyword::STATS, Keyword::FOR]) {
            return None;
        }
        if self.cursor.is(0, "(") {
            self.scan(Clause::Start);
        } else {
            let name = self.name();
            self.names.table(&name);
        }
        Some("ShowStats")
    }

    pub(super) fn describe(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        // A table can have these names.
        let named = self.cursor.peek(1).is_some_and(|token| token.is_identifier());
        match self.cursor.keyword(0) {
            Keyword::INPUT if named => return Some("DescribeInput"),
            Keyword::OUTPUT if named => return Some("DescribeOutput"),
            _ => {}
        }
        let name = self.name();
        self.names.table(&name);
        Some("ShowColumns")
    }

    pub(super) fn set(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        if self.cursor.take(&[Keyword::SESSION]) {
            // A property can have the name.
            if self.cursor.keyword(0) == Keyword::AUTHORIZATION && !self.cursor.is(1, "=") {
                return Some("SetSessionAuthorization");
            }
            self.property();
            self.scan(Clause::Expression);
            return Some("SetSession");
        }
        if self.cursor.take(&[Keyword::ROLE]) {
            self.in_catalog();
            return Some("SetRole");
        }
        self.only(&[Keyword::PATH], "SetPath").or_else(|| self.only(&[Keyword::TIME], "SetTimeZone"))
    }

    pub(super) fn reset(&mut self) -> Option<&'static str> {
        if !self.cursor.take(&[Keyword::RESET, Keyword::SESSION]) {
            return None;
        }
        if self.cursor.keyword(0) == Keyword::AUTHORIZATION && self.cursor.peek(1).is_none() {
            return Some("ResetSessionAuthorization");
        }
        self.property();
        Some("ResetSession")
    }

    /// A session property; with two parts it is a catalog's.
    fn property(&mut self) {
        if let [catalog, _, ..] = self.name().as_slice() {
            self.names.catalog(catalog.clone());
        }
    }

    pub(super) fn use_schema(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        let name = self.name();
        self.names.schema(&name);
        Some("Use")
    }

    /// Privileges on something, or roles: `to` ends the list of either.
    pub(super) fn grant(&mut self, on: &'static str, roles: &'static str, to: Keyword) -> Option<&'static str> {
        self.cursor.skip(1);
        loop {
            if self.cursor.take(&[Keyword::ON]) {
                self.entity(true);
                return Some(on);
            }
            if self.cursor.take(&[to]) {
                self.in_catalog();
                return Some(roles);
            }
            self.cursor.next()?;
        }
    }

    /// What is granted on: a table, unless another kind of thing is named.
    fn entity(&mut self, written: bool) {
        let kind = self.cursor.keyword(0);
        let with_kind = self.cursor.peek(1).is_some_and(|token| token.is_identifier());
        // `ON t TO ann`: the word after the name is none.
        let with_kind = kind == Keyword::TABLE || with_kind && self.cursor.keyword(1) != Keyword::TO;
        if with_kind {
            self.cursor.skip(1);
        }
        let name = self.name();
        match (kind, name.as_slice()) {
            (Keyword::SCHEMA, _) if with_kind => self.names.schema(&name),
            (Keyword::CATALOG, [catalog, ..]) if with_kind => self.names.catalog(catalog.clone()),
            (kind, _) if !with_kind || kind == Keyword::TABLE => {
                if written {
                    self.names.written(&name);
                } else {
                    self.names.table(&name);
                }
            }
            _ => {}
        }
    }

    /// `IN catalog` at the end of a statement about roles.
    pub(super) fn in_catalog(&mut self) {
        while self.cursor.peek(0).is_some() {
            if self.cursor.take(&[Keyword::IN])
                && let Some([catalog]) = self.cursor.name().as_deref()
            {
                self.names.catalog(catalog.clone());
            }
            self.cursor.skip(1);
        }
    }
}
