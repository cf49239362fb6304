//! What the engine's functions share while rules run: the budget, the file at work, compiled regular expressions.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use regex_lite::{Regex, RegexBuilder};
use rhai::{Dynamic, ImmutableString};

use crate::api::decision::Denial;
use crate::data::{Data, Table, TimeZone};
use crate::limits;
use crate::query::Query;

/// Shared by the engine's functions and the rule set. It keeps nothing from query to query but what rules are compiled with.
#[derive(Default)]
pub(crate) struct Runtime {
    operations: Cell<u64>,
    /// Those of the rule at work.
    of_rule: Cell<u64>,
    /// What one operation costs: more when the query's text is long.
    price: Cell<u64>,
    file: Cell<usize>,
    /// The query at work, for functions that are not given it.
    query: RefCell<Option<Rc<Query>>>,
    /// How `external` ended a rule.
    ended: RefCell<Option<Ended>>,
    regexes: RefCell<HashMap<String, Regex>>,
    data: RefCell<Data>,
    /// Tables with mistakes; at compile time only.
    unread: RefCell<BTreeSet<String>>,
    /// Constants that Rhai cannot write into a function.
    in_functions: RefCell<HashMap<ImmutableString, Dynamic>>,
}

/// How `external` ends a rule, when the service names no group.
pub(crate) enum Ended {
    /// The service must be asked first.
    Asks(ImmutableString),
    /// It passes on, with headers for whatever a later rule decides.
    Passes(Vec<(ImmutableString, ImmutableString)>),
    Denies(Denial),
}

/// What is left after an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    Left,
    SpentByRule,
    SpentByAll,
}

impl Runtime {
    /// A new decision, about a text of so many bytes: the whole budget is there.
    pub(crate) fn start(&self, text_bytes: usize) {
        self.operations.set(0);
        let steps = text_bytes.checked_div(limits::TEXT_BYTES_PER_PRICE).unwrap_or_default();
        self.price.set(u64::try_from(steps).unwrap_or(u64::MAX).saturating_add(1));
    }

    /// The decision is about this query; about none once it is made.
    pub(crate) fn about(&self, query: Option<Rc<Query>>) {
        self.query.replace(query);
    }

    pub(crate) fn query(&self) -> Option<Rc<Query>> {
        self.query.borrow().clone()
    }

    /// The rule at work ends so.
    pub(crate) fn end(&self, ended: Ended) {
        self.ended.replace(Some(ended));
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.ended.take()
    }

    /// Takes one operation from the budgets.
    pub(crate) fn operation(&self) -> Budget {
        let price = self.price.get();
        self.of_rule.set(self.of_rule.get().saturating_add(price));
        if !self.spend(price) {
            Budget::SpentByAll
        } else if self.of_rule.get() > limits::OPERATIONS_PER_RULE {
            Budget::SpentByRule
        } else {
            Budget::Left
        }
    }

    /// Takes from the budget; false when it is used up.
    pub(crate) fn spend(&self, operations: u64) -> bool {
        let spent = self.operations.get().saturating_add(operations);
        self.operations.set(spent);
        spent <= limits::OPERATIONS_PER_DECISION
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.operations.get() > limits::OPERATIONS_PER_DECISION
    }

    /// A rule starts, with a budget of its own; its file by its place in the rule set.
    pub(crate) fn enter(&self, file: usize) {
        self.of_rule.set(0);
        self.file.set(file);
    }

    pub(crate) fn file(&self) -> usize {
        self.file.get()
    }

    /// Compiles an expression that a rule names; at compile time only.
    pub(crate) fn add_regex(&self, pattern: &str) -> Result<(), String> {
        if self.regexes.borrow().contains_key(pattern) {
            return Ok(());
        }
        let regex = RegexBuilder::new(pattern)
            .size_limit(limits::REGEX_BYTES)
            .build()
            .map_err(|error| error.to_string().replace('\n', " "))?;
        self.regexes.borrow_mut().insert(pattern.to_owned(), regex);
        Ok(())
    }

    /// A constant, for functions; at compile time only.
    pub(crate) fn add_constant(&self, name: ImmutableString, value: &Dynamic) {
        self.in_functions.borrow_mut().insert(name, value.clone());
    }

    /// The value of such a constant, unless the name is seen without it: asked for every variable that is read, so that
    /// nothing is copied in vain.
    pub(crate) fn constant(&self, name: &str, is_seen: impl FnOnce() -> bool) -> Option<Dynamic> {
        let constants = self.in_functions.borrow();
        let value = constants.get(name)?;
        if is_seen() { None } else { Some(value.clone()) }
    }

    /// What the rule set came with.
    pub(crate) fn set_data(&self, data: Data, unread: BTreeSet<String>) {
        self.data.replace(data);
        self.unread.replace(unread);
    }

    /// Is there a table of this name that could not be read?
    pub(crate) fn is_unread(&self, table: &str) -> bool {
        self.unread.borrow().contains(table)
    }

    /// That, and the time zones that rules name.
    pub(crate) fn data(&self) -> Data {
        let regexes = self.regexes.borrow().keys().cloned().collect();
        Data { regexes, ..self.data.borrow().clone() }
    }

    pub(crate) fn table(&self, name: &str) -> Option<Rc<Table>> {
        self.data.borrow().tables.get(name).cloned()
    }

    pub(crate) fn time_zone(&self, name: &str) -> Option<Rc<TimeZone>> {
        self.data.borrow().time_zones.get(name).cloned()
    }

    /// Finds a time zone that a rule names; at compile time only.
    ///
    /// # Errors
    /// What to do when there is none.
    #[cfg(feature = "sources")]
    pub(crate) fn add_time_zone(&self, name: &str) -> Result<(), String> {
        if self.time_zone(name).is_some() {
            return Ok(());
        }
        let zone = Rc::new(TimeZone::find(name)?);
        self.data.borrow_mut().time_zones.insert(name.to_owned(), zone);
        Ok(())
    }

    /// Does the text match? Nothing if the expression was not a literal.
    pub(crate) fn is_match(&self, pattern: &str, text: &str) -> Option<bool> {
        let regexes = self.regexes.borrow();
        let regex = regexes.get(pattern)?;
        let cost = text.len().checked_div(limits::BYTES_PER_OPERATION).unwrap_or_default();
        self.spend(u64::try_from(cost).unwrap_or(u64::MAX));
        Some(regex.is_match(text))
    }
}
