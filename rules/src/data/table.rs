//! A table: rows by their key, with named columns. Scripts hold it without copying it.

use std::collections::BTreeMap;
use std::rc::Rc;

use rhai::{Array, Dynamic, ImmutableString};
use serde::{Deserialize, Serialize};

/// A table of a rule set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What its columns hold, by name; the key is not among them.
    pub columns: BTreeMap<String, Column>,
    /// Rows by key. A cell that is missing is `""`, 0, `false` or an empty list.
    pub rows: BTreeMap<String, BTreeMap<String, Cell>>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Text.
    String,
    /// Whole numbers.
    Number,
    /// `true` or `false`.
    Bool,
    /// Lists of text.
    Strings,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    String(String),
    /// A list of text.
    Strings(Vec<String>),
}

impl Cell {
    /// What a column holds in which this may stand.
    pub fn column(&self) -> Column {
        match self {
            Cell::Bool(_) => Column::Bool,
            Cell::Number(_) => Column::Number,
            Cell::String(_) => Column::String,
            Cell::Strings(_) => Column::Strings,
        }
    }

    fn value(&self) -> Dynamic {
        match self {
            Cell::Bool(value) => (*value).into(),
            Cell::Number(value) => (*value).into(),
            Cell::String(value) => value.as_str().into(),
            Cell::Strings(values) => values.iter().map(|value| value.as_str().into()).collect::<Array>().into(),
        }
    }
}

impl Column {
    /// What a missing cell is.
    fn missing(self) -> Dynamic {
        match self {
            Column::String => ImmutableString::new().into(),
            Column::Number => 0_i64.into(),
            Column::Bool => false.into(),
            Column::Strings => Array::new().into(),
        }
    }
}

/// One row of a table, or none: then all its cells are missing.
#[derive(Clone)]
pub(crate) struct Row {
    table: Rc<Table>,
    key: ImmutableString,
}

impl Row {
    pub(crate) fn new(table: Rc<Table>, key: ImmutableString) -> Row {
        Row { table, key }
    }

    /// A cell; nothing if the table has no such column.
    pub(crate) fn cell(&self, column: &str) -> Option<Dynamic> {
        let kind = self.table.columns.get(column)?;
        let cell = self.table.rows.get(self.key.as_str()).and_then(|row| row.get(column));
        Some(cell.map_or_else(|| kind.missing(), Cell::value))
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.table.columns.keys().map(String::as_str)
    }
}
