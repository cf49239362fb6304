//! A time zone as a list of its changes, so that the filter needs no database of them.

use serde::{Deserialize, Serialize};

/// A time zone from 2020 to 2100, when clocks are as in its last change before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeZone {
    /// Its name in the time zone database.
    pub name: String,
    /// Since when (seconds since 1970), and how many seconds clocks are ahead of UTC; in order of time.
    pub changes: Vec<(i64, i32)>,
}

impl TimeZone {
    /// Seconds that clocks are ahead of UTC.
    pub(crate) fn offset(&self, unix_seconds: i64) -> i64 {
        let after = self.changes.partition_point(|(since, _)| *since <= unix_seconds);
        // Before the first change: as from it on.
        let change = self.changes.get(after.saturating_sub(1));
        change.map_or(0, |(_, offset)| i64::from(*offset))
    }
}

/// There is one zone of a name.
impl PartialEq for TimeZone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TimeZone {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_before_counts() {
        let zone = TimeZone { name: "x".to_owned(), changes: vec![(100, 3_600), (200, 7_200)] };
        for (at, want) in [(0, 3_600), (100, 3_600), (199, 3_600), (200, 7_200), (i64::MAX, 7_200)] {
            assert_eq!(zone.offset(at), want, "{at}");
        }
        assert_eq!(TimeZone { name: "UTC".to_owned(), changes: vec![] }.offset(0), 0);
    }
}
