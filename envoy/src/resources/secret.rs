//! SDS: certificates that Envoys show: the listener its clients, Envoy clusters their coordinators.

use super::{SERVER_CERTIFICATE, any, bool_value, login};
use crate::login::LoginSettings;
use envoy_types::pb::envoy::config::core::v3::{
    DataSource, TransportSocket, WatchedDirectory, data_source, transport_socket,
};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CommonTlsContext, DownstreamTlsContext, SdsSecretConfig, Secret, TlsCertificate, TlsParameters, secret,
    tls_parameters::TlsProtocol,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Certificate and key as files on the Envoys' own disks: neither passes through Warren.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateFiles {
    /// Path of the chain in PEM, the certificate of whoever shows it first.
    pub(crate) certificate: String,
    /// Path of the private key in PEM.
    pub(crate) key: String,
}

impl CertificateFiles {
    /// The folder of both, if it is one.
    pub(crate) fn folder(&self) -> Option<String> {
        let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        folder(&self.certificate).filter(|of_certificate| folder(&self.key).as_ref() == Some(of_certificate))
    }
}

/// Name of the certificate that is shown to coordinators: other files are another one.
pub(crate) fn client_certificate(files: &CertificateFiles) -> String {
    let CertificateFiles { certificate, key } = files;
    format!("client/{:016x}", xxhash_rust::xxh64::xxh64(format!("{certificate}\0{key}").as_bytes(), 0))
}

/// A certificate as a resource of its own. Envoy watches the folder of the files and takes new ones that are moved in
/// there, or symbolic links that are, for new connections, with no connection drained. Files in two folders: it watches both.
pub(crate) fn certificate(name: &str, files: &CertificateFiles) -> Secret {
    let file = |path: &str| {
        Some(DataSource { specifier: Some(data_source::Specifier::Filename(path.to_owned())), ..DataSource::default() })
    };
    Secret {
        name: name.to_owned(),
        r#type: Some(secret::Type::TlsCertificate(TlsCertificate {
            certificate_chain: file(&files.certificate),
            private_key: file(&files.key),
            watched_directory: files.folder().map(|path| WatchedDirectory { path, ..WatchedDirectory::default() }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_both_files_is_watched() {
        let watched = |certificate: &str, key: &str| {
            let files = CertificateFiles { certificate: certificate.to_owned(), key: key.to_owned() };
            match super::certificate(SERVER_CERTIFICATE, &files).r#type {
                Some(secret::Type::TlsCertificate(certificate)) => {
                    certificate.watched_directory.map(|watched| watched.path)
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(watched("/certs/tls.crt", "/certs/tls.key"), Some("/certs/".to_owned()));
        assert_eq!(watched("/tls.crt", "/tls.key"), Some("/".to_owned()));
        assert_eq!(watched("/certs/tls.crt", "/keys/tls.key"), None);
    }
}
