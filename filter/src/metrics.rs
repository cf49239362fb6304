//! Counters. Names carry group and rule; the bootstrap's `stats_tags` cut them out as labels.
//!
//! Envoy never frees a counter, so there are at most [`MOST`] of them: what comes later is counted under `other`.

use crate::host;
use std::cell::RefCell;
use std::collections::HashMap;

/// Counters with a group or rule in their name.
const MOST: usize = 2_000;

thread_local! {
    // Belongs to the VM rather than to one configuration: the counters of the last rule set go on under the next.
    static DEFINED: RefCell<HashMap<String, u32>> = RefCell::new(HashMap::new());
}

/// A query went to a group, by a rule.
pub(crate) fn routed(group: &str, rule: &str) {
    count(group, rule, |group, rule| format!("warren_queries_group_{group}_rule_{rule}_total"));
}

/// A rule denied a query.
pub(crate) fn denied(rule: &str) {
    count("", rule, |_, rule| format!("warren_denied_rule_{rule}_total"));
}

/// A rule failed and was skipped.
pub(crate) fn failed(rule: &str) {
    count("", rule, |_, rule| format!("warren_rule_errors_rule_{rule}_total"));
}

/// The filter itself refused a query: unknown group, bad transaction.
pub(crate) fn refused() {
    count("", "", |_, _| "warren_refused_total".to_owned());
}

/// A query waited for its body.
pub(crate) fn body_read() {
    count("", "", |_, _| "warren_body_reads_total".to_owned());
}

fn count(group: &str, rule: &str, name: impl Fn(&str, &str) -> String) {
    let key = name(group, rule);
    let counter = DEFINED.with_borrow_mut(|defined| {
        if let Some(counter) = defined.get(&key) {
            return Some(*counter);
        }
        let key = if defined.len() < MOST { key } else { name("other", "other") };
        let counter = host::define_counter(&key)?;
        defined.insert(key, counter);
        Some(counter)
    });
    if let Some(counter) = counter {
        host::increment(counter);
    }
}
