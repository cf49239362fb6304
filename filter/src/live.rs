//! The state of groups, as the control service wrote it into the route's metadata: read value by value, when a rule asks.

use crate::host;
use warren_rules::{GroupState, LiveState};

/// Reads `xds.route_metadata.filter_metadata.<namespace>.groups.<group>.<value>`.
pub(crate) struct RouteMetadata {
    pub(crate) namespace: String,
}

impl RouteMetadata {
    fn value(&self, group: &str, name: &str) -> Option<Vec<u8>> {
        host::property(vec!["xds", "route_metadata", "filter_metadata", &self.namespace, "groups", group, name])
    }

    fn number(&self, group: &str, name: &str) -> Option<i64> {
        number(&self.value(group, name)?)
    }
}

impl LiveState for RouteMetadata {
    fn group(&self, name: &str) -> Option<GroupState> {
        let serving = flag(&self.value(name, "serving")?);
        let number = |value: &str| self.number(name, value).unwrap_or_default();
        Some(GroupState {
            serving,
            clusters: number("clusters"),
            healthy: number("healthy"),
            running: number("running"),
            queued: number("queued"),
        })
    }

    fn serving(&self, name: &str) -> bool {
        self.value(name, "serving").is_some_and(|bytes| flag(&bytes))
    }
}

/// Envoy hands a boolean over as one byte.
fn flag(bytes: &[u8]) -> bool {
    matches!(bytes, [1])
}

/// Envoy hands a number over as a double, little endian.
fn number(bytes: &[u8]) -> Option<i64> {
    let value = f64::from_le_bytes(bytes.try_into().ok()?);
    // Counts of queries: far below what a double holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and NaN becomes 0")]
    Some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_as_envoy_hands_them_over() {
        assert!(flag(&[1]));
        for bytes in [&[][..], &[0], b"true"] {
            assert!(!flag(bytes), "{bytes:?}");
        }
        assert_eq!(number(&2.0_f64.to_le_bytes()), Some(2));
        assert_eq!(number(&f64::NAN.to_le_bytes()), Some(0));
        assert_eq!(number(b"2"), None);
    }
}
