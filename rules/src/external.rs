//! A routing service that rules may ask, spoken to as Trino Gateway speaks to its own: `ExternalRoutingGroupSelector`,
//! `RoutingGroupExternalBody` and `ExternalRouterResponse` of version 21.
//!
//! Nothing is asked here. A rule that calls `external("name")` ends the evaluation ([`Decision::asks`](crate::Decision::asks));
//! whoever runs it asks, tells the query ([`Query::tell`](crate::Query::tell)), and lets it be decided again. Rules are
//! functions of the query, so they come to the same place, and find the answer.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::headers;
use crate::query::Query;

/// A routing service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalService {
    /// Name of the Envoy cluster that leads there.
    pub envoy_cluster: String,
    /// Host, and port if it is not the usual one.
    pub authority: String,
    /// Path, and query if there is one.
    pub path: String,
    /// How long it may take to answer.
    pub timeout_ms: u64,
    /// Headers, in lower case, that are neither sent to it nor taken from it.
    pub exclude_headers: Vec<String>,
    /// Deny the query if it tells errors; else they are passed over, and the group that it names is taken.
    pub propagate_errors: bool,
    /// How long an answer serves the same request again; 0 for not at all.
    pub cache_seconds: u64,
}

/// What a service is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRequest {
    /// Headers, those with a colon first.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: String,
    /// The same for requests that deserve the same answer: a hash of all that is sent, less what differs each time.
    pub key: [u8; 32],
}

/// What a service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalAnswer {
    /// The query goes to this group; to none in particular if it is empty.
    Group {
        /// Its name.
        group: String,
        /// Headers to set. Those that a rule must not set are left out.
        headers: Vec<(String, String)>,
    },
    /// The query is refused, for these reasons.
    Errors(Vec<String>),
}

/// Headers that are about one hop, or about the text that is not sent.
const OWN_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Bytes of a text that is told of, at most; as Trino Gateway's `maxBodySize`.
const LONGEST_TEXT: usize = 1_000_000;
/// Headers that differ from request to request and say nothing of the query.
const PER_REQUEST: &[&str] = &["traceparent", "tracestate", "x-request-id"];

/// As the service writes it. More than this is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalResponse {
    /// Where the query goes.
    pub routing_group: Option<String>,
    /// What is wrong with it.
    pub errors: Option<Vec<String>>,
    /// Headers to set.
    pub external_headers: Option<BTreeMap<String, Option<String>>>,
}

impl ExternalService {
    /// What the service is sent about a query: the client's headers as headers, the facts as JSON.
    pub fn request(&self, query: &Query) -> ExternalRequest {
        let excluded = |name: &str| self.exclude_headers.iter().any(|known| known == name);
        let sent = query.all_headers().filter(|(name, _)| {
            !name.starts_with([':']) && !name.starts_with("x-warren-") && !OWN_HEADERS.contains(name) && !excluded(name)
        });
        let sent: Vec<(String, String)> = sent.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let body = serde_json::to_string(&body(query)).unwrap_or_default();
        let mut key = Sha256::new_with_prefix(&body);
        for (name, value) in sent.iter().filter(|(name, _)| !PER_REQUEST.contains(&name.as_str())) {
            key.update(format!("\n{name}:{value}"));
        }
        let own = [
            (":method", "POST"),
            (":path", self.path.as_str()),
            (":authority", self.authority.as_str()),
            ("content-type", "application/json; charset=utf-8"),
            ("accept", "application/json"),
        ];
        let accepts = |(name, _): &(String, String)| name != "accept";
        let headers = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = headers.into_iter().chain(sent.into_iter().filter(accepts)).collect();
        ExternalRequest { headers, body, key: key.finalize().into() }
    }

    /// What the service answered.
    ///
    /// # Errors
    /// In words: another status than 200, or a body that cannot be read.
    pub fn answer(&self, status: &str, body: &[u8]) -> Result<ExternalAnswer, String> {
        if status != "200" {
            return Err(format!("it answered with status {status}"));
        }
        let response: ExternalResponse =
            serde_json::from_slice(body).map_err(|error| format!("its answer cannot be read: {error}"))?;
        Ok(response.answer(self.propagate_errors, &self.exclude_headers))
    }
}

impl ExternalResponse {
    /// What it means.
    pub(crate) fn answer(self, propagate_errors: bool, exclude_headers: &[String]) -> ExternalAnswer {
        let errors = self.errors.unwrap_or_default();
        if propagate_errors && !errors.is_empty() {
            return ExternalAnswer::Errors(errors);
        }
        let headers = self.external_headers.unwrap_or_default().into_iter();
        let headers = headers.filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value?)));
        let allowed = |(name, value): &(String, String)| {
            headers::refuse_name(name).or_else(|| headers::refuse_value(value)).is_none()
                && !exclude_headers.contains(name)
        };
        let group = self.routing_group.unwrap_or_default();
        ExternalAnswer::Group { group, headers: headers.filter(allowed).collect() }
    }
}

/// `RoutingGroupExternalBody`, as Trino Gateway writes it: most of what is not there is left out, but not all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    trino_query_properties: Option<Properties<'a>>,
    trino_request_user: RequestUser<'a>,
    /// The same whatever the client sent.
    content_type: &'static str,
    method: &'a str,
    #[serde(rename = "requestURI")]
    request_uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_addr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_host: Option<&'a str>,
    parameters: BTreeMap<String, Vec<String>>,
}

/// `TrinoRequestUser`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestUser<'a> {
    user: Option<&'a str>,
    /// Who a token's provider says that it is: nobody is asked here.
    user_info: (),
}

/// `TrinoQueryProperties`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_type: Option<&'a str>,
    resource_group_query_type: &'a str,
    tables: &'a BTreeSet<String>,
    /// As the client wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_catalog: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_schema: Option<&'a str>,
    catalogs: &'a BTreeSet<String>,
    schemas: &'a BTreeSet<String>,
    catalog_schemas: &'a BTreeSet<String>,
    is_new_query_submission: bool,
    is_query_parsing_successful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
}

fn body(query: &Query) -> Body<'_> {
    let url = query.url();
    let (path, parameters) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let text = query.statement();
    Body {
        trino_query_properties: (1..LONGEST_TEXT).contains(&text.len()).then(|| properties(query, text)),
        trino_request_user: RequestUser { user: none_if_empty(query.user()), user_info: () },
        content_type: "application/json",
        method: query.http_method(),
        request_uri: path,
        query_string: parameters,
        remote_addr: none_if_empty(query.client()),
        remote_host: none_if_empty(query.client()),
        parameters: parameters.map(parameter_map).unwrap_or_default(),
    }
}

fn properties<'a>(query: &'a Query, text: &'a str) -> Properties<'a> {
    let facts = query.sql_facts();
    Properties {
        body: text,
        query_type: facts.query_type,
        resource_group_query_type: facts.resource_group_query_type,
        tables: &facts.tables,
        default_catalog: query.header("x-trino-catalog"),
        default_schema: query.header("x-trino-schema"),
        catalogs: &facts.catalogs,
        schemas: &facts.schemas,
        catalog_schemas: &facts.catalog_schemas,
        is_new_query_submission: true,
        is_query_parsing_successful: facts.error.is_none(),
        error_message: facts.error.as_deref(),
    }
}

fn none_if_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// As `HttpServletRequest.getParameterMap`.
fn parameter_map(query: &str) -> BTreeMap<String, Vec<String>> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        map.entry(decoded(name)).or_default().push(decoded(value));
    }
    map
}

#[cfg(test)]
#[path = "external_tests.rs"]
mod tests;
