//! `CREATE`, `DROP`, `ALTER`, `COMMENT`.

use super::cursor::Name;
use super::keyword::Keyword;
use super::names::prefix;
use super::scan::Clause;
use super::statement::Reader;

impl Reader<'_> {
    pub(super) fn create(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        let _ = self.cursor.take(&[Keyword::OR, Keyword::REPLACE]);
        match self.cursor.keyword(0) {
            Keyword::TABLE => self.create_table(),
            Keyword::VIEW => self.create_view(&[Keyword::VIEW], "CreateView"),
            Keyword::MATERIALIZED => {
                self.create_view(&[Keyword::MATERIALIZED, Keyword::VIEW], "CreateMaterializedView")
            }
            Keyword::SCHEMA => self.schema("CreateSchema"),
            Keyword::CATALOG => self.catalog("CreateCatalog"),
            Keyword::ROLE => self.role("CreateRole"),
            Keyword::FUNCTION => self.function("CreateFunction"),
            Keyword::BRANCH => self.branch("CreateBranch"),
            _ => None,
        }
    }

    /// With columns, or as what a query gives.
    fn create_table(&mut self) -> Option<&'static str> {
        self.names_written(&[Keyword::TABLE], "CreateTable")?;
        let mut depth = 0_usize;
        while let Some(token) = self.cursor.peek(0) {
            let keyword = token.keyword();
            if token.is("(") {
                depth += 1;
            } else if token.is(")") {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && keyword == Keyword::AS {
                self.cursor.skip(1);
                self.scan(Clause::Start);
                return Some("CreateTableAsSelect");
            }
            self.cursor.skip(1);
            if depth == 1 && (token.is("(") || token.is(",")) && self.cursor.take(&[Keyword::LIKE]) {
                let like = self.name();
                self.names.table(&like);
            }
        }
        self.scanned.whole &= depth == 0;
        Some("CreateTable")
    }

    fn create_view(&mut self, words: &[Keyword], kind: &'static str) -> Option<&'static str> {
        let kind = self.names_written(words, kind)?;
        while self.cursor.keyword(0) != Keyword::AS {
            if self.cursor.is(0, "(") {
                self.skip_brackets();
            } else if self.cursor.next().is_none() {
                self.scanned.whole = false;
                return Some(kind);
            }
        }
        self.cursor.skip(1);
        self.scan(Clause::Start);
        Some(kind)
    }

    pub(super) fn drop(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        match self.cursor.keyword(0) {
            Keyword::TABLE => self.names_written(&[Keyword::TABLE], "DropTable"),
            Keyword::VIEW => self.names_written(&[Keyword::VIEW], "DropView"),
            Keyword::MATERIALIZED => {
                self.names_written(&[Keyword::MATERIALIZED, Keyword::VIEW], "DropMaterializedView")
            }
            Keyword::SCHEMA => self.schema("DropSchema"),
            Keyword::CATALOG => self.catalog("DropCatalog"),
            Keyword::ROLE => self.role("DropRole"),
            Keyword::FUNCTION => self.function("DropFunction"),
            Keyword::BRANCH => self.branch("DropBranch"),
            _ => None,
        }
    }

    /// The name that stands after the kind of thing, and after `IF EXISTS`.
    fn named(&mut self) -> Name {
        self.cursor.skip(1);
        self.cursor.skip_if_exists();
        self.name()
    }

    fn schema(&mut self, kind: &'static str) -> Option<&'static str> {
        let name = self.named();
        self.names.schema(&name);
        Some(kind)
    }

    fn catalog(&mut self, kind: &'static str) -> Option<&'static str> {
        if let [name] = self.named().as_slice() {
            self.names.catalog(name.clone());
        }
        Some(kind)
    }

    fn role(&mut self, kind: &'static str) -> Option<&'static str> {
        self.named();
        self.in_catalog();
        Some(kind)
    }

    fn function(&mut self, kind: &'static str) -> Option<&'static str> {
        let name = self.named();
        self.names.place_of_function(&name);
        Some(kind)
    }

    /// `BRANCH name … IN TABLE t`, since Trino 477.
    fn branch(&mut self, kind: &'static str) -> Option<&'static str> {
        self.cursor.skip(1);
        while !self.cursor.take(&[Keyword::IN, Keyword::TABLE]) {
            self.cursor.next()?;
        }
        let name = self.name();
        self.names.written(&name);
        Some(kind)
    }

    pub(super) fn alter(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        match self.cursor.keyword(0) {
            Keyword::SCHEMA => self.alter_schema(),
            Keyword::TABLE => self.alter_table(),
            Keyword::VIEW => self.alter_view(&[Keyword::VIEW], "RenameView"),
            Keyword::MATERIALIZED => self.alter_view(&[Keyword::MATERIALIZED, Keyword::VIEW], "RenameMaterializedView"),
            Keyword::BRANCH => self.branch("FastForwardBranch"),
            _ => None,
        }
    }

    fn alter_schema(&mut self) -> Option<&'static str> {
        self.cursor.skip(1);
        let name = self.name();
        self.names.schema(&name);
        if self.cursor.take(&[Keyword::RENAME, Keyword::TO]) {
            let to = [prefix(&name), &self.name()].concat();
            self.names.schema(&to);
            return Some("RenameSchema");
        }
        self.only(&[Keyword::SET, Keyword::AUTHORIZATION], "SetAuthorizationStatement")
    }

    fn alter_table(&mut self) -> Option<&'static str> {
        let name = self.named();
        if self.cursor.take(&[Keyword::RENAME, Keyword::TO]) {
            let to = self.name();
            self.names.renamed(&name, &to);
            return Some("RenameTable");
        }
        self.names.written(&name);
        if self.cursor.take(&[Keyword::EXECUTE]) {
            // The procedure is no function.
            self.cursor.skip(1);
            self.scan(Clause::Expression);
            return Some("TableExecute");
        }
        if self.cursor.take(&[Keyword::ALTER, Keyword::COLUMN]) {
            self.name();
            return self
                .only(&[Keyword::SET, Keyword::DATA], "SetColumnType")
                .or_else(|| self.only(&[Keyword::SET, Keyword::DEFAULT], "SetDefaultValue"))
                .or_else(|| self.only(&[Keyword::DROP, Keyword::NOT], "DropNotNullConstraint"))
                .or_else(|| self.only(&[Keyword::DROP, Keyword::DEFAULT], "DropDefaultValue"));
        }
        self.only(&[Keyword::RENAME, Keyword::COLUMN], "RenameColumn")
            .or_else(|| self.only(&[Keyword::ADD, Keyword::COLUMN], "AddColumn"))
            .or_else(|| self.only(&[Keyword::DROP, Keyword::COLUMN], "DropColumn"))
            .or_else(|| self.only(&[Keyword::SET, Keyword::AUTHORIZATION], "SetAuthorizationStatement"))
            .or_else(|| self.only(&[Keyword::SET, Keyword::PROPERTIES], "SetProperties"))
    }

    fn alter_view(&mut self, words: &[Keyword], renamed: &'static str) -> Option<&'static str> {
        if !self.cursor.take(words) {
            return None;
        }
        self.cursor.skip_if_exists();
        let name = self.name();
        if self.cursor.take(&[Keyword::RENAME, Keyword::TO]) {
            let to = self.name();
            self.names.renamed(&name, &to);
            return Some(renamed);
        }
        self.names.written(&name);
        self.only(&[Keyword::SET, Keyword::AUTHORIZATION], "SetAuthorizationStatement")
            .or_else(|| self.only(&[Keyword::SET, Keyword::PROPERTIES], "SetProperties"))
            .or_else(|| self.only(&[Keyword::REFRESH], "RefreshView"))
    }

    pub(super) fn comment(&mut self) -> Option<&'static str> {
        if self.cursor.take(&[Keyword::COMMENT, Keyword::ON, Keyword::COLUMN]) {
            let name = self.name();
            // A column alone has no table to it.
            if name.len() > 1 {
                self.names.written(prefix(&name));
            }
            return Some("Comment");
        }
        self.names_written(&[Keyword::COMMENT, Keyword::ON, Keyword::TABLE], "Comment")
            .or_else(|| self.names_written(&[Keyword::COMMENT, Keyword::ON, Keyword::VIEW], "Comment"))
    }
}
