//! What a rule set knows besides its scripts: tables from files, and time zones that rules name.
//!
//! It is read from its sources where rules are written and published (feature `sources`); the filter is given the result.

#[cfg(feature = "sources")]
mod read;
mod table;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

pub(crate) use table::Row;
pub use table::{Cell, Column, Table};
pub use zone::TimeZone;

/// Folder of a rule set in which its tables stand.
pub const TABLES: &str = "tables/";

/// What the filter has ready for a rule set before it asks the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Needs {
    /// The statement: a rule reads `q.sql`.
    pub body: bool,
    /// More of a group than whether it is serving.
    pub load: bool,
    /// The time of day.
    pub time: bool,
    /// The client's address.
    pub address: bool,
    /// What the client's token says.
    pub claims: bool,
}

/// What a rule set was found to need when it was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// By file name, such as `vips.csv`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Rc<Table>>,
    /// By name in the time zone database, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub time_zones: BTreeMap<String, Rc<TimeZone>>,
    /// Regular expressions that are written out in the rules.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub regexes: BTreeSet<String>,
    /// What else.
    #[serde(default)]
    pub needs: Needs,
}

impl Data {
    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        *self == Data::default()
    }
}
