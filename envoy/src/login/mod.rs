//! Who may run queries: ways to log in at Envoy, and who may be whom, from a file of the operator's.

mod passwords;
mod written;

pub(crate) use passwords::{PasswordSource, Passwords, Seen};
pub(crate) use written::read;

use serde::Serialize;
use std::time::Duration;
use warren_rules::login::Login;

/// Header in which Envoy tells whom a proxy in front named.
pub(crate) const PROXY_USER: &str = "x-warren-proxy-user";

/// The file, understood.
#[derive(Clone)]
pub(crate) struct LoginFile {
    pub(crate) settings: LoginSettings,
    /// Where Warren itself looks passwords up.
    pub(crate) passwords: Option<PasswordSource>,
}

/// What Envoys are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LoginSettings {
    /// Tokens that Envoy checks, by provider.
    pub(crate) tokens: Vec<Tokens>,
    /// Certificates that clients show.
    pub(crate) certificate: Option<ClientCertificates>,
    /// Passwords are checked, by Warren.
    pub(crate) passwords: bool,
    /// A header that proxies in front set.
    pub(crate) header: Option<String>,
    /// What clients logged in with goes on to Trino.
    pub(crate) pass_credentials: bool,
    /// What the filter is told, less where queries come in.
    pub(crate) told: Login,
}

/// Tokens of one provider: an OIDC provider or another that signs JWTs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tokens {
    pub(crate) provider: String,
    pub(crate) issuer: String,
    /// One of them must be meant by the token.
    pub(crate) audiences: Vec<String>,
    pub(crate) keys: Keys,
    /// The claim that says who it is; `a.b` for one within another.
    pub(crate) user_claim: String,
    /// Header in which Envoy tells that claim.
    pub(crate) header: String,
}

/// Where a provider's public keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Keys {
    /// A JWKS, as it was in a file when Warren started.
    Known(String),
    /// Fetched by each Envoy, and again when they are as old as this.
    Fetched { url: String, host: String, port: u16, trust: Option<Trust>, every: Duration },
}

/// Whom Envoy trusts to be the provider. None: it is on the same machine, and asked without TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Trust {
    /// Whoever the Envoys' own systems trust.
    System,
    /// Whoever these certificates, in PEM, have signed.
    Ca(String),
}

/// Client certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ClientCertificates {
    /// Certificates of those who may sign them, in PEM.
    pub(crate) ca: String,
    /// A client without one cannot connect.
    pub(crate) required: bool,
    /// Header in which Envoy tells what it says.
    pub(crate) header: String,
    /// Its first URI rather than its subject.
    pub(crate) by_uri: bool,
}

impl LoginSettings {
    /// Headers that Trino is not sent: what Envoy sets for the filter, and what clients logged in with, unless it is to go on.
    pub(crate) fn not_for_trino(&self) -> Vec<String> {
        use warren_rules::login::{CLAIMS_HEADER, PEER_HEADER, PEER_URI_HEADER, PRINCIPAL_HEADER};
        let ways = self.told.ways.iter().map(|way| way.header.clone());
        let credentials = (!self.pass_credentials).then(|| "authorization".to_owned());
        ways.chain([CLAIMS_HEADER, PEER_HEADER, PEER_URI_HEADER, PRINCIPAL_HEADER].map(str::to_owned))
            .chain(credentials)
            .collect()
    }
}
