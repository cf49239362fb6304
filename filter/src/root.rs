//! The configuration in force. A new one replaces it whole, or not at all.

use crate::answers::Answers;
use crate::candidate::Candidate;
use crate::host;
use crate::http::Http;
use crate::live::{KEPT_FOR, RouteMetadata};
use crate::metrics;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::cell::RefCell;
use std::rc::Rc;
use warren_rules::login::Policy;
use warren_rules::{PluginConfig, RuleSet};

/// A configuration that compiled.
pub(crate) struct Active {
    pub(crate) config: PluginConfig,
    pub(crate) rules: RuleSet,
    /// Rules that are asked and not obeyed.
    pub(crate) candidate: Option<Candidate>,
    /// Who may run queries.
    pub(crate) login: Option<Policy>,
    /// What the route says of groups.
    pub(crate) live: Rc<RouteMetadata>,
    /// What routing services said.
    pub(crate) answers: RefCell<Answers>,
}

impl Active {
    /// Reads and compiles what the control service wrote.
    ///
    /// # Errors
    /// In words, for Envoy's log.
    pub(crate) fn read(json: &[u8]) -> Result<Active, String> {
        let config: PluginConfig =
            serde_json::from_slice(json).map_err(|e| format!("the configuration cannot be read: {e}"))?;
        let rules = RuleSet::load(&config.rules, config.data.clone())
            .map_err(|errors| format!("rule set {}: {errors}", config.version))?;
        let candidate = config.candidate.as_ref().and_then(Candidate::read);
        let login = config.login.as_ref().map(Policy::compile).transpose();
        let login = login.map_err(|errors| format!("login: {}", errors.join("; ")))?;
        let live = Rc::new(RouteMetadata::new(&config.metadata_namespace));
        Ok(Active { config, rules, candidate, login, live, answers: RefCell::default() })
    }

    /// Must a query wait for its body?
    pub(crate) fn reads_body(&self) -> bool {
        self.config.body && self.rules.reads_body()
    }

    /// Is the client's address read?
    pub(crate) fn reads_address(&self) -> bool {
        self.rules.reads_address() || self.candidate_needs(RuleSet::reads_address)
    }

    /// Is the time of day read?
    pub(crate) fn reads_time(&self) -> bool {
        self.rules.reads_time() || self.candidate_needs(RuleSet::reads_time)
    }

    /// Is read what the client's token says?
    pub(crate) fn reads_claims(&self) -> bool {
        self.rules.reads_claims() || self.candidate_needs(RuleSet::reads_claims)
    }

    /// Does the candidate need this?
    pub(crate) fn candidate_needs(&self, needs: fn(&RuleSet) -> bool) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| needs(&candidate.rules))
    }
}

/// Envoy's root context.
#[derive(Default)]
pub(crate) struct Root {
    active: Option<Rc<Active>>,
}

impl Context for Root {}

impl RootContext for Root {
    /// False makes Envoy refuse the new configuration and keep the old one.
    fn on_configure(&mut self, _: usize) -> bool {
        match Active::read(&self.get_plugin_configuration().unwrap_or_default()) {
            Ok(active) => {
                log::info!("rule set {} in force: {} rules", active.config.version, active.rules.rule_names().count());
                self.active = Some(Rc::new(active));
                host::tick_every(KEPT_FOR);
                true
            }
            Err(error) => {
                log::error!("{error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        metrics::tell();
        if let Some(active) = &self.active {
            active.live.tick();
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(self.active.clone()?)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_configuration_that_it_does_not_understand() {
        let error = Active::read(b"{\"versoin\": \"1\"}").err().unwrap();
        assert!(error.starts_with("the configuration cannot be read: unknown field `versoin`"), "{error}");
    }
}
