//! Rules that are asked beside those in force, and not obeyed. A query neither waits for them nor fails by them.

use crate::text::PassingText;
use crate::{host, metrics};
use std::rc::Rc;
use warren_rules::{Decision, LiveState, PluginConfig, Query, RuleSet};

/// Where the access log of the history finds what a candidate would have done.
const SHADOW: &str = "warren.shadow";
/// A text as long as this is not looked at, in bytes: it is copied as it passes by.
const MOST_TEXT: usize = 1 << 20;

/// A candidate that compiled.
pub(crate) struct Candidate {
    number: i64,
    pub(crate) rules: RuleSet,
}

/// What a candidate has to wait for, since it reads the text of a query that nobody else reads.
pub(crate) struct Waiting {
    headers: Vec<(String, String)>,
    text: PassingText,
    /// What the rules in force decided, once they have.
    pub(crate) decision: Option<Rc<Decision>>,
}

impl Candidate {
    /// Compiles it. One with mistakes is passed over: the rules in force are none of its affair.
    pub(crate) fn read(candidate: &warren_rules::Candidate) -> Option<Candidate> {
        match RuleSet::load(&candidate.rules, candidate.data.clone()) {
            Ok(rules) => Some(Candidate { number: candidate.number, rules }),
            Err(errors) => {
                log::error!("candidate {}: {errors}", candidate.number);
                None
            }
        }
    }

    /// Asks it about a query, if all is known that it reads, and tells what it would have done.
    pub(crate) fn compare(
        &self,
        config: &PluginConfig,
        live: &dyn LiveState,
        decision: &Decision,
        query: Option<&Rc<Query>>,
    ) {
        let other = query.map(|query| self.rules.decide(query.clone()));
        for (rule, why) in other.iter().flat_map(|other| other.failed_rules()) {
            log::warn!("rule `{rule}` of candidate {} failed: {why}", self.number);
        }
        let shadow = config.compare(self.number, decision, other.as_deref(), live);
        metrics::compared(shadow.comparison, shadow.rule.as_deref().unwrap_or("none"));
        if let Ok(json) = serde_json::to_vec(&shadow) {
            host::set_filter_state(SHADOW, &json);
        }
    }
}

impl Waiting {
    pub(crate) fn new(headers: Vec<(String, String)>) -> Option<Waiting> {
        Some(Waiting { headers, text: PassingText::of(MOST_TEXT)?, decision: None })
    }

    /// Takes this chunk of the text.
    pub(crate) fn take(&mut self, size: usize) {
        let wanted = self.text.wants(size);
        if wanted > 0 {
            self.text.take(host::request_body(wanted));
        }
    }

    /// Headers and text; none if there was too much of that.
    pub(crate) fn whole(self) -> Option<(Vec<(String, String)>, String)> {
        let whole = self.text.bytes().len() < MOST_TEXT;
        whole.then(|| (self.headers, host::text(self.text.bytes().to_vec())))
    }
}
