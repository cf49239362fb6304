//! What Warren shows as a server: a certificate, its key, and who may come in. Read from files; every mistake is named.

use super::clients::{NamePattern, NamedClients};
use super::{certificates, no_pem, roots};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::format_description;

/// Files of one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerFiles {
    pub(crate) port: Port,
    /// Chain in PEM, the server's own certificate first.
    pub(crate) certificate: PathBuf,
    /// Its private key in PEM.
    pub(crate) key: PathBuf,
    /// Clients without a certificate of their own are refused; without this nobody is asked for one.
    pub(crate) clients: Option<Clients>,
}

/// Which of Warren's two ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Xds,
    Api,
}

/// Who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clients {
    /// Whose certificates count, in PEM.
    pub(crate) ca: PathBuf,
    /// Names of which a certificate must have one; none: any certificate that the CA signed.
    pub(crate) names: Vec<NamePattern>,
}

/// What was in the files.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

/// The files, understood.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) since: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
}

impl Port {
    /// Its name in settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Port::Xds => "xds",
            Port::Api => "api",
        }
    }

    /// gRPC needs HTTP/2; browsers and scripts take either.
    fn protocols(self) -> &'static [&'static str] {
        match self {
            Port::Xds => &["h2"],
            Port::Api => &["h2", "http/1.1"],
        }
    }
}

impl ServerFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// Those that cannot be read, each with its setting.
    pub(crate) fn read(&self) -> Result<Contents, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut read = |setting: &str, path: &Path| {
            std::fs::read(path).unwrap_or_else(|error| {
                mistakes.push(self.mistake(setting, path, format_args!("cannot be read: {error}")));
                Vec::new()
            })
        };
        let contents = Contents {
            certificate: read("tls_certificate", &self.certificate),
            key: read("tls_key", &self.key),
            client_ca: self.clients.as_ref().map(|clients| read("client_ca", &clients.ca)),
        };
        if mistakes.is_empty() { Ok(contents) } else { Err(mistakes) }
    }

    /// Makes TLS of what was in the files.
    ///
    /// # Errors
    /// All that is wrong with them, each with its setting.
    pub(crate) fn understand(&self, contents: &Contents, now: OffsetDateTime) -> Result<Shown, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut note = |setting: &str, path: &Path, what: String| mistakes.push(self.mistake(setting, path, what));
        let chain = certificates(&contents.certificate);
        let dates = chain.as_ref().map_err(Clone::clone).and_then(|chain| validity(chain));
        match &dates {
            Err(what) => note("tls_certificate", &self.certificate, what.clone()),
            Ok((_, until)) if *until < now => {
                note("tls_certificate", &self.certificate, format!("has expired: it was valid until {}", day(*until)));
            }
            Ok((since, _)) if *since > now => {
                note("tls_certificate", &self.certificate, format!("is not valid before {}", day(*since)));
            }
            Ok(_) => {}
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key);
        if let Err(error) = &key {
            note("tls_key", &self.key, no_pem("private key", error));
        }
        let roots = match (&self.clients, &contents.client_ca) {
            (Some(clients), Some(ca)) => match roots(Some(ca)) {
                Ok(roots) => Some((roots, &clients.names)),
                Err(what) => {
                    note("client_ca", &clients.ca, what);
                    None
                }
            },
            _ => None,
        };
        let (Ok(chain), Ok((since, until)), Ok(key), true) = (chain, dates, key, mistakes.is_empty()) else {
            return Err(mistakes);
        };
        let config = self.config(chain, key, roots).map_err(|error| {
            let what = match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("is not the key of the certificate in `{}`", self.certificate.display())
                }
                error => format!("cannot be used: {error}"),
            };
            vec![self.mistake("tls_key", &self.key, what)]
        })?;
        Ok(Shown { tls: Arc::new(config), since, until })
    }

    fn config(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        clients: Option<(RootCertStore, &Vec<NamePattern>)>,
    ) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let mut config = match clients {
            None => builder.with_no_client_auth(),
            Some((roots, names)) => {
                let signed = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                let signed = signed.map_err(|error| rustls::Error::General(error.to_string()))?;
                builder.with_client_cert_verifier(Arc::new(NamedClients { signed, names: names.clone() }))
            }
        }
        .with_single_cert(chain, key)?;
        if self.clients.is_some() {
            // Who comes back shows its certificate again: by a remembered session it would come in after that has expired.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        config.alpn_protocols = self.port.protocols().iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(config)
    }

    fn mistake(&self, setting: &str, path: &Path, what: impl Display) -> String {
        format!("{}_{setting}: `{}` {what}", self.port.name(), path.display())
    }
}

impl Shown {
    /// Whoever renews certificates does so long before: with a fifth of the time left, nobody does.
    pub(crate) fn overdue(&self, now: OffsetDateTime) -> bool {
        (self.until - now) * 5 < self.until - self.since
    }
}

/// A day and time, as people read it.
pub(crate) fn day(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_else(|_| time.unix_timestamp().to_string())
}

/// From when until when the first of them is valid.
fn validity(chain: &[CertificateDer<'_>]) -> Result<(OffsetDateTime, OffsetDateTime), String> {
    let first = chain.first().ok_or("holds no certificate in PEM")?;
    let (_, certificate) = x509_parser::parse_x509_certificate(first)
        .map_err(|error| format!("holds something else than a certificate: {error}"))?;
    let validity = certificate.validity();
    Ok((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
