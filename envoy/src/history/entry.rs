//! One entry of Envoy's access log, as a row. Pure.

use super::KeptText;
use super::places::Places;
use crate::resources::access_log::{QUERY_ID_STATE, QUERY_STATE, SHADOW_STATE, TEXT_STATE};
use envoy_types::pb::envoy::data::accesslog::v3::{AccessLogCommon, HttpAccessLogEntry, ResponseFlags};
use envoy_types::pb::google::protobuf::{BytesValue, StringValue};
use prost::{Message, Name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warren_rules::Shadow;
use warren_rules::sql::body_hashes;

/// As long as a column of Trino Gateway's takes a name, in characters.
const NAME: usize = 255;

/// A query, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Trino's query id, or one of ours if no cluster gave one: then it is not [`Outcome::Accepted`].
    pub(crate) id: String,
    /// When it came, in milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) user: String,
    pub(crate) source: String,
    /// What rules tagged it with.
    pub(crate) tags: Vec<String>,
    pub(crate) rule: Option<String>,
    /// Version of the rule set.
    pub(crate) rules: String,
    pub(crate) group: Option<String>,
    /// Slug of the cluster that was asked last.
    pub(crate) slug: Option<String>,
    /// The text, or its beginning.
    pub(crate) text: Option<String>,
    /// Whether the text went on; none if no text came.
    pub(crate) text_cut: Option<bool>,
    pub(crate) user_query_hash: Option<String>,
    pub(crate) generic_query_hash: Option<String>,
    pub(crate) outcome: Outcome,
    /// Of the answer to the client; 0 if there was none.
    pub(crate) status: i32,
    /// Envoy's short names for what went wrong, comma separated.
    pub(crate) flags: String,
    /// From the request's first byte to the answer's last, in milliseconds. The query itself goes on after it.
    pub(crate) latency_ms: i64,
    pub(crate) client: Client,
    /// What a candidate would have done with it.
    pub(crate) shadow: Option<Shadow>,
}

/// What a client said of its query beyond user and source; what it left out is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Client {
    /// X-Trino-Client-Tags, as it was sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) client_tags: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) catalog: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) schema: String,
}

/// What became of it at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// A cluster took it, and gave it an id.
    Accepted,
    /// A rule denied it.
    Denied,
    /// It could go nowhere: an unknown group, a transaction that is gone; or it was one too many (`flags` says `RL`).
    Refused,
    /// It was sent on, and no id came back: `status` and `flags` say more.
    Failed,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Denied => "denied",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// The filter's piece of JSON (`warren_rules::access_log_fields`).
#[derive(Deserialize)]
struct Fields {
    user: String,
    source: String,
    rules: String,
    rule: Option<String>,
    group: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    denied: bool,
    #[serde(flatten)]
    client: Client,
}

impl Row {
    /// None for what the filter did not see: it was no query, or was turned away before. `own_id` is called if there is no
    /// id of Trino's.
    pub(crate) fn read(
        entry: &HttpAccessLogEntry,
        text: KeptText,
        places: &Places,
        own_id: impl FnOnce() -> String,
    ) -> Option<Row> {
        let common = entry.common_properties.as_ref()?;
        let fields: Fields = read_fields(&state(common, QUERY_STATE)?)?;
        let query_id = state(common, QUERY_ID_STATE).and_then(|id| String::from_utf8(id).ok()).filter(|id| is_id(id));
        let outcome = match (&query_id, &fields.group) {
            (Some(_), _) => Outcome::Accepted,
            (None, _) if fields.denied => Outcome::Denied,
            (None, None) => Outcome::Refused,
            (None, _) if common.response_flags.as_ref().is_some_and(|flags| flags.rate_limited) => Outcome::Refused,
            (None, Some(_)) => Outcome::Failed,
        };
        let mut row = Row {
            id: query_id.unwrap_or_else(own_id),
            created: common.start_time.as_ref().map_or(0, |t| milliseconds(t.seconds, t.nanos)),
            user: name(&fields.user),
            source: name(&fields.source),
            tags: fields.tags.iter().map(|tag| storable(tag)).collect(),
            rule: fields.rule.as_deref().map(storable),
            rules: storable(&fields.rules),
            group: fields.group.as_deref().map(name),
            slug: places.slug(&common.upstream_cluster, common.upstream_remote_address.as_ref()).map(name),
            text: None,
            text_cut: None,
            user_query_hash: None,
            generic_query_hash: None,
            outcome,
            status: status(entry),
            flags: common.response_flags.as_ref().map(flags).unwrap_or_default(),
            latency_ms: latency(common),
            client: Client {
                client_tags: name(&fields.client.client_tags),
                catalog: name(&fields.client.catalog),
                schema: name(&fields.client.schema),
            },
            shadow: state(common, SHADOW_STATE).and_then(|json| serde_json::from_slice(&json).ok()),
        };
        if let Some(sent) = state(common, TEXT_STATE)
            && text != KeptText::Off
        {
            let whole = entry.request.as_ref().map_or(0, |request| request.request_body_bytes);
            row.add_text(&sent, whole, text);
        }
        Some(row)
    }

