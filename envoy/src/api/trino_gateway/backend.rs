//! A cluster in Trino Gateway's JSON, read as leniently as Trino Gateway reads it.

use crate::api::clusters::{check_name, check_url};
use crate::state::Cluster;
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Trino Gateway gives a cluster without a group this one, whatever its default group is.
const GROUP: &str = "adhoc";

/// What the tables hold, in characters.
const MAX_LENGTH: usize = 256;

/// Its fields stand in the order of Trino Gateway's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct Backend {
    active: bool,
    routing_group: String,
    external_url: String,
    name: String,
    proxy_to: String,
}

/// Why a body is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::api) enum Refused {
    /// Its content type is not JSON.
    NotJsonType,
    /// It is not JSON, or a field has a value of another kind.
    NotJson(String),
    /// Nothing was sent, or what must be there is null: 500 at Trino Gateway, and so here.
    Missing(&'static str),
    /// Trino Gateway would take it; nothing could be routed there.
    Unusable(Vec<String>),
}

impl From<Cluster> for Backend {
    fn from(cluster: Cluster) -> Backend {
        Backend {
            active: cluster.active,
            routing_group: cluster.group,
            external_url: cluster.external_url,
            name: cluster.name,
            proxy_to: cluster.url,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Refused::NotJsonType => StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response(),
            Refused::NotJson(message) => {
                let error = json!({"code": "JSON_PARSING_ERROR", "message": message});
                (StatusCode::BAD_REQUEST, Json(error)).into_response()
            }
            Refused::Missing(message) => (StatusCode::INTERNAL_SERVER_ERROR, message).into_response(),
            Refused::Unusable(mistakes) => (StatusCode::BAD_REQUEST, mistakes.join("\n")).into_response(),
        }
    }
}

impl Backend {
    /// Reads a body that says of itself that it is JSON.
    pub(super) fn sent(headers: &HeaderMap, body: &[u8]) -> Result<Backend, Refused> {
        let sent = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(kind.as_str(), "application/json" | "text/json") {
            return Err(Refused::NotJsonType);
        }
        Backend::read(body)
    }

    /// Reads a body. Fields that are not known are passed over.
    pub(in crate::api) fn read(body: &[u8]) -> Result<Backend, Refused> {
        const NOTHING: Refused = Refused::Missing("no backend was sent");
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(NOTHING);
        }
        let object = match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => object,
            Ok(Value::Null) => return Err(NOTHING),
            Ok(_) => return Err(Refused::NotJson("a backend is a JSON object".to_owned())),
            Err(error) => return Err(Refused::NotJson(error.to_string())),
        };
        let active = active(&object)?;
        let name = text(&object, "name")?.flatten();
        let proxy_to = text(&object, "proxyTo")?.flatten();
        let external_url = text(&object, "externalUrl")?.flatten();
        let routing_group = text(&object, "routingGroup")?.unwrap_or_else(|| Some(GROUP.to_owned()));
        let name = name.ok_or(Refused::Missing("Backend name cannot be null"))?;
        let proxy_to = proxy_to.ok_or(Refused::Missing("Backend proxyTo URL cannot be null"))?;
        let routing_group = routing_group.ok_or(Refused::Missing("Backend routing group cannot be null"))?;
        let external_url = external_url.unwrap_or_else(|| proxy_to.clone());
        Ok(Backend { active, routing_group, external_url, name, proxy_to })
    }

    /// The row it becomes: without the slash at the end of an address.
    pub(in crate::api) fn cluster(&self) -> Result<Cluster, Refused> {
        let without_slash = |url: &str| url.strip_suffix('/').unwrap_or(url).to_owned();
        let cluster = Cluster {
            name: self.name.clone(),
            group: self.routing_group.clone(),
            active: self.active,
            url: without_slash(&self.proxy_to),
            external_url: without_slash(&self.external_url),
            ..Cluster::default()
        };
        let checks = [check_name("name", &cluster.name), check_url("proxyTo", &cluster.url)];
        let mut mistakes: Vec<String> = checks.into_iter().flatten().collect();
        for (field, value) in
            [("routingGroup", &cluster.group), ("proxyTo", &cluster.url), ("externalUrl", &cluster.external_url)]
        {
            if value.chars().count() > MAX_LENGTH || value.contains('\0') {
                mistakes.push(format!("{field}: at most {MAX_LENGTH} characters, none of them NUL"));
            }
        }
        if mistakes.is_empty() { Ok(cluster) } else { Err(Refused::Unusable(mistakes)) }
    }
}

