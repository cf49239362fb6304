//! TLS as Warren itself speaks it: rustls with ring, TLS 1.2 or newer.

pub(crate) mod clients;
pub(crate) mod incoming;
pub(crate) mod renewal;
pub(crate) mod server;
pub(crate) mod words;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// TLS that trusts whoever has signed these certificates, in PEM, or whoever the system trusts.
///
/// # Errors
/// Why the certificates cannot be used.
pub(crate) fn trusting(ca: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(|error| error.to_string())?.with_root_certificates(roots(ca)?).with_no_client_auth())
}

/// Those certificates.
///
/// # Errors
/// As [`trusting`]'s.
pub(crate) fn roots(ca: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| error.to_string())?;
                roots.add(certificate).map_err(|error| error.to_string())?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    Ok(roots)
}

/// A client for HTTP: no proxy between, and no redirect to elsewhere.
///
/// # Errors
/// When the machine gives no resolver to build it with.
pub(crate) fn http(tls: ClientConfig) -> Result<reqwest::Client, reqwest::Error> {
    http_builder(tls).build()
}

/// One to be, for whoever wants more of it.
pub(crate) fn http_builder(tls: ClientConfig) -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.tls_backend_preconfigured(tls).user_agent("warren")
}
