//! Access logs of the listener: a line a query on standard output, and the same to the control service for the history.

use super::{CONTROL, NAMESPACE, any, millis, u32_value};
use envoy_types::pb::envoy::config::accesslog::v3::access_log::ConfigType;
use envoy_types::pb::envoy::config::accesslog::v3::access_log_filter::FilterSpecifier;
use envoy_types::pb::envoy::config::accesslog::v3::{AccessLog, AccessLogFilter, HeaderFilter};
use envoy_types::pb::envoy::config::core::v3::data_source::Specifier;
use envoy_types::pb::envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy_types::pb::envoy::config::core::v3::substitution_format_string::Format;
use envoy_types::pb::envoy::config::core::v3::{ApiVersion, DataSource, GrpcService, SubstitutionFormatString};
use envoy_types::pb::envoy::config::route::v3::HeaderMatcher;
use envoy_types::pb::envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy_types::pb::envoy::extensions::access_loggers::grpc::v3::{
    CommonGrpcAccessLogConfig, HttpGrpcAccessLogConfig,
};
use envoy_types::pb::envoy::extensions::access_loggers::stream::v3::{StdoutAccessLog, stdout_access_log};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use serde::Serialize;

/// The filter's piece of JSON ([`warren_rules::access_log_fields`]), as filter state.
pub(crate) const QUERY_STATE: &str = "wasm.warren.query";
/// The query id that the filter found in Trino's answer.
pub(crate) const QUERY_ID_STATE: &str = "wasm.warren.query_id";
/// The first bytes of the query's text, if the history keeps any.
pub(crate) const TEXT_STATE: &str = "wasm.warren.text";

/// What a candidate would have done ([`warren_rules::Shadow`]), while there is one.
pub(crate) const SHADOW_STATE: &str = "wasm.warren.shadow";

/// How much of its log an Envoy holds back, in bytes, to send it at once. A second's worth is sent in any case.
const SENT_AT_ONCE: u32 = 64 << 10;

/// What of each query goes to the control service.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct HistoryLog {
    /// The text too, as far as the filter took it.
    pub(crate) text: bool,
}

/// The listener's access logs.
pub(crate) fn logs(on_standard_output: bool, history: Option<&HistoryLog>) -> Vec<AccessLog> {
    let line = on_standard_output.then(|| queries("queries", ConfigType::TypedConfig(any(&line()))));
    let history = history.map(|log| queries("history", ConfigType::TypedConfig(any(&to_control_service(log)))));
    line.into_iter().chain(history).collect()
}

/// New queries only: follow-ups carry their credential in the path.
fn queries(name: &str, config: ConfigType) -> AccessLog {
    AccessLog {
        name: name.to_owned(),
        filter: Some(AccessLogFilter {
            filter_specifier: Some(FilterSpecifier::HeaderFilter(HeaderFilter {
                header: Some(HeaderMatcher {
                    name: ":method".to_owned(),
                    header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(StringMatcher {
                        match_pattern: Some(MatchPattern::Exact("POST".to_owned())),
                        ..StringMatcher::default()
                    })),
                    ..HeaderMatcher::default()
                }),
            })),
        }),
        config_type: Some(config),
    }
}

/// An object of JSON. What the client sent is in the filter's piece at the end (`warren_rules::access_log_fields`), and is
/// escaped there; it is empty if the query never came to the filter.
const LINE: &str = concat!(
    r#"{"time":"%START_TIME%","remote_address":"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%","#,
    r#""cluster":"%UPSTREAM_METADATA(warren:slug)%","attempts":%UPSTREAM_REQUEST_ATTEMPT_COUNT%,"#,
    r#""status":%RESPONSE_CODE%,"flags":"%RESPONSE_FLAGS%","milliseconds":%DURATION%,"#,
    r#""query_id":"%FILTER_STATE(wasm.warren.query_id:PLAIN)%"%FILTER_STATE(wasm.warren.query:PLAIN)%}"#,
    "\n"
);

fn line() -> StdoutAccessLog {
    StdoutAccessLog {
        access_log_format: Some(stdout_access_log::AccessLogFormat::LogFormat(SubstitutionFormatString {
            format: Some(Format::TextFormatSource(DataSource {
                specifier: Some(Specifier::InlineString(LINE.to_owned())),
                ..DataSource::default()
            })),
            omit_empty_values: true,
            ..SubstitutionFormatString::default()
        })),
    }
}

/// What the filter found goes as bytes, whatever is in them: a text that is not UTF-8 would spoil a tag, and with it all
/// entries that are sent beside it.
fn to_control_service(log: &HistoryLog) -> HttpGrpcAccessLogConfig {
    // Named whether there is a candidate or not: a change of the listener would close connections.
    let text = log.text.then_some(TEXT_STATE);
    let states = [QUERY_STATE, QUERY_ID_STATE, SHADOW_STATE].into_iter().chain(text);
    HttpGrpcAccessLogConfig {
        common_config: Some(CommonGrpcAccessLogConfig {
            log_name: NAMESPACE.to_owned(),
            grpc_service: Some(GrpcService {
                target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
                    cluster_name: CONTROL.to_owned(),
                    ..EnvoyGrpc::default()
                })),
                ..GrpcService::default()
            }),
            transport_api_version: ApiVersion::V3.into(),
            buffer_flush_interval: millis(1_000),
            buffer_size_bytes: u32_value(SENT_AT_ONCE),
            filter_state_objects_to_log: states.map(str::to_owned).collect(),
            ..CommonGrpcAccessLogConfig::default()
        }),
        ..HttpGrpcAccessLogConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_log_is_there_if_it_is_wanted() {
        for (line, history, want) in [
            (false, None, &[][..]),
            (true, None, &["queries"]),
            (false, Some(HistoryLog { text: true }), &["history"]),
            (true, Some(HistoryLog { text: false }), &["queries", "history"]),
        ] {
            let logs = logs(line, history.as_ref());
            assert_eq!(logs.iter().map(|log| log.name.as_str()).collect::<Vec<_>>(), want);
            assert!(logs.iter().all(|log| log.filter.is_some()), "follow-ups are never logged");
        }
    }

    #[test]
    fn a_text_that_is_not_wanted_is_not_asked_for() {
        let states = |text| to_control_service(&HistoryLog { text }).common_config.unwrap().filter_state_objects_to_log;
        assert_eq!(
            states(true),
            ["wasm.warren.query", "wasm.warren.query_id", "wasm.warren.shadow", "wasm.warren.text"]
        );
        assert_eq!(states(false), ["wasm.warren.query", "wasm.warren.query_id", "wasm.warren.shadow"]);
    }
}
