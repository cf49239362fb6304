//! Where the two differ, statement by statement and fact by fact.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, bail, ensure};
use warren_rules::sql::{Confidence, SqlFacts};

use super::corpus::Statement;
use super::oracle::Answer;

/// The facts that are compared, and the share of statements in which they have to agree, in percent.
const FACTS: [(&str, usize); 7] = [
    ("query_type", 100),
    ("resource_group_query_type", 100),
    ("tables", 98),
    ("catalogs", 98),
    ("schemas", 98),
    ("catalog_schemas", 98),
    ("functions", 98),
];

/// Trino's parser writes `substring(a FROM 1)` as `substr` and `position(a IN b)` as `strpos`: either is left out.
const REWRITTEN: [&str; 4] = ["position", "strpos", "substr", "substring"];

/// One fact of one statement.
pub(crate) struct Difference {
    pub(crate) fact: &'static str,
    pub(crate) statement: String,
    place: String,
    warren: String,
    trino: String,
}

/// How far the two agree.
#[derive(Default)]
pub(crate) struct Agreement {
    pub(crate) statements: usize,
    pub(crate) exact: usize,
    pub(crate) differences: Vec<Difference>,
}

impl Agreement {
    pub(crate) fn add(&mut self, statement: &Statement, warren: &SqlFacts, trino: &Answer) -> Result<()> {
        if let Some(error) = &trino.error {
            bail!("{}: Trino refuses it: {error}\n{}", statement.place, statement.text);
        }
        self.statements += 1;
        self.exact += usize::from(warren.confidence == Confidence::Exact);
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        let functions = |values: &BTreeSet<String>| {
            list(&values.iter().filter(|name| !REWRITTEN.contains(&name.as_str())).cloned().collect())
        };
        let pairs = [
            (warren.query_type.unwrap_or_default().to_owned(), trino.query_type.clone()),
            (warren.resource_group_query_type.to_owned(), trino.resource_group_query_type.clone()),
            (list(&warren.tables), list(&trino.tables)),
            (list(&warren.catalogs), list(&trino.catalogs)),
            (list(&warren.schemas), list(&trino.schemas)),
            (list(&warren.catalog_schemas), list(&trino.catalog_schemas)),
            (functions(&warren.functions), functions(&trino.functions)),
        ];
        for ((fact, _), (warren, trino)) in FACTS.into_iter().zip(pairs) {
            if warren != trino {
                let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let place = statement.place.clone();
                self.differences.push(Difference { fact, statement: text, place, warren, trino });
            }
        }
        Ok(())
    }

    /// `fact | statements that agree | percent`, a row a fact.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, usize, String)> {
        FACTS.into_iter().map(|(fact, _)| {
            let differ = self.differences.iter().filter(|difference| difference.fact == fact).count();
            let agree = self.statements - differ;
            // Rounded down: 99.9 is not 100.
            let permille = agree * 1000 / self.statements.max(1);
            (fact, agree, format!("{}.{} %", permille / 10, permille % 10))
        })
    }

    pub(crate) fn is_good_enough(&self) -> Result<()> {
        for ((fact, wanted), (_, agree, percent)) in FACTS.into_iter().zip(self.rows()) {
            let enough = agree * 100 >= wanted * self.statements;
            ensure!(enough, "{fact}: the same in {percent} of the statements; {wanted} % are wanted");
        }
        Ok(())
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} statements, {} of them exact", self.statements, self.exact)?;
        for Difference { fact, statement, place, warren, trino } in &self.differences {
            let statement: String = statement.chars().take(300).collect();
            writeln!(f, "{place}: {fact}: {statement}\n  warren: {warren}\n  trino:  {trino}")?;
        }
        self.rows().try_for_each(|(fact, agree, percent)| writeln!(f, "{fact}: {agree} ({percent})"))
    }
}
