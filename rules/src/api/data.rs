//! Tables and their rows, as scripts see them.

use std::rc::Rc;

use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString};

use super::decision::fail;
use crate::compile::UnknownValue;
use crate::data::{Row, Table};
use crate::runtime::Runtime;
use crate::suggest;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

pub(crate) fn register(engine: &mut Engine, runtime: &Rc<Runtime>) {
    engine.register_type_with_name::<Rc<Table>>("table").register_type_with_name::<Row>("row");
    let shared = Rc::clone(runtime);
    engine.register_fn("table", move |name: &str| -> Result<Dynamic> {
        if shared.is_unread(name) {
            return Ok(Dynamic::from(UnknownValue));
        }
        shared.table(name).map(Dynamic::from).ok_or_else(|| fail(format!("there is no table `{name}`")))
    });
    engine
        .register_indexer_get(|table: &mut Rc<Table>, key: ImmutableString| Row::new(Rc::clone(table), key))
        .register_fn("contains", |table: &mut Rc<Table>, key: &str| table.rows.contains_key(key))
        .register_fn("len", |table: &mut Rc<Table>| i64::try_from(table.rows.len()).unwrap_or(i64::MAX))
        // Rhai has a property of this name, a number, for every value.
        .register_get("tag", |row: &mut Row| -> Result<Dynamic> {
            row.cell("tag").ok_or_else(|| fail(no_column("tag", row.columns())))
        })
        // Properties that are not known by name come here, too.
        .register_indexer_get(|row: &mut Row, column: &str| -> Result<Dynamic> {
            row.cell(column).ok_or_else(|| fail(no_column(column, row.columns())))
        });
}

/// What to say of a column that a table does not have.
fn no_column<'a>(column: &str, known: impl Iterator<Item = &'a str>) -> String {
    let help = suggest::help(column, known).map(|help| format!("; {help}")).unwrap_or_default();
    format!("the table has no column `{column}`{help}")
}