/// A text field: not there, null, or a value; numbers and booleans count as text.
fn text(object: &Map<String, Value>, field: &str) -> Result<Option<Option<String>>, Refused> {
    match object.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(Some(value.to_string()))),
        Some(Value::Array(_) | Value::Object(_)) => Err(Refused::NotJson(format!("{field} is not text"))),
    }
}

/// True when not there, false when null or empty.
fn active(object: &Map<String, Value>) -> Result<bool, Refused> {
    match object.get("active") {
        None => Ok(true),
        Some(Value::Null) => Ok(false),
        Some(Value::Bool(active)) => Ok(*active),
        Some(Value::Number(number)) if !number.is_f64() => Ok(number.as_i64() != Some(0)),
        Some(Value::String(text)) => match text.trim() {
            "true" | "True" | "TRUE" => Ok(true),
            "" | "false" | "False" | "FALSE" => Ok(false),
            _ => Err(Refused::NotJson(format!("active is `{}`, not true or false", text.escape_debug()))),
        },
        Some(_) => Err(Refused::NotJson("active is not true or false".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<String, Refused> {
        Backend::read(body.as_bytes()).map(|backend| serde_json::to_string(&backend).unwrap())
    }

    #[test]
    fn what_is_not_said_has_trino_gateways_default() {
        for (body, want) in [
            (
                r#"{"name":"a","proxyTo":"http://a/"}"#,
                r#"{"active":true,"routingGroup":"adhoc","externalUrl":"http://a/","name":"a","proxyTo":"http://a/"}"#,
            ),
            (
                r#"{"name":5,"proxyTo":"http://a","externalUrl":null,"active":null,"other":1}"#,
                r#"{"active":false,"routingGroup":"adhoc","externalUrl":"http://a","name":"5","proxyTo":"http://a"}"#,
            ),
            (
                r#"{"name":"a","proxyTo":"http://a","externalUrl":"","active":"TRUE","routingGroup":"etl"}"#,
                r#"{"active":true,"routingGroup":"etl","externalUrl":"","name":"a","proxyTo":"http://a"}"#,
            ),
        ] {
            assert_eq!(read(body).as_deref(), Ok(want), "{body}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_body() {
        let json = |message: &str| Refused::NotJson(message.to_owned());
        for (body, want) in [
            ("", Refused::Missing("no backend was sent")),
            (" null", Refused::Missing("no backend was sent")),
            ("[]", json("a backend is a JSON object")),
            ("{", json("EOF while parsing an object at line 1 column 1")),
            ("{} x", json("trailing characters at line 1 column 4")),
            (r#"{"name":[]}"#, json("name is not text")),
            (r#"{"active":1.5}"#, json("active is not true or false")),
            (r#"{"active":"maybe"}"#, json("active is `maybe`, not true or false")),
            ("{}", Refused::Missing("Backend name cannot be null")),
            (r#"{"name":"a"}"#, Refused::Missing("Backend proxyTo URL cannot be null")),
            (
                r#"{"name":"a","proxyTo":"","routingGroup":null}"#,
                Refused::Missing("Backend routing group cannot be null"),
            ),
        ] {
            assert_eq!(read(body), Err(want), "{body}");
        }
    }

    #[test]
    fn takes_one_slash_off_an_address() {
        let backend = Backend::read(br#"{"name":"a","proxyTo":"http://a/","externalUrl":"http://x/ui//"}"#).unwrap();
        let cluster = backend.cluster().unwrap();
        assert_eq!((cluster.url.as_str(), cluster.external_url.as_str()), ("http://a", "http://x/ui/"));
    }

    #[test]
    fn refuses_where_nothing_could_be_routed_with_every_reason() {
        let body = format!(r#"{{"name":"a/b","proxyTo":"trino","routingGroup":"{}"}}"#, "g".repeat(257));
        assert_eq!(
            Backend::read(body.as_bytes()).unwrap().cluster(),
            Err(Refused::Unusable(vec![
                "name `a/b`: 1 to 256 characters, no slash, no line break".to_owned(),
                "proxyTo `trino` is not of the form http://HOST:PORT or https://HOST:PORT: relative URL without a base"
                    .to_owned(),
                "routingGroup: at most 256 characters, none of them NUL".to_owned(),
            ]))
        );
    }
}
