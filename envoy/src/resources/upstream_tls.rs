//! TLS from Envoys to whoever answers behind them: Trino, providers of keys, routing services.

use super::secret::{CertificateFiles, client_certificate};
use super::{SYSTEM_CA, ads, extension, to_struct};
use crate::state::Address;
use crate::trino::TrinoTls;
use envoy_types::pb::envoy::config::cluster::v3::cluster::TransportSocketMatch;
use envoy_types::pb::envoy::config::core::v3::{DataSource, TransportSocket, data_source, transport_socket};
use envoy_types::pb::envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::subject_alt_name_matcher::SanType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SdsSecretConfig, SubjectAltNameMatcher, TlsParameters,
    UpstreamTlsContext, certificate_validation_context::TrustChainVerification, tls_parameters::TlsProtocol,
};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use prost::{Message, Name};
use serde::Serialize;
use std::net::IpAddr;

/// Where Envoy looks in an endpoint's metadata for the socket that it wants (`Cluster.transport_socket_matches`).
const MATCH: &str = "envoy.transport_socket_match";
/// The key there, and what stands under it: the coordinator's slug behind a slash, or that it speaks no TLS.
const TLS_OF: &str = "tls_of";
const NOBODYS: &str = "plain";
/// The hash of no certificate.
const NO_CERTIFICATE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How to speak TLS with a coordinator: what is set for its cluster, and the name that goes with its address.
#[derive(Serialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CoordinatorTls {
    name: String,
    tls: TrinoTls,
}

impl CoordinatorTls {
    /// None for a coordinator that is spoken to without.
    pub(crate) fn of(address: &Address, tls: &TrinoTls) -> Option<CoordinatorTls> {
        let name = tls.server_name.clone().unwrap_or_else(|| address.host.clone());
        address.tls.then(|| CoordinatorTls { name, tls: tls.clone() })
    }

    /// The socket for it alone.
    pub(super) fn socket(&self) -> TransportSocket {
        upstream(&self.name, self.tls.ca.as_deref(), self.tls.client_certificate.as_ref(), self.tls.verify)
    }

    /// What is shown to it, if it asks who is there.
    pub(crate) fn client_certificate(&self) -> Option<&CertificateFiles> {
        self.tls.client_certificate.as_ref()
    }
}

/// The sockets of a group's endpoints: one for those that speak no TLS, and one for each that does, by slug. So other TLS of a
/// coordinator is another Envoy cluster, and never a change of endpoints alone.
pub(super) fn socket_matches<'a>(
    tls: impl IntoIterator<Item = (&'a str, &'a CoordinatorTls)>,
) -> Vec<TransportSocketMatch> {
    let one = |slug: Option<&str>, socket| TransportSocketMatch {
        name: tls_of(slug),
        r#match: Some(to_struct(&only(TLS_OF, &tls_of(slug)))),
        transport_socket: Some(socket),
    };
    let plain = one(None, transport_socket("envoy.transport_sockets.raw_buffer", &RawBuffer {}));
    std::iter::once(plain).chain(tls.into_iter().map(|(slug, tls)| one(Some(slug), tls.socket()))).collect()
}

/// What an endpoint says to get its own: a namespace of its metadata, and what stands there.
pub(super) fn wanted(slug: &str, tls: bool) -> (String, serde_json::Map<String, serde_json::Value>) {
    (MATCH.to_owned(), only(TLS_OF, &tls_of(tls.then_some(slug))))
}

/// TLS that fails with everybody, before a byte of a request is sent: for endpoints of whose socket an Envoy cluster does not know
/// yet. Envoy gives new endpoints to an Envoy cluster that it is about to replace, too, and goes on with that one while the new
/// one waits for a secret; by Envoy's own default they would get queries, and passwords, in the clear.
pub(super) fn with_nobody() -> TransportSocket {
    let nobody = CertificateValidationContext {
        verify_certificate_hash: vec![NO_CERTIFICATE.to_owned()],
        ..CertificateValidationContext::default()
    };
    tls_socket("", None, nobody)
}

fn tls_of(slug: Option<&str>) -> String {
    slug.map_or_else(|| NOBODYS.to_owned(), |slug| format!("/{slug}"))
}

fn only(key: &str, value: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([(key.to_owned(), value.into())])
}

/// TLS 1.2 or newer to a server of this name, whose certificate these have signed; without any, those whom Envoys' own
/// systems trust. `verify` false: whoever answers is believed.
pub(super) fn upstream(
    name: &str,
    ca: Option<&str>,
    client_certificate: Option<&CertificateFiles>,
    verify: bool,
) -> TransportSocket {
    let by_address = name.parse::<IpAddr>().is_ok();
    let source = match ca {
        Some(pem) => data_source::Specifier::InlineString(pem.to_owned()),
        None => data_source::Specifier::Filename(SYSTEM_CA.to_owned()),
    };
    let its_name = SubjectAltNameMatcher {
        san_type: if by_address { SanType::IpAddress } else { SanType::Dns }.into(),
        matcher: Some(StringMatcher {
            match_pattern: Some(MatchPattern::Exact(name.to_owned())),
            ignore_case: !by_address,
        }),
        ..SubjectAltNameMatcher::default()
    };
    let believed = if verify {
        CertificateValidationContext {
            trusted_ca: Some(DataSource { specifier: Some(source), ..DataSource::default() }),
            match_typed_subject_alt_names: vec![its_name],
            ..CertificateValidationContext::default()
        }
    } else {
        CertificateValidationContext {
            trust_chain_verification: TrustChainVerification::AcceptUntrusted.into(),
            ..CertificateValidationContext::default()
        }
    };
    tls_socket(if by_address { "" } else { name }, client_certificate, believed)
}

