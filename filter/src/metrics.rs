//! Counters. Names carry group and rule; the bootstrap's `stats_tags` cut them out as labels.
//!
//! Envoy is told on the tick what was counted since the last: each call costs as much as a rule.
//!
//! Envoy never frees a counter, so there are at most [`MOST`] of them: what comes later is counted under `other`.

use crate::host;
use std::cell::RefCell;
use std::collections::HashMap;
use warren_rules::Comparison;

/// Counters with a group or rule in their name.
const MOST: usize = 2_000;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Event {
    Routed,
    Denied,
    RuleFailed,
    Refused,
    NotLoggedIn,
    MayNotBe,
    BodyRead,
    ServiceAsked,
    AnswerKept,
    Compared(Comparison),
}

/// One of Envoy's counters, and what it was not told yet.
struct Counter {
    number: u32,
    untold: u32,
}

/// By what they count, group and rule: found without making a name for each query.
type Counters = HashMap<Event, HashMap<String, HashMap<String, Counter>>>;

thread_local! {
    // Belongs to the VM rather than to one configuration: the counters of the last rule set go on under the next.
    static DEFINED: RefCell<(usize, Counters)> = RefCell::default();
}

/// Tells Envoy what was counted since the last time.
pub(crate) fn tell() {
    DEFINED.with_borrow_mut(|(_, counters)| {
        for counter in counters.values_mut().flat_map(HashMap::values_mut).flat_map(HashMap::values_mut) {
            match std::mem::take(&mut counter.untold) {
                0 => {}
                some => host::increase(counter.number, some),
            }
        }
    });
}

/// A query went to a group, by a rule.
pub(crate) fn routed(group: &str, rule: &str) {
    count(Event::Routed, group, rule);
}

/// A rule denied a query.
pub(crate) fn denied(rule: &str) {
    count(Event::Denied, "", rule);
}

/// A rule failed and was skipped.
pub(crate) fn failed(rule: &str) {
    count(Event::RuleFailed, "", rule);
}

/// The filter itself refused a query: unknown group, bad transaction.
pub(crate) fn refused() {
    count(Event::Refused, "", "");
}

/// A request named nobody who may come in.
pub(crate) fn not_logged_in() {
    count(Event::NotLoggedIn, "", "");
}

/// Somebody wanted to be another whom they may not be.
pub(crate) fn may_not_be() {
    count(Event::MayNotBe, "", "");
}

/// A query waited for its body.
pub(crate) fn body_read() {
    count(Event::BodyRead, "", "");
}

/// A routing service was asked.
pub(crate) fn service_asked() {
    count(Event::ServiceAsked, "", "");
}

/// What a routing service said before served again.
pub(crate) fn answer_kept() {
    count(Event::AnswerKept, "", "");
}

/// A candidate was asked about a query, too; the rule is the candidate's.
pub(crate) fn compared(comparison: Comparison, rule: &str) {
    count(Event::Compared(comparison), "", rule);
}

impl Event {
    fn name(self, group: &str, rule: &str) -> String {
        match self {
            Event::Routed => format!("warren_queries_group_{group}_rule_{rule}_total"),
            Event::Denied => format!("warren_denied_rule_{rule}_total"),
            Event::RuleFailed => format!("warren_rule_errors_rule_{rule}_total"),
            Event::Refused => "warren_refused_total".to_owned(),
            Event::NotLoggedIn => "warren_unauthorized_total".to_owned(),
            Event::MayNotBe => "warren_impersonation_denied_total".to_owned(),
            Event::BodyRead => "warren_body_reads_total".to_owned(),
            Event::Compared(comparison) => format!("warren_candidate_{}_rule_{rule}_total", comparison.name()),
            Event::ServiceAsked => "warren_external_calls_total".to_owned(),
            Event::AnswerKept => "warren_external_cached_total".to_owned(),
        }
    }
}

fn count(event: Event, group: &str, rule: &str) {
    DEFINED.with_borrow_mut(|(defined, counters)| {
        let known = counters.get_mut(&event).and_then(|groups| groups.get_mut(group)?.get_mut(rule));
        if let Some(counter) = known {
            counter.untold = counter.untold.saturating_add(1);
            return;
        }
        let (group, rule) = if *defined < MOST { (group, rule) } else { ("other", "other") };
        // The same name gives the same counter, so a second one of `other` is no harm.
        let Some(number) = host::define_counter(&event.name(group, rule)) else { return };
        let rules = counters.entry(event).or_default().entry(group.to_owned()).or_default();
        let counter = rules.entry(rule.to_owned()).or_insert_with(|| {
            *defined += 1;
            Counter { number, untold: 0 }
        });
        counter.untold = counter.untold.saturating_add(1);
    });
}
