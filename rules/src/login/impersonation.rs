//! Whom else a principal may run queries as: ordered rules, as Trino's own file of access control has them
//! (`io.trino.plugin.base.security.ImpersonationRule`), but with what they mean said in our words.

use std::borrow::Cow;

use regex_lite::{Captures, Regex, escape};
use serde::{Deserialize, Serialize};

use super::whole;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impersonation {
    /// Regular expression for all of the principal's name.
    pub principal: String,
    /// Regular expression for all of the user's name; `$1` stands for what the first group of `principal` found, and so on.
    pub user: String,
    /// May it? True if left out.
    #[serde(default = "yes")]
    pub allow: bool,
}

fn yes() -> bool {
    true
}

/// A rule, compiled.
pub(super) struct Compiled {
    principal: Regex,
    user: User,
    allow: bool,
}

/// Whom a rule is about.
enum User {
    Anybody(Regex),
    /// Depends on what the principal is called.
    Computed(String),
}

impl Compiled {
    pub(super) fn of(rule: &Impersonation) -> Result<Compiled, Vec<String>> {
        let mut errors = Vec::new();
        let mut check =
            |what: &str, pattern: &str| whole(pattern).map_err(|why| errors.push(format!("{what}: {why}"))).ok();
        let principal = check("principal", &rule.principal);
        let computed = group(&rule.user).is_some();
        // With a letter in place of each group it must be a regular expression, too.
        let user = check("user", &fill(&rule.user, |_| Some("x".to_owned())));
        if let (Some(principal), Some(mut rest)) = (&principal, computed.then_some(rule.user.as_str())) {
            while let Some((at, number)) = group(rest) {
                if number >= principal.captures_len() {
                    errors.push(format!("user: `${number}`: `principal` has no such group"));
                }
                rest = rest.get(at + 2..).unwrap_or_default();
            }
        }
        match (principal, user) {
            (Some(principal), Some(user)) if errors.is_empty() => {
                let user = if computed { User::Computed(rule.user.clone()) } else { User::Anybody(user) };
                Ok(Compiled { principal, user, allow: rule.allow })
            }
            _ => Err(errors),
        }
    }

    /// May this principal run queries as this user? Nothing if the rule is not about them.
    pub(super) fn says(&self, principal: &str, user: &str) -> Option<bool> {
        let found = self.principal.captures(principal)?;
        let pattern = match &self.user {
            User::Anybody(pattern) => Cow::Borrowed(pattern),
            User::Computed(text) => Cow::Owned(whole(&fill(text, |n| captured(&found, n))).ok()?),
        };
        pattern.is_match(user).then_some(self.allow)
    }
}

fn captured(found: &Captures<'_>, number: usize) -> Option<String> {
    found.get(number).map(|text| escape(text.as_str()))
}

/// Puts into a pattern what its `$1` to `$9` stand for.
fn fill(pattern: &str, stands_for: impl Fn(usize) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((at, number)) = group(rest) {
        filled.push_str(rest.get(..at).unwrap_or_default());
        filled.push_str(&stands_for(number).unwrap_or_default());
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

/// Where the next `$1` to `$9` stands, and its number.
fn group(pattern: &str) -> Option<(usize, usize)> {
    pattern.match_indices('$').find_map(|(at, _)| {
        let digit = pattern.get(at + 1..at + 2)?.parse::<usize>().ok()?;
        (digit > 0).then_some((at, digit))
    })
}
