//! SDS: the certificate that the listener shows.

use super::{SERVER_CERTIFICATE, any, bool_value, login};
use crate::login::LoginSettings;
use envoy_types::pb::envoy::config::core::v3::{DataSource, TransportSocket, data_source, transport_socket};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CommonTlsContext, DownstreamTlsContext, SdsSecretConfig, Secret, TlsCertificate, TlsParameters, secret,
    tls_parameters::TlsProtocol,
};
use serde::{Deserialize, Serialize};

/// Certificate and key as files on the Envoys' own disks: neither passes through Warren.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// Chain in PEM, the server's own certificate first.
    pub(crate) certificate: String,
    /// Private key in PEM.
    pub(crate) key: String,
}

/// The certificate as a resource of its own. Envoy watches the folders of the files and takes new ones that are moved in
/// there, for new connections, with no connection drained (`TlsCertificate.watched_directory`).
pub(crate) fn server_certificate(files: &CertificateFiles) -> Secret {
    let file = |path: &str| {
        Some(DataSource { specifier: Some(data_source::Specifier::Filename(path.to_owned())), ..DataSource::default() })
    };
    Secret {
        name: SERVER_CERTIFICATE.to_owned(),
        r#type: Some(secret::Type::TlsCertificate(TlsCertificate {
            certificate_chain: file(&files.certificate),
            private_key: file(&files.key),
            ..TlsCertificate::default()
        })),
    }
}

/// TLS 1.2 or newer at the door, HTTP/2 or HTTP/1.1 as the client likes.
pub(crate) fn downstream_tls(login: Option<&LoginSettings>) -> TransportSocket {
    let certificate = login.and_then(|login| login.certificate.as_ref());
    let context = DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            tls_params: Some(TlsParameters {
                tls_minimum_protocol_version: TlsProtocol::TlSv12.into(),
                tls_maximum_protocol_version: TlsProtocol::TlSv13.into(),
                ..TlsParameters::default()
            }),
            tls_certificate_sds_secret_configs: vec![SdsSecretConfig {
                name: SERVER_CERTIFICATE.to_owned(),
                sds_config: Some(super::ads()),
            }],
            validation_context_type: certificate
                .map(|certificate| ValidationContextType::ValidationContext(login::client_validation(certificate))),
            alpn_protocols: ["h2", "http/1.1"].map(str::to_owned).to_vec(),
            ..CommonTlsContext::default()
        }),
        require_client_certificate: certificate.and_then(|certificate| bool_value(certificate.required)),
        ..DownstreamTlsContext::default()
    };
    TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        config_type: Some(transport_socket::ConfigType::TypedConfig(any(&context))),
    }
}