fn tls_socket(sni: &str, shown: Option<&CertificateFiles>, believed: CertificateValidationContext) -> TransportSocket {
    let shown = shown.map(|files| SdsSecretConfig { name: client_certificate(files), sds_config: Some(ads()) });
    let context = UpstreamTlsContext {
        sni: sni.to_owned(),
        common_tls_context: Some(CommonTlsContext {
            tls_params: Some(TlsParameters {
                tls_minimum_protocol_version: TlsProtocol::TlSv12.into(),
                tls_maximum_protocol_version: TlsProtocol::TlSv13.into(),
                ..TlsParameters::default()
            }),
            tls_certificate_sds_secret_configs: shown.into_iter().collect(),
            validation_context_type: Some(ValidationContextType::ValidationContext(believed)),
            alpn_protocols: vec!["http/1.1".to_owned()],
            ..CommonTlsContext::default()
        }),
        ..UpstreamTlsContext::default()
    };
    transport_socket("envoy.transport_sockets.tls", &context)
}

fn transport_socket<M: Message + Name>(name: &str, config: &M) -> TransportSocket {
    let config = extension(name, config);
    TransportSocket {
        name: config.name,
        config_type: config.typed_config.map(transport_socket::ConfigType::TypedConfig),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(socket: &TransportSocket) -> UpstreamTlsContext {
        let Some(transport_socket::ConfigType::TypedConfig(any)) = &socket.config_type else { panic!("{socket:?}") };
        UpstreamTlsContext::decode(any.value.as_slice()).unwrap()
    }

    fn believed(socket: &TransportSocket) -> CertificateValidationContext {
        let common = context(socket).common_tls_context.unwrap();
        let Some(ValidationContextType::ValidationContext(believed)) = common.validation_context_type else {
            panic!("{common:?}")
        };
        believed
    }

    #[test]
    fn a_coordinator_is_known_by_the_name_that_was_set_or_by_its_host() {
        let address = Address::parse("https://trino.internal:8443").unwrap();
        let named = TrinoTls { server_name: Some("trino.example".to_owned()), ..TrinoTls::default() };
        for (tls, want) in [(TrinoTls::default(), "trino.internal"), (named, "trino.example")] {
            let socket = CoordinatorTls::of(&address, &tls).unwrap().socket();
            assert_eq!(context(&socket).sni, want);
            let names = believed(&socket).match_typed_subject_alt_names;
            let exact = MatchPattern::Exact(want.to_owned());
            assert_eq!(names[0].matcher.as_ref().unwrap().match_pattern, Some(exact));
        }
        assert_eq!(CoordinatorTls::of(&Address::parse("http://trino").unwrap(), &TrinoTls::default()), None);
    }

    #[test]
    fn an_address_has_no_name_to_ask_for() {
        let socket = upstream("10.0.0.1", None, None, true);
        assert_eq!(context(&socket).sni, "");
        assert_eq!(believed(&socket).match_typed_subject_alt_names[0].san_type(), SanType::IpAddress);
    }

    #[test]
    fn nothing_is_verified_only_where_that_is_said() {
        let open = believed(&upstream("trino", Some("pem"), None, false));
        assert_eq!(open.trust_chain_verification(), TrustChainVerification::AcceptUntrusted);
        let closed = believed(&upstream("trino", None, None, true));
        assert_eq!(closed.trust_chain_verification(), TrustChainVerification::VerifyTrustChain);
        assert!(closed.trusted_ca.is_some());
    }

    #[test]
    fn endpoints_ask_for_the_socket_that_their_group_has() {
        let address = Address::parse("https://10.0.0.1").unwrap();
        let tls = CoordinatorTls::of(&address, &TrinoTls::default()).unwrap();
        // A slug may be called what no slug is called.
        let matches = socket_matches([("plain", &tls)]);
        let names: Vec<&str> = matches.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["plain", "/plain"]);
        for (one, speaks_tls) in matches.iter().zip([false, true]) {
            let (namespace, wanted) = wanted("plain", speaks_tls);
            assert_eq!(namespace, "envoy.transport_socket_match");
            assert_eq!(one.r#match, Some(to_struct(&wanted)));
        }
    }

    #[test]
    fn who_asks_for_no_socket_that_is_known_is_spoken_with_by_nobody() {
        let nobody = believed(&with_nobody());
        assert_eq!(nobody.verify_certificate_hash, ["0".repeat(64)]);
        assert_eq!(nobody.trust_chain_verification(), TrustChainVerification::VerifyTrustChain);
    }

    #[test]
    fn a_certificate_is_shown_from_files_of_the_envoys() {
        let files = CertificateFiles { certificate: "/c.pem".into(), key: "/c.key".into() };
        let other = CertificateFiles { key: "/d.key".into(), ..files.clone() };
        let shown = |files| {
            let context = context(&upstream("trino", None, files, true)).common_tls_context.unwrap();
            context.tls_certificate_sds_secret_configs.into_iter().map(|config| config.name).collect::<Vec<_>>()
        };
        assert_eq!(shown(None), [""; 0]);
        assert_eq!(shown(Some(&files)), [client_certificate(&files)]);
        assert_ne!(shown(Some(&files)), shown(Some(&other)));
    }
}
