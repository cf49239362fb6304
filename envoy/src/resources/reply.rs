//! Replies that Envoy itself gives, in the form that Trino's clients read.

use super::{to_struct, u32_value};
use envoy_types::pb::envoy::config::accesslog::v3::access_log_filter::FilterSpecifier;
use envoy_types::pb::envoy::config::accesslog::v3::comparison_filter::Op;
use envoy_types::pb::envoy::config::accesslog::v3::{
    AccessLogFilter, AndFilter, ComparisonFilter, ResponseFlagFilter, StatusCodeFilter,
};
use envoy_types::pb::envoy::config::core::v3::data_source::Specifier;
use envoy_types::pb::envoy::config::core::v3::substitution_format_string::Format;
use envoy_types::pb::envoy::config::core::v3::{DataSource, RuntimeUInt32, SubstitutionFormatString};
use envoy_types::pb::envoy::config::route::v3::DirectResponseAction;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::{
    LocalReplyConfig, ResponseMapper,
};
use warren_rules::reply::{
    ErrorKind, GENERIC_INTERNAL_ERROR, NO_NODES_AVAILABLE, QUERY_QUEUE_FULL, QUERY_TEXT_TOO_LARGE,
};

const PASSWORDS: &str = "passwords cannot be checked now; try again";
/// Holds the name of the limit, which the filter put there ([`warren_rules::Limit::name`]).
const TOO_MANY: &str = "too many queries: the rules allow %REQ(x-warren-limit)%; try again later";
const FILTER_FAILED: &str = "the routing filter failed; try again";

/// A fixed answer with a Trino-shaped error in it.
pub(crate) fn direct(status: u32, message: &str, kind: ErrorKind) -> DirectResponseAction {
    DirectResponseAction {
        status,
        body: Some(DataSource {
            specifier: Some(Specifier::InlineString(kind.body(message))),
            ..DataSource::default()
        }),
        ..DirectResponseAction::default()
    }
}

/// How Envoy's own errors look.
///
/// * no cluster serving (UH, NC) and no connection (UF, URX, UO): `no_cluster_status`; with 503 clients wait and try again,
///   with 200 they show the error at once;
/// * more queries than a rule allows (429; Envoy sets RL after this is looked at): 200 with Trino's own error for a full queue;
/// * a body over the limit (413): 200 with Trino's own error for a text that is too long;
/// * a password that nobody could check (UAEX and 503);
/// * any other 503: the filter failed, and is away until its VM is made anew.
pub(crate) fn local(no_cluster_status: u32, body_limit: u64) -> LocalReplyConfig {
    let flags = |flags: &[&str]| AccessLogFilter {
        filter_specifier: Some(FilterSpecifier::ResponseFlagFilter(ResponseFlagFilter {
            flags: flags.iter().map(|f| (*f).to_owned()).collect(),
        })),
    };
    let status = |code: u32| AccessLogFilter {
        filter_specifier: Some(FilterSpecifier::StatusCodeFilter(StatusCodeFilter {
            comparison: Some(ComparisonFilter {
                op: Op::Eq.into(),
                value: Some(RuntimeUInt32 { default_value: code, runtime_key: format!("warren.status_{code}") }),
            }),
        })),
    };
    let both = |one, other| AccessLogFilter {
        filter_specifier: Some(FilterSpecifier::AndFilter(AndFilter { filters: vec![one, other] })),
    };
    LocalReplyConfig {
        mappers: vec![
            ResponseMapper {
                filter: Some(flags(&["UH", "NC"])),
                status_code: u32_value(no_cluster_status),
                body_format_override: Some(json(
                    "no cluster of the group is serving; try again, or ask who runs the clusters",
                    NO_NODES_AVAILABLE,
                )),
                ..ResponseMapper::default()
            },
            ResponseMapper {
                filter: Some(flags(&["UF", "URX", "UO", "UC", "UPE"])),
                status_code: u32_value(503),
                body_format_override: Some(json(
                    "the cluster cannot be reached (%RESPONSE_FLAGS%)",
                    NO_NODES_AVAILABLE,
                )),
                ..ResponseMapper::default()
            },
            ResponseMapper {
                filter: Some(status(429)),
                status_code: u32_value(200),
                body_format_override: Some(json(TOO_MANY, QUERY_QUEUE_FULL)),
                ..ResponseMapper::default()
            },
            ResponseMapper {
                filter: Some(status(413)),
                status_code: u32_value(200),
                body_format_override: Some(json(
                    &format!(
                        "the query text is longer than {body_limit} bytes, which is as much as routing rules read"
                    ),
                    QUERY_TEXT_TOO_LARGE,
                )),
                ..ResponseMapper::default()
            },
            ResponseMapper {
                filter: Some(both(flags(&["UAEX"]), status(503))),
                body_format_override: Some(json(PASSWORDS, GENERIC_INTERNAL_ERROR)),
                ..ResponseMapper::default()
            },
            ResponseMapper {
                filter: Some(status(503)),
                body_format_override: Some(json(FILTER_FAILED, GENERIC_INTERNAL_ERROR)),
                ..ResponseMapper::default()
            },
        ],
        ..LocalReplyConfig::default()
    }
}

fn json(message: &str, kind: ErrorKind) -> SubstitutionFormatString {
    let fields = serde_json::from_str(&kind.body(message)).unwrap_or_default();
    SubstitutionFormatString {
        format: Some(Format::JsonFormat(to_struct(&fields))),
        ..SubstitutionFormatString::default()
    }
}
