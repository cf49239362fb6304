//! TLS from Envoys to whoever answers behind them: Trino, providers of keys, routing services.

use super::{SYSTEM_CA, extension};
use crate::state::Address;
use crate::trino::TrinoTls;
use envoy_types::pb::envoy::config::cluster::v3::cluster::TransportSocketMatch;
use envoy_types::pb::envoy::config::core::v3::{DataSource, TransportSocket, data_source, transport_socket};
use envoy_types::pb::envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::subject_alt_name_matcher::SanType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, SubjectAltNameMatcher, TlsParameters, UpstreamTlsContext,
    certificate_validation_context::TrustChainVerification, tls_parameters::TlsProtocol,
};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Where Envoy looks in an endpoint's metadata for the socket that it wants (`Cluster.transport_socket_matches`).
const MATCH: &str = "envoy.transport_socket_match";
/// The key there, and what stands there for an endpoint that is spoken to without TLS.
const TLS: &str = "tls";
const NONE: &str = "none";
/// Nobody has a certificate for it (RFC 6761).
const NOBODY: &str = "nobody.invalid";

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
        upstream(&self.name, self.tls.ca.as_deref(), self.tls.verify)
    }

    /// By which endpoints of a group ask for it.
    fn id(&self) -> String {
        format!("{:016x}", xxhash_rust::xxh64::xxh64(&serde_json::to_vec(self).unwrap_or_default(), 0))
    }
}

/// The sockets of a group's Envoy cluster: for endpoints with each of these ways of TLS, and for those without.
pub(super) fn socket_matches(ways: &[CoordinatorTls]) -> Vec<TransportSocketMatch> {
    let socket_match = |id: String, socket| TransportSocketMatch {
        r#match: Some(super::to_struct(&only(TLS, &id))),
        name: id,
        transport_socket: Some(socket),
    };
    let plain = extension("envoy.transport_sockets.raw_buffer", &RawBuffer {});
    let plain = TransportSocket {
        name: plain.name,
        config_type: plain.typed_config.map(transport_socket::ConfigType::TypedConfig),
    };
    let tls = ways.iter().map(|way| socket_match(way.id(), way.socket()));
    tls.chain([socket_match(NONE.to_owned(), plain)]).collect()
}

/// What an endpoint of a group says of the socket that it wants: a namespace of its metadata, and what stands there.
pub(super) fn wanted(tls: Option<&CoordinatorTls>) -> (String, serde_json::Map<String, serde_json::Value>) {
    (MATCH.to_owned(), only(TLS, &tls.map_or_else(|| NONE.to_owned(), CoordinatorTls::id)))
}

/// For an endpoint that asks for a socket which its Envoy cluster does not have (yet): it gets nothing, least of all a query
/// and a password in the clear. Envoys may give endpoints to an Envoy cluster that they are about to replace.
pub(super) fn with_nobody() -> TransportSocket {
    upstream(NOBODY, None, true)
}

fn only(key: &str, value: &str) -> serde_json::Map<String, serde_json::Value> {
    BTreeMap::from([(key, value)]).into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

/// TLS 1.2 or newer to a server of this name, whose certificate these have signed; without any, those whom Envoys' own
/// systems trust. `verify` false: whoever answers is believed.
pub(super) fn upstream(name: &str, ca: Option<&str>, verify: bool) -> TransportSocket {
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
    let context = UpstreamTlsContext {
        sni: if by_address { String::new() } else { name.to_owned() },
        common_tls_context: Some(CommonTlsContext {
            tls_params: Some(TlsParameters {
                tls_minimum_protocol_version: TlsProtocol::TlSv12.into(),
                tls_maximum_protocol_version: TlsProtocol::TlSv13.into(),
                ..TlsParameters::default()
            }),
            validation_context_type: Some(ValidationContextType::ValidationContext(believed)),
            ..CommonTlsContext::default()
        }),
        ..UpstreamTlsContext::default()
    };
    let config = extension("envoy.transport_sockets.tls", &context);
    TransportSocket {
        name: config.name,
        config_type: config.typed_config.map(transport_socket::ConfigType::TypedConfig),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

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
        let socket = upstream("10.0.0.1", None, true);
        assert_eq!(context(&socket).sni, "");
        assert_eq!(believed(&socket).match_typed_subject_alt_names[0].san_type(), SanType::IpAddress);
    }

    #[test]
    fn whoever_asks_for_another_socket_gets_one_that_speaks_with_nobody() {
        let names = believed(&with_nobody()).match_typed_subject_alt_names;
        assert_eq!(
            names[0].matcher.as_ref().unwrap().match_pattern,
            Some(MatchPattern::Exact("nobody.invalid".to_owned()))
        );
    }

    #[test]
    fn nothing_is_verified_only_where_that_is_said() {
        let open = believed(&upstream("trino", Some("pem"), false));
        assert_eq!(open.trust_chain_verification(), TrustChainVerification::AcceptUntrusted);
        let closed = believed(&upstream("trino", None, true));
        assert_eq!(closed.trust_chain_verification(), TrustChainVerification::VerifyTrustChain);
        assert!(closed.trusted_ca.is_some());
    }

    #[test]
    fn endpoints_ask_for_the_socket_that_their_group_has() {
        let address = Address::parse("https://10.0.0.1").unwrap();
        let tls = CoordinatorTls::of(&address, &TrinoTls::default()).unwrap();
        let ids: Vec<_> = [Some(&tls), None].map(wanted).into_iter().collect();
        assert!(ids.iter().all(|(namespace, _)| namespace == "envoy.transport_socket_match"));
        let matches = socket_matches(std::slice::from_ref(&tls));
        let wanted: Vec<_> = ids.iter().map(|(_, id)| Some(super::super::to_struct(id))).collect();
        assert_eq!(matches.iter().map(|m| m.r#match.clone()).collect::<Vec<_>>(), wanted);
        let sockets: Vec<_> = matches.iter().map(|m| m.transport_socket.clone().unwrap().name).collect();
        assert_eq!(sockets, ["envoy.transport_sockets.tls", "envoy.transport_sockets.raw_buffer"]);
    }
}
