//! The state of groups on its way from `warren` through Envoy to the filter.

use warren_rules::{GroupState, route_metadata as metadata};

/// The largest whole number up to which a double holds each.
const EXACT: u64 = 1 << 53;

/// The input is five values of nine bytes at most: one byte of length, then so many bytes. Whatever Envoy hands over is
/// read as some state; a state that `warren` wrote is read as it was.
pub fn route_metadata(input: &[u8]) {
    const NAMES: [&str; 5] = ["serving", "clusters", "healthy", "running", "queued"];
    let mut rest = input;
    let values = NAMES.map(|name| (name, take(&mut rest)));
    let value = |wanted: &str| values.iter().find(|(name, _)| *name == wanted)?.1.clone();

    let state = metadata::group(value);
    assert_eq!(state.is_some(), value("serving").is_some());
    if let Some(state) = &state {
        assert_eq!(state.serving, value("serving") == Some(vec![1]));
        let written = written(state);
        let all_exact = [state.clusters, state.healthy, state.running, state.queued];
        if all_exact.iter().all(|number| number.unsigned_abs() <= EXACT) {
            assert_eq!(metadata::group(written).as_ref(), Some(state));
        }
    }
}

/// The state as Envoy hands it over: what `warren` writes as JSON comes as one byte, or as a double.
fn written(state: &GroupState) -> impl Fn(&str) -> Option<Vec<u8>> {
    let json = serde_json::to_value(state).unwrap_or_default();
    move |name| match json.get(name)? {
        serde_json::Value::Bool(flag) => Some(vec![u8::from(*flag)]),
        serde_json::Value::Number(number) => Some(number.as_f64()?.to_le_bytes().to_vec()),
        _ => None,
    }
}

/// The next value; none when its length is over nine, or more than is left.
fn take(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, after) = rest.split_first()?;
    let (value, after) = after.split_at_checked(usize::from(*length)).filter(|_| *length <= 9)?;
    *rest = after;
    Some(value.to_vec())
}
