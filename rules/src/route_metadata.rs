//! The state of a group as Envoy hands it to the filter: single values of the route's metadata, as bytes.

use crate::live_state::GroupState;

/// State of a group, read value by value; nothing if the group is not there. Numbers are left out unless a rule reads them.
pub fn group(value: impl Fn(&str) -> Option<Vec<u8>>) -> Option<GroupState> {
    let serving = flag(&value("serving")?);
    let number = |name: &str| value(name).and_then(|bytes| number(&bytes)).unwrap_or_default();
    Some(GroupState {
        serving,
        clusters: number("clusters"),
        healthy: number("healthy"),
        running: number("running"),
        queued: number("queued"),
    })
}

/// A boolean comes as one byte.
pub fn flag(bytes: &[u8]) -> bool {
    matches!(bytes, [1])
}

/// A number comes as a double, little endian.
pub fn number(bytes: &[u8]) -> Option<i64> {
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

    #[test]
    fn a_group_without_numbers_serves_or_not() {
        let serving = |name: &str| (name == "serving").then(|| vec![1]);
        assert_eq!(group(serving), Some(GroupState { serving: true, ..GroupState::default() }));
        assert_eq!(group(|_| None), None);
    }
}
