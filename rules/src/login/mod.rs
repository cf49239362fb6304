//! Who the client is and whom its query may run as: what Envoy vouches for in headers that it sets, and what the operator allows.
//!
//! Every way to log in ends in a request header that Envoy removed from what the client sent and set itself: the claim of a
//! token that it checked, the certificate that it saw. So there is one question here, whichever way it was: which of those
//! headers is there, and whom does its value name?

mod impersonation;
mod peers;

pub use impersonation::Impersonation;
pub use peers::Peer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use impersonation::Compiled;
use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use crate::facts::java_trim;

/// Header with the claims of a checked token: JSON in base64url (`JwtProvider.forward_payload_header`).
pub const CLAIMS_HEADER: &str = "x-warren-claims";
/// Header with the address at the other end of the connection, whatever `X-Forwarded-For` says.
pub const PEER_HEADER: &str = "x-warren-peer";
/// Header with the URI in the client's certificate: a SPIFFE id.
pub const PEER_URI_HEADER: &str = "x-warren-peer-uri";
/// Header that names the user to Trino (`io.trino.client.ProtocolHeaders`).
pub const USER_HEADER: &str = "x-trino-user";
/// Header in which the filter says whom it let in: without it, Envoy lets nobody past.
pub const PRINCIPAL_HEADER: &str = "x-warren-principal";
/// What no client may send under these names, and no Trino is sent.
const OWN_HEADERS: &str = "x-warren-";
const ORIGINAL_USER: &str = "x-trino-original-user";

/// Who may run queries, as the filter is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Ways to log in; the first that names somebody counts.
    pub ways: Vec<Way>,
    /// Whom else a principal may run queries as; the first that says something counts, and nobody if none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impersonation: Vec<Impersonation>,
    /// What `WWW-Authenticate` asks for.
    pub challenges: Vec<String>,
    /// Paths on which a POST is a new query; on all others a request is only let in, or not.
    pub statement_paths: Vec<String>,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// What it is called in messages: `token of okta`, `certificate`.
    pub name: String,
    /// Request header in which Envoy says whom it names, in lower case.
    pub header: String,
    /// Regular expression that all of the header's value must match; its first group, if it has one, is the principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Who is believed; empty for whoever it comes from, as Envoy itself checked it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
}

/// The policy, compiled.
pub struct Policy {
    ways: Vec<(Way, Option<Regex>)>,
    impersonation: Vec<Compiled>,
    challenges: Vec<String>,
    statement_paths: Vec<String>,
}

/// What becomes of a request at the door.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is let in.
    In {
        /// As whom.
        principal: String,
        /// It names no user, so Trino is to be told the principal.
        names_no_user: bool,
    },
    /// Nobody is named by it: 401.
    NotLoggedIn(String),
    /// It would run as somebody whom its principal may not be.
    Denied(String),
}

