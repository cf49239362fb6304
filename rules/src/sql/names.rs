//! What a statement names, with the catalog and schema that it leaves out.

use std::collections::BTreeSet;

use super::cursor::Name;

/// What a statement names so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) default_catalog: Option<String>,
    pub(super) default_schema: Option<String>,
    pub(super) tables: BTreeSet<String>,
    pub(super) written_tables: BTreeSet<String>,
    pub(super) catalogs: BTreeSet<String>,
    pub(super) schemas: BTreeSet<String>,
    pub(super) catalog_schemas: BTreeSet<String>,
    pub(super) functions: BTreeSet<String>,
    pub(super) table_functions: BTreeSet<String>,
    /// Why something is missing above; the first reason only.
    pub(super) error: Option<String>,
}

impl Names {
    pub(super) fn fail(&mut self, why: impl FnOnce() -> String) {
        self.error.get_or_insert_with(why);
    }

    pub(super) fn table(&mut self, name: &[String]) {
        if let Some(table) = self.qualified(name) {
            self.add_table(&table);
        }
    }

    /// A table that the statement changes, makes or removes.
    pub(super) fn written(&mut self, name: &[String]) {
        if let Some(table) = self.qualified(name) {
            self.add_table(&table);
            self.written_tables.insert(table.join("."));
        }
    }

    /// Both names of a table: what the new one leaves out is as in the old one (`MetadataUtil.createTargetQualifiedObjectName`).
    pub(super) fn renamed(&mut self, from: &[String], to: &[String]) {
        let Some(from) = self.qualified(from) else { return };
        let [catalog, schema, _] = &from;
        let to = match to {
            [table] => vec![catalog.clone(), schema.clone(), table.clone()],
            [schema, table] => vec![catalog.clone(), schema.clone(), table.clone()],
            full => full.to_vec(),
        };
        self.written(&from);
        self.written(&to);
    }

    /// A schema; one part is of the default catalog.
    pub(super) fn schema(&mut self, name: &[String]) {
        match name {
            [schema] => match self.default_catalog.clone() {
                Some(catalog) => self.add_schema(&catalog, schema),
                None => self.fail(|| format!("schema `{schema}` has no catalog, and X-Trino-Catalog is not set")),
            },
            [catalog, schema] => self.add_schema(catalog, schema),
            _ => self.fail(|| format!("`{}` has too many parts for a schema", name.join("."))),
        }
    }

    /// The schema that the client set.
    pub(super) fn the_default_schema(&mut self) {
        match self.default_schema.clone() {
            Some(schema) => self.schema(&[schema]),
            None => self.fail(|| "no schema is named, and X-Trino-Schema is not set".to_owned()),
        }
    }

    pub(super) fn the_default_catalog(&mut self) {
        match self.default_catalog.clone() {
            Some(catalog) => self.catalog(catalog),
            None => self.fail(|| "no catalog is named, and X-Trino-Catalog is not set".to_owned()),
        }
    }

    pub(super) fn catalog(&mut self, catalog: String) {
        self.catalogs.insert(catalog);
    }

    /// A procedure: found like a table.
    pub(super) fn procedure(&mut self, name: &[String]) -> Option<[String; 3]> {
        let qualified = self.qualified(name)?;
        let [catalog, schema, _] = &qualified;
        self.add_schema(catalog, schema);
        Some(qualified)
    }

    /// A function: found in the SQL path, unless its name has a catalog.
    pub(super) fn function(&mut self, name: &[String]) {
        self.functions.insert(name.join("."));
        self.place_of_function(name);
    }

    pub(super) fn place_of_function(&mut self, name: &[String]) {
        if let [catalog, schema, _] = name {
            self.add_schema(catalog, schema);
        }
    }

    /// A table function: one part is found in the SQL path, more like a table.
    pub(super) fn table_function(&mut self, name: &[String]) {
        let function = name.join(".");
        self.functions.insert(function.clone());
        self.table_functions.insert(function);
        if name.len() > 1 {
            let _ = self.procedure(name);
        }
    }

    fn add_table(&mut self, table: &[String; 3]) {
        let [catalog, schema, _] = table;
        self.tables.insert(table.join("."));
        self.add_schema(catalog, schema);
    }

    fn add_schema(&mut self, catalog: &str, schema: &str) {
        // Most statements name one schema again and again.
        if !self.catalogs.contains(catalog) {
            self.catalogs.insert(catalog.to_owned());
        }
        if !self.schemas.contains(schema) {
            self.schemas.insert(schema.to_owned());
        }
        self.catalog_schemas.insert(format!("{catalog}.{schema}"));
    }

    fn qualified(&mut self, name: &[String]) -> Option<[String; 3]> {
        let qualified = match (name, &self.default_catalog, &self.default_schema) {
            ([table], Some(catalog), Some(schema)) => [catalog, schema, table],
            ([schema, table], Some(catalog), _) => [catalog, schema, table],
            ([catalog, schema, table], ..) => [catalog, schema, table],
            ([_] | [_, _], ..) => {
                let missing =
                    if name.len() == 1 { "X-Trino-Catalog and X-Trino-Schema are" } else { "X-Trino-Catalog is" };
                self.fail(|| format!("`{}` is not fully qualified, and {missing} not set", name.join(".")));
                return None;
            }
            _ => {
                self.fail(|| format!("`{}` has too many parts", name.join(".")));
                return None;
            }
        };
        Some(qualified.map(Clone::clone))
    }
}

/// The name without its last part.
pub(super) fn prefix(name: &Name) -> &[String] {
    name.split_last().map_or(&[], |(_, prefix)| prefix)
}
