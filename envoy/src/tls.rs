//! TLS as Warren itself speaks it: rustls with ring, TLS 1.2 or newer.

pub(crate) mod clients;
pub(crate) mod incoming;
pub(crate) mod renewal;
pub(crate) mod server;
pub(crate) mod words;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::net::IpAddr;
use std::sync::Arc;

/// TLS that trusts whoever has signed these certificates, in PEM, or whoever the system trusts.
///
/// # Errors
/// Why the certificates cannot be used, for the end of a sentence.
pub(crate) fn trusting(ca: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(ca.map(str::as_bytes))?)
        .with_no_client_auth())
}

/// Those certificates.
///
/// # Errors
/// Why they cannot be used, for the end of a sentence.
pub(crate) fn roots(ca: Option<&[u8]>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in certificates(pem)? {
                roots.add(certificate).map_err(|error| format!("holds something else than certificates: {error}"))?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    Ok(roots)
}

/// All certificates of a file in PEM.
///
/// # Errors
/// When it holds none, or something else, in words.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("holds no certificate in PEM".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(no_pem("certificate", &error)),
    }
}

fn no_pem(what: &str, error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::NoItemsFound => format!("holds no {what} in PEM"),
        error => format!("is not a {what} in PEM: {error}"),
    }
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

/// Is this host this machine? Nobody is in between then, with TLS or without.
pub(crate) fn is_here(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
