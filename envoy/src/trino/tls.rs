//! TLS towards Trino, as it is set cluster by cluster, for Envoys and for Warren itself.

use super::networks::{AllowedOnly, TrinoNetworks};
use crate::tls;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::ToSchema;

/// How a coordinator is known to be the right one. Means nothing while its address begins with `http://`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TrinoTls {
    /// Certificates, in PEM, of whoever signs its; without any, those that the systems of Envoys and of Warren trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<String>,
    /// The name that its certificate is for, and that it is asked for (SNI); without one, the host of its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_name: Option<String>,
    /// False: whoever answers is believed to be it. Queries, passwords and results are then open to whoever is in between.
    pub(crate) verify: bool,
}

impl Default for TrinoTls {
    fn default() -> Self {
        TrinoTls { ca: None, server_name: None, verify: true }
    }
}

impl TrinoTls {
    /// Everything that is wrong with it.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut errors = Vec::new();
        if let Some(ca) = &self.ca {
            if !ca.contains("-----BEGIN CERTIFICATE-----") {
                errors.push("tls.ca: it holds no certificate in PEM".to_owned());
            } else if ca.contains("PRIVATE KEY-----") {
                errors.push("tls.ca: it holds a private key, which belongs nowhere but to its owner".to_owned());
            } else if let Err(why) = tls::trusting(Some(ca)) {
                errors.push(format!("tls.ca: it cannot be read: {why}"));
            }
        }
        if let Some(name) = &self.server_name
            && ServerName::try_from(name.as_str()).is_err()
        {
            errors.push(format!("tls.server_name: `{}` is no host name", name.escape_debug()));
        }
        errors
    }

    /// As Warren itself speaks it.
    ///
    /// # Errors
    /// Why the certificates cannot be used.
    fn config(&self) -> Result<ClientConfig, String> {
        let mut config = tls::trusting(self.ca.as_deref())?;
        let provider = config.crypto_provider().clone();
        if !self.verify {
            config.dangerous().set_certificate_verifier(Arc::new(Anybody(provider)));
        } else if let Some(name) = &self.server_name {
            let name = ServerName::try_from(name.clone()).map_err(|error| error.to_string())?;
            let roots = Arc::new(tls::roots(self.ca.as_deref())?);
            let signed = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            let signed = signed.map_err(|error| error.to_string())?;
            config.dangerous().set_certificate_verifier(Arc::new(Named { name, signed }));
        }
        Ok(config)
    }
}

/// A client for HTTP for each way of TLS that clusters have, made when it is asked for first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrinoClients {
    /// Where they may connect to.
    pub(crate) networks: Arc<TrinoNetworks>,
    made: Arc<Mutex<BTreeMap<TrinoTls, reqwest::Client>>>,
}

impl TrinoClients {
    /// None yet.
    pub(crate) fn new(networks: Arc<TrinoNetworks>) -> TrinoClients {
        TrinoClients { networks, ..TrinoClients::default() }
    }

    /// The client for coordinators with this.
    ///
    /// # Errors
    /// In words, when there cannot be one.
    pub(crate) fn get(&self, tls: &TrinoTls) -> Result<reqwest::Client, String> {
        let mut clients = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(tls) {
            return Ok(client.clone());
        }
        let client = tls::http_builder(tls.config()?).dns_resolver(Arc::new(AllowedOnly(self.networks.clone())));
        let client = client.build().map_err(|error| error.to_string())?;
        clients.insert(tls.clone(), client.clone());
        Ok(client)
    }
}

/// Believes a certificate that is for one name, whatever the address is called.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    signed: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.signed.verify_server_cert(end_entity, intermediates, &self.name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// Believes everybody. Signatures are looked at all the same: the connection is at least with one who has some key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told() {
        let tls = |ca: Option<&str>, name: Option<&str>| TrinoTls {
            ca: ca.map(str::to_owned),
            server_name: name.map(str::to_owned),
            verify: true,
        };
        assert_eq!(
            tls(Some("hello"), Some("no name")).check(),
            ["tls.ca: it holds no certificate in PEM", "tls.server_name: `no name` is no host name"]
        );
        let key = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----";
        assert_eq!(
            tls(Some(key), None).check(),
            ["tls.ca: it holds a private key, which belongs nowhere but to its owner"]
        );
        let certificate = rcgen::generate_simple_self_signed(["trino".to_owned()]).unwrap().cert.pem();
        assert_eq!(tls(Some(&certificate), Some("trino.internal")).check(), Vec::<String>::new());
        assert_eq!(tls(None, Some("10.0.0.1")).check(), Vec::<String>::new());
    }

    #[test]
    fn each_way_has_one_client() {
        let clients = TrinoClients::default();
        let open = TrinoTls { verify: false, ..TrinoTls::default() };
        for tls in [&TrinoTls::default(), &open, &TrinoTls::default()] {
            clients.get(tls).unwrap();
        }
        assert_eq!(clients.made.lock().unwrap().len(), 2);
    }
}
