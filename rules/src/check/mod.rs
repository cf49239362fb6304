//! What can be told of a rule set without running it.

use rhai::Scope;

use crate::error::RuleError;
use crate::ruleset::GroupUse;
use crate::runtime::Runtime;
use crate::script::Script;

/// What the rules make use of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) body: bool,
    pub(crate) load: bool,
    pub(crate) groups: Vec<GroupUse>,
    pub(crate) clusters: Vec<GroupUse>,
}

pub(crate) fn across_files(_scripts: &[Script], _errors: &mut Vec<RuleError>) {}

pub(crate) fn scripts(_: &[Script], _: &Scope<'static>, _: &Runtime, _unread: bool) -> (Uses, Vec<RuleError>) {
    (Uses::default(), Vec::new())
}
