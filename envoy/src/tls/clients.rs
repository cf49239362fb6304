//! Who may come in: clients with a certificate that a CA signed, and that has one of some names.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;
use x509_parser::extensions::GeneralName;

/// A name, or the beginning and the end of names with a `*` for what is between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePattern(String);

impl NamePattern {
    /// Reads one.
    ///
    /// # Errors
    /// When it is empty or has more than one `*`.
    pub(crate) fn parse(text: &str) -> Result<NamePattern, String> {
        match text.matches('*').count() {
            _ if text.is_empty() => Err("holds an empty name".to_owned()),
            0 | 1 => Ok(NamePattern(text.to_owned())),
            _ => Err(format!("holds `{text}`: a name may have one `*`")),
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self.0.split_once('*') {
            None => self.0 == name,
            Some((start, end)) => {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
        }
    }
}

/// Lets in whoever `signed` lets in, if the certificate has one of the names.
#[derive(Debug)]
pub(crate) struct NamedClients {
    pub(crate) signed: Arc<dyn ClientCertVerifier>,
    /// None: all of them.
    pub(crate) names: Vec<NamePattern>,
}

impl ClientCertVerifier for NamedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.signed.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.signed.verify_client_cert(end_entity, intermediates, now)?;
        let names = names(end_entity);
        if self.names.is_empty() || names.iter().any(|name| self.names.iter().any(|pattern| pattern.fits(name))) {
            return Ok(verified);
        }
        tracing::info!(?names, "a client's certificate has other names than those that may come in");
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
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

/// The names of a certificate: DNS names, URIs (a SPIFFE id is one), and the common name.
fn names(certificate: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(certificate) else { return Vec::new() };
    let mut names: Vec<String> =
        certificate.subject().iter_common_name().filter_map(|name| Some(name.as_str().ok()?.to_owned())).collect();
    if let Ok(Some(others)) = certificate.subject_alternative_name() {
        names.extend(others.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::URI(name) => Some((*name).to_owned()),
            _ => None,
        }));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    #[test]
    fn a_star_stands_for_anything_between() {
        let fits = |pattern: &str, name: &str| NamePattern::parse(pattern).unwrap().fits(name);
        assert!(fits("envoy", "envoy") && !fits("envoy", "envoy-1"));
        assert!(fits("spiffe://mesh/ns/envoy/*", "spiffe://mesh/ns/envoy/sa/door"));
        assert!(fits("*.envoy.example", "a.envoy.example") && !fits("*.envoy.example", "envoy.example"));
        assert!(!fits("ab*ba", "aba"));
        assert_eq!(NamePattern::parse("a*b*"), Err("holds `a*b*`: a name may have one `*`".to_owned()));
    }

    #[test]
    fn all_names_of_a_certificate_count() {
        let mut params = CertificateParams::new(["envoy.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "envoy-1");
        params.subject_alt_names.push(SanType::URI("spiffe://mesh/envoy".try_into().unwrap()));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(certificate.der()), ["envoy-1", "envoy.example", "spiffe://mesh/envoy"]);
    }
}