    /// `whole` is as long as the text was when it came to Envoy, in bytes.
    fn add_text(&mut self, sent: &[u8], whole: u64, kept: KeptText) {
        let cut = whole > sent.len() as u64;
        let text = String::from_utf8_lossy(sent);
        if !cut {
            let hashes = body_hashes(&text);
            self.user_query_hash = Some(hashes.user_query_hash);
            self.generic_query_hash = Some(hashes.generic_query_hash);
        }
        self.text_cut = Some(cut);
        if kept == KeptText::Full {
            // The cut may have gone through a letter.
            let end = if cut { sent.utf8_chunks().last().map_or(0, |last| last.invalid().len()) } else { 0 };
            let text = if end > 0 { String::from_utf8_lossy(sent.split_at(sent.len() - end).0) } else { text };
            self.text = Some(storable(&text));
        }
    }

    /// About as much memory as it takes.
    pub(crate) fn bytes(&self) -> usize {
        let Client { client_tags, catalog, schema } = &self.client;
        let said = [&self.user, &self.source, client_tags, catalog, schema];
        let known = [&self.rule, &self.group, &self.text].into_iter().flatten();
        let texts: usize = said.into_iter().chain(known).map(String::len).sum();
        let shadow = self.shadow.as_ref().map_or(0, |shadow| shadow.from.len() + shadow.to.len());
        size_of::<Row>()
            + 128
            + texts
            + shadow
            + self.tags.iter().map(|tag| tag.len() + size_of::<String>()).sum::<usize>()
    }
}

fn read_fields(piece: &[u8]) -> Option<Fields> {
    let rest = piece.strip_prefix(b",")?;
    serde_json::from_slice(&[b"{", rest, b"}"].concat()).ok()
}

/// What the filter put there: bytes, which Envoy wraps.
fn state(common: &AccessLogCommon, name: &str) -> Option<Vec<u8>> {
    let any = common.filter_state_objects.get(name)?;
    if any.type_url == StringValue::type_url() {
        return StringValue::decode(any.value.as_slice()).ok().map(|value| value.value.into_bytes());
    }
    BytesValue::decode(any.value.as_slice()).ok().map(|value| value.value)
}

fn status(entry: &HttpAccessLogEntry) -> i32 {
    let code = entry.response.as_ref().and_then(|response| response.response_code.as_ref());
    code.and_then(|code| i32::try_from(code.value).ok()).unwrap_or_default()
}

fn latency(common: &AccessLogCommon) -> i64 {
    let duration = common.duration.as_ref().or(common.time_to_last_downstream_tx_byte.as_ref());
    duration.map_or(0, |d| milliseconds(d.seconds, d.nanos))
}

/// Of any seconds, as whoever sends the log writes them.
fn milliseconds(seconds: i64, nanos: i32) -> i64 {
    seconds.saturating_mul(1000).saturating_add(i64::from(nanos) / 1_000_000)
}

/// Fits into the column; whoever sends the log may say anything.
fn is_id(id: &str) -> bool {
    (1..=NAME).contains(&id.len()) && !id.contains('\0')
}

/// PostgreSQL's text holds no NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn name(text: &str) -> String {
    storable(text).chars().take(NAME).collect()
}

/// As Envoy's own log writes them (`%RESPONSE_FLAGS%`).
fn flags(flags: &ResponseFlags) -> String {
    let all = [
        (flags.failed_local_healthcheck, "LH"),
        (flags.no_healthy_upstream, "UH"),
        (flags.upstream_request_timeout, "UT"),
        (flags.local_reset, "LR"),
        (flags.upstream_remote_reset, "UR"),
        (flags.upstream_connection_failure, "UF"),
        (flags.upstream_connection_termination, "UC"),
        (flags.upstream_overflow, "UO"),
        (flags.no_route_found, "NR"),
        (flags.delay_injected, "DI"),
        (flags.fault_injected, "FI"),
        (flags.rate_limited, "RL"),
        (flags.unauthorized_details.is_some(), "UAEX"),
        (flags.rate_limit_service_error, "RLSE"),
        (flags.downstream_connection_termination, "DC"),
        (flags.upstream_retry_limit_exceeded, "URX"),
        (flags.stream_idle_timeout, "SI"),
        (flags.invalid_envoy_request_headers, "IH"),
        (flags.downstream_protocol_error, "DPE"),
        (flags.upstream_max_stream_duration_reached, "UMSDR"),
        (flags.response_from_cache_filter, "RFCF"),
        (flags.no_filter_config_found, "NFCF"),
        (flags.duration_timeout, "DT"),
        (flags.upstream_protocol_error, "UPE"),
        (flags.no_cluster_found, "NC"),
        (flags.overload_manager, "OM"),
        (flags.dns_resolution_failure, "DF"),
        (flags.downstream_remote_reset, "DR"),
    ];
    all.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