impl Policy {
    /// Compiles it.
    ///
    /// # Errors
    /// Every regular expression that is none, and where it stands.
    pub fn compile(login: &Login) -> Result<Policy, Vec<String>> {
        let mut errors = Vec::new();
        let mut ways = Vec::new();
        for way in &login.ways {
            match way.pattern.as_deref().map(whole).transpose() {
                Ok(pattern) => ways.push((way.clone(), pattern)),
                Err(why) => errors.push(format!("{}: {why}", way.name)),
            }
        }
        let mut impersonation = Vec::new();
        for (n, rule) in login.impersonation.iter().enumerate() {
            match Compiled::of(rule) {
                Ok(compiled) => impersonation.push(compiled),
                Err(why) => errors.extend(why.into_iter().map(|why| format!("impersonation {}: {why}", n + 1))),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let (challenges, statement_paths) = (login.challenges.clone(), login.statement_paths.clone());
        Ok(Policy { ways, impersonation, challenges, statement_paths })
    }

    /// Lets a request in or not, and notes in its headers who it is.
    pub fn admit(&self, headers: &mut Vec<(String, String)>) -> Admission {
        let principal = match self.principal(headers) {
            Ok(principal) => principal,
            Err(why) => return Admission::NotLoggedIn(why),
        };
        // As Trino reads them: the first of each, without spaces, and an empty one is none.
        let said = |name| value(headers, name).map(java_trim).filter(|user| !user.is_empty());
        for user in [said(USER_HEADER), said(ORIGINAL_USER)].into_iter().flatten() {
            if user != principal && !self.may_be(&principal, user) {
                return Admission::Denied(format!("Access Denied: User {principal} cannot impersonate user {user}"));
            }
        }
        let names_no_user = said(USER_HEADER).is_none();
        if names_no_user {
            headers.retain(|(name, _)| name != USER_HEADER);
            headers.push((USER_HEADER.to_owned(), principal.clone()));
        }
        headers.push((PRINCIPAL_HEADER.to_owned(), principal.clone()));
        Admission::In { principal, names_no_user }
    }

    /// Is this a new query, for rules to send somewhere?
    pub fn is_new_query(&self, headers: &[(String, String)]) -> bool {
        let path = value(headers, ":path").unwrap_or_default();
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        value(headers, ":method") == Some("POST") && self.statement_paths.iter().any(|known| known == path)
    }

    /// What `WWW-Authenticate` asks for.
    pub fn challenges(&self) -> &[String] {
        &self.challenges
    }

    fn principal(&self, headers: &[(String, String)]) -> Result<String, String> {
        let mut why = None;
        for (way, pattern) in &self.ways {
            let Some(said) = value(headers, &way.header).filter(|said| !said.is_empty()) else { continue };
            let peer = || Peer::any(&way.peers, value(headers, PEER_HEADER), value(headers, PEER_URI_HEADER));
            if !way.peers.is_empty() && !peer() {
                why.get_or_insert_with(|| format!("{} is not believed from here", way.name));
                continue;
            }
            let named = match pattern {
                None => Some(said),
                Some(pattern) => {
                    let found = pattern.captures(said);
                    found.and_then(|found| found.get(1).or_else(|| found.get(0))).map(|named| named.as_str())
                }
            };
            // Trino takes blanks off: `ann ` would run queries as `ann`, who is somebody else.
            match named.filter(|named| !named.is_empty() && java_trim(named) == *named) {
                Some(named) => return Ok(named.to_owned()),
                None => drop(why.get_or_insert_with(|| format!("{} names nobody who may come in", way.name))),
            }
        }
        Err(why.unwrap_or_else(|| "log in first".to_owned()))
    }

    fn may_be(&self, principal: &str, user: &str) -> bool {
        self.impersonation.iter().find_map(|rule| rule.says(principal, user)).unwrap_or_default()
    }
}

/// Who was let in, as [`Policy::admit`] noted it, and the claims of its token, if somebody reads them; what Envoy said of both
/// is taken out.
pub fn take_caller(
    headers: &mut Vec<(String, String)>,
    reads_claims: bool,
) -> (String, serde_json::Map<String, serde_json::Value>) {
    let principal = value(headers, PRINCIPAL_HEADER).unwrap_or_default().to_owned();
    let claims = value(headers, CLAIMS_HEADER).filter(|_| reads_claims).and_then(|text| {
        let json = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&json).ok()
    });
    headers.retain(|(name, _)| !name.starts_with(OWN_HEADERS));
    (principal, claims.unwrap_or_default())
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A regular expression for all of a text.
fn whole(pattern: &str) -> Result<Regex, String> {
    // By itself first: `a)(b` must not become one by what is put round it.
    Regex::new(pattern)
        .and_then(|_| Regex::new(&format!("^(?:{pattern})$")))
        .map_err(|error| format!("`{pattern}` is not a regular expression: {error}"))
}

#[cfg(test)]
mod tests;
