//! What Warren tells of statements, beside what Trino's own parser makes of them.
//!
//! The corpus is `tests/sql/corpus` and TPC-DS. `UPDATE=1` writes the numbers in `docs/decisions/0014-sql-facts.md`; the
//! differences there are written by hand, each with its reason.

mod corpus;
mod difference;
mod oracle;
mod page;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use warren_rules::sql::{Session, sql_facts};
use warren_tests::fetch::Programs;
use warren_tests::fetch::programs::Part;
use warren_tests::progress::Progress;

use difference::Agreement;
use oracle::Oracle;

const CATALOG: &str = "hive";
const SCHEMA: &str = "sales";

fn session() -> Session<'static> {
    Session { catalog: CATALOG, schema: SCHEMA, prepared_statements: &[] }
}

fn programs() -> Result<Programs> {
    Programs::fetch_also(&[Part::JavaCompiler, Part::TpcDsQueries], &Progress::on_stderr())
}

#[test]
fn agrees_with_trinos_own_parser() -> Result<()> {
    let programs = programs()?;
    let statements = corpus::all(&programs)?;
    let different: BTreeSet<&str> = statements.iter().map(|statement| statement.text.trim()).collect();
    ensure!(different.len() >= 400, "the corpus has {} statements; 400 are wanted", different.len());
    let answers = Oracle::new(&programs)?.ask(statements.iter().map(|statement| statement.text.as_str()))?;
    ensure!(answers.len() == statements.len(), "{} answers to {} questions", answers.len(), statements.len());
    let mut agreement = Agreement::default();
    for (statement, trino) in statements.iter().zip(&answers) {
        agreement.add(statement, &sql_facts(&statement.text, session()), trino)?;
    }
    print!("{agreement}");
    page::holds(&agreement)?;
    agreement.is_good_enough()
}

#[test]
fn the_corpus_has_every_kind_of_statement() -> Result<()> {
    let programs = programs()?;
    let mut kinds = Oracle::new(&programs)?.kinds()?;
    ensure!(kinds.len() > 70, "Trino's parser told of {kinds:?} only");
    for statement in corpus::all(&programs)? {
        kinds.remove(sql_facts(&statement.text, session()).query_type.unwrap_or_default());
    }
    // What it runs is told instead.
    kinds.remove("ExecuteImmediate");
    ensure!(kinds.is_empty(), "no statement of the corpus is one of {kinds:?}");
    Ok(())
}
