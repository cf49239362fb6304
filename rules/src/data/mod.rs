//! What a rule set knows besides its scripts: tables from files, and time zones that rules name.
//!
//! It is read from its sources where rules are written and published (feature `sources`); the filter is given the result.

#[cfg(feature = "sources")]
mod read;
mod table;
mod zone;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

pub(crate) use table::Row;
pub use table::{Cell, Column, Table};
pub use zone::TimeZone;

/// Folder of a rule set in which its tables stand.
pub const TABLES: &str = "tables/";

/// Tables and time zones of a rule set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// By file name, such as `vips.csv`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Rc<Table>>,
    /// By name in the time zone database, such as `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub time_zones: BTreeMap<String, Rc<TimeZone>>,
}

impl Data {
    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.time_zones.is_empty()
    }
}
