//! TLS towards Trino, as it is set cluster by cluster, for Envoys and for Warren itself.

use super::networks::{AllowedOnly, TrinoNetworks};
use crate::resources::secret::CertificateFiles;
use crate::tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use utoipa::ToSchema;

/// How long a connection is kept for the next request. Less than the time between two checks: each is to see what Envoy's next
/// connection will, such as a certificate that has expired meanwhile.
const KEPT: Duration = Duration::from_secs(1);

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
    /// What is shown to it, if it asks who is there: files on the disks of Envoys and of Warren.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_certificate: Option<CertificateFiles>,
    /// False: whoever answers is believed to be it. Queries, passwords and results are then open to whoever is in between.
    pub(crate) verify: bool,
}

impl Default for TrinoTls {
    fn default() -> Self {
        TrinoTls { ca: None, server_name: None, client_certificate: None, verify: true }
    }
}

impl TrinoTls {
    /// Would a coordinator at this address be believed, whoever answers there?
    pub(crate) fn believes_anybody(&self, url: &str) -> bool {
        url.starts_with("https://") && !self.verify
    }

    /// Everything that is wrong with it.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut errors = Vec::new();
        if let Some(ca) = &self.ca {
            if ca.contains("PRIVATE KEY-----") {
                errors.push("tls.ca: it holds a private key, which belongs nowhere but to its owner".to_owned());
            } else if let Err(why) = tls::roots(Some(ca.as_bytes())) {
                errors.push(format!("tls.ca: it {why}"));
            }
        }
        if let Some(name) = &self.server_name
            && ServerName::try_from(name.as_str()).is_err()
        {
            errors.push(format!("tls.server_name: `{}` is no host name", name.escape_debug()));
        }
        if let Some(CertificateFiles { certificate, key }) = &self.client_certificate {
            for (what, path) in [("certificate", certificate), ("key", key)] {
                if !path.starts_with('/') || path.chars().any(char::is_control) {
                    let path = path.escape_debug();
                    errors.push(format!("tls.client_certificate.{what}: `{path}` is not an absolute path"));
                }
            }
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
        let believed = match &self.server_name {
            _ if !self.verify => Some(Believed::Anybodys),
            None => None,
            Some(name) => {
                let name = ServerName::try_from(name.clone()).map_err(|error| error.to_string())?;
                let roots = Arc::new(tls::roots(self.ca.as_deref().map(str::as_bytes))?);
                let signed = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
                Some(Believed::Named(name, signed.map_err(|error| error.to_string())?))
            }
        };
        if let Some(believed) = believed {
            config.dangerous().set_certificate_verifier(Arc::new(Verifier { believed, provider }));
        }
        if let Some(files) = &self.client_certificate {
            config.client_auth_cert_resolver = Arc::new(FromFiles(files.clone()));
        }
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Shows a certificate from files, read for each connection: a renewed one needs nobody to be told.
#[derive(Debug)]
struct FromFiles(CertificateFiles);

impl ResolvesClientCert for FromFiles {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        match read_certificate(&self.0) {
            Ok(shown) => Some(Arc::new(shown)),
            Err(why) => {
                tracing::warn!("no certificate is shown to a cluster that asks for one: {why}");
                None
            }
        }
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Which file is wrong, and how; nothing of what it holds.
fn read_certificate(files: &CertificateFiles) -> Result<CertifiedKey, String> {
    let CertificateFiles { certificate, key } = files;
    let wrong = |path: &str, why: &dyn std::fmt::Display| format!("cannot read `{path}`: {why}");
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|why| wrong(certificate, &why))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|why| wrong(key, &why))?;
    let private = rustls::crypto::ring::sign::any_supported_type(&private).map_err(|why| wrong(key, &why))?;
    let shown = CertifiedKey::new(chain, private);
    shown.keys_match().map_err(|_| format!("the key in `{key}` is not that of the certificate in `{certificate}`"))?;
    Ok(shown)
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
        let client = tls::http_builder(tls.config()?).pool_idle_timeout(KEPT);
        let client = client.dns_resolver(Arc::new(AllowedOnly(self.networks.clone())));
        let client = client.build().map_err(|error| error.to_string())?;
        clients.insert(tls.clone(), client.clone());
        Ok(client)
    }
}

/// Looks at whom Warren is connected with. Signatures are checked whoever is believed: it is at least one who has some key.
#[derive(Debug)]
struct Verifier {
    believed: Believed,
    provider: Arc<CryptoProvider>,
}

/// Whose certificate is believed.
#[derive(Debug)]
enum Believed {
    Anybodys,
    /// One that is for this name, whatever the address is called.
    Named(ServerName<'static>, Arc<WebPkiServerVerifier>),
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.believed {
            Believed::Anybodys => Ok(ServerCertVerified::assertion()),
            Believed::Named(name, signed) => signed.verify_server_cert(end_entity, intermediates, name, ocsp, now),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
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
            ..TrinoTls::default()
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
    fn a_clients_certificate_is_named_by_absolute_paths_and_goes_with_its_key() {
        let files = CertificateFiles { certificate: "c.pem".into(), key: "/k\n".into() };
        let tls = TrinoTls { client_certificate: Some(files), ..TrinoTls::default() };
        assert_eq!(
            tls.check(),
            [
                "tls.client_certificate.certificate: `c.pem` is not an absolute path",
                "tls.client_certificate.key: `/k\\n` is not an absolute path",
            ]
        );
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: String| {
            let path = dir.path().join(name).display().to_string();
            std::fs::write(&path, text).unwrap();
            path
        };
        let [one, other] = ["a", "b"].map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap());
        let certificate = put("c.pem", one.cert.pem());
        let key = put("c.key", one.signing_key.serialize_pem());
        assert!(read_certificate(&CertificateFiles { certificate: certificate.clone(), key }).is_ok());
        let key = put("d.key", other.signing_key.serialize_pem());
        let said = format!("the key in `{key}` is not that of the certificate in `{certificate}`");
        assert_eq!(read_certificate(&CertificateFiles { certificate, key }).unwrap_err(), said);
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
