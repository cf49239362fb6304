//! Trino's metrics (`/metrics`, OpenMetrics, from Trino's JMX beans), as far as they tell of health and load.

use crate::load::Load;
use std::collections::BTreeMap;

/// Queries that run (`io.trino.execution.QueryManager`).
pub(crate) const RUNNING: &str = "trino_execution_name_QueryManager_RunningQueries";
/// Queries that wait (the same).
pub(crate) const QUEUED: &str = "trino_execution_name_QueryManager_QueuedQueries";
/// Nodes that work, the coordinator among them: the name until Trino 476, and the one after it.
pub(crate) const NODES: [&str; 2] = [
    "trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount",
    "trino_node_name_CoordinatorNodeManager_ActiveNodeCount",
];
/// Memory of all nodes that queries may use (`io.trino.memory.ClusterMemoryManager`), in bytes.
pub(crate) const MEMORY: &str = "trino_memory_name_ClusterMemoryManager_ClusterMemoryBytes";
/// What of it queries have reserved.
pub(crate) const RESERVED: &str = "trino_memory_name_ClusterMemoryManager_ClusterTotalMemoryReservation";

/// All that tells of load. Asked for by name: the whole list is a megabyte.
pub(crate) fn of_load() -> impl Iterator<Item = &'static str> {
    [RUNNING, QUEUED, MEMORY, RESERVED].into_iter().chain(NODES)
}

/// Reads samples without labels, by name. Lines that are none are passed over: this is another program's text.
pub(crate) fn read(text: &str) -> BTreeMap<&str, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
            Some((name, value))
        })
        .collect()
}

/// What samples say of load; nothing without the number of running queries.
pub(crate) fn load(samples: &BTreeMap<&str, f64>) -> Option<Load> {
    let number = |name: &str| samples.get(name).copied().filter(|v| v.is_finite() && *v >= 0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; a cast saturates")]
    let whole = |value: f64| value as u32;
    let memory = number(MEMORY).zip(number(RESERVED)).filter(|(all, _)| *all > 0.0);
    Some(Load {
        running: whole(number(RUNNING)?),
        queued: whole(number(QUEUED)?),
        workers: NODES.iter().find_map(|name| number(name)).map(whole),
        memory: memory.map(|(all, reserved)| whole((reserved / all * 100.0).min(100.0))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_needs_running_and_queued_and_no_more() {
        let mut samples = BTreeMap::from([(RUNNING, 3.0), (QUEUED, 1.0)]);
        assert_eq!(load(&samples), Some(Load { running: 3, queued: 1, workers: None, memory: None }));
        samples.extend([(NODES[1], 2.0), (MEMORY, 200.0), (RESERVED, 50.0)]);
        assert_eq!(load(&samples), Some(Load { running: 3, queued: 1, workers: Some(2), memory: Some(25) }));
        samples.insert(MEMORY, 0.0);
        assert_eq!(load(&samples).and_then(|l| l.memory), None);
        samples.remove(QUEUED);
        assert_eq!(load(&samples), None);
    }

    #[test]
    fn reads_samples_and_passes_over_the_rest() {
        let text = "# TYPE a gauge\n# HELP a b\na 2.0\nb{x=\"1\"} 3\nc 1 1700000000\nd NaN\nbroken\n# EOF\n";
        let read = read(text);
        assert_eq!(read.get("a"), Some(&2.0));
        assert_eq!(read.get("c"), Some(&1.0));
        assert_eq!(read.len(), 4, "{read:?}");
        assert!(read.get("d").is_some_and(|v| v.is_nan()));
    }
}
