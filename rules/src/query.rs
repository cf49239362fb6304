//! What a query says of itself: the request's headers and body, what Envoy knows of the client, and the state of groups.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use rhai::ImmutableString;
use serde::{Deserialize, Serialize};

use crate::{facts, limits};

/// State of one group at the moment of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupState {
    /// At least one cluster of the group takes new queries.
    pub serving: bool,
    /// Clusters in the group, whatever their state.
    pub clusters: i64,
    /// Clusters that are healthy.
    pub healthy: i64,
    /// Queries running in the group's clusters.
    pub running: i64,
    /// Queries waiting in the group's clusters.
    pub queued: i64,
}

/// State of groups, asked on demand: the filter reads single values from the route's metadata.
pub trait LiveState {
    /// All that is known of a group; nothing if there is no such group.
    fn group(&self, name: &str) -> Option<GroupState>;
    /// Does the group take new queries? False for an unknown group.
    fn serving(&self, name: &str) -> bool;
}

/// No group is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLiveState;

impl LiveState for NoLiveState {
    fn group(&self, _name: &str) -> Option<GroupState> {
        None
    }

    fn serving(&self, _name: &str) -> bool {
        false
    }
}

/// What a query says of itself. Built by the caller (filter, command line); rules read it as `q`.
pub struct Query {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) host: String,
    pub(crate) remote_address: String,
    pub(crate) body: String,
    pub(crate) principal: String,
    pub(crate) claims: serde_json::Map<String, serde_json::Value>,
    pub(crate) now: Option<i64>,
    pub(crate) live: Rc<dyn LiveState>,
    user: OnceCell<ImmutableString>,
    source: OnceCell<ImmutableString>,
    tags: OnceCell<Vec<ImmutableString>>,
    text: OnceCell<ImmutableString>,
}

impl Query {
    /// A query from its request line and headers. Names of headers are lower-cased here; repeated names are kept in order.
    pub fn new(method: impl Into<String>, path: impl Into<String>, headers: Vec<(String, String)>) -> Query {
        let mut headers = headers;
        for (name, _) in &mut headers {
            name.make_ascii_lowercase();
        }
        Query {
            method: method.into(),
            path: path.into(),
            headers,
            host: String::new(),
            remote_address: String::new(),
            body: String::new(),
            principal: String::new(),
            claims: serde_json::Map::new(),
            now: None,
            live: Rc::new(NoLiveState),
            user: OnceCell::new(),
            source: OnceCell::new(),
            tags: OnceCell::new(),
            text: OnceCell::new(),
        }
    }

    /// `Host` (`:authority`) that the client asked. Without it the `host` header is taken.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Address of the client, with or without a port.
    #[must_use]
    pub fn remote_address(mut self, address: impl Into<String>) -> Self {
        self.remote_address = address.into();
        self
    }

    /// Text of the SQL statement. Needed only if [`RuleSet::reads_body`](crate::RuleSet::reads_body).
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Who Envoy authenticated the client as.
    #[must_use]
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = principal.into();
        self
    }

    /// Claims of the token that Envoy checked.
    #[must_use]
    pub fn claims(mut self, claims: serde_json::Map<String, serde_json::Value>) -> Self {
        self.claims = claims;
        self
    }

    /// The time, in seconds since 1970 (UTC). Without it, rules that read the time of day fail.
    #[must_use]
    pub fn now(mut self, unix_seconds: i64) -> Self {
        self.now = Some(unix_seconds);
        self
    }

    /// State of groups. Without it no group is known.
    #[must_use]
    pub fn live(mut self, live: Rc<dyn LiveState>) -> Self {
        self.live = live;
        self
    }

    /// First value of a header; the name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header, in order; the name in any case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The user, as Trino finds it: `X-Trino-User`, else the user of an `Authorization: Basic` header, else
    /// `X-Trino-Original-User`, else empty.
    pub fn user(&self) -> &str {
        self.user_string()
    }

    pub(crate) fn user_string(&self) -> &ImmutableString {
        self.user.get_or_init(|| {
            let named = |header: &str| facts::java_trim(self.header(header).unwrap_or_default());
            let basic = || facts::basic_user(self.header("authorization").unwrap_or_default());
            match named("x-trino-user") {
                "" => basic().map_or_else(|| named("x-trino-original-user").into(), Into::into),
                user => user.into(),
            }
        })
    }

    /// `X-Trino-Source`, else empty.
    pub fn source(&self) -> &str {
        self.source_string()
    }

    pub(crate) fn source_string(&self) -> &ImmutableString {
        self.source.get_or_init(|| self.header("x-trino-source").unwrap_or_default().into())
    }

    /// The statement as rules see it: copied once, however many rules read it.
    pub(crate) fn text(&self) -> ImmutableString {
        let cut = || self.body.get(..self.body.floor_char_boundary(limits::TEXT_BYTES)).unwrap_or_default().into();
        self.text.get_or_init(cut).clone()
    }

    pub(crate) fn client_tags(&self) -> &[ImmutableString] {
        self.tags.get_or_init(|| {
            facts::client_tags(self.header("x-trino-client-tags").unwrap_or_default()).map(Into::into).collect()
        })
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may hold passwords: names only.
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Query")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(headers: &[(&str, &str)]) -> Query {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Query::new("POST", "/v1/statement", headers)
    }

    #[test]
    fn finds_headers_in_any_case_and_keeps_repeated_ones() {
        let q = query(&[("X-Trino-Session", "a=1"), ("x-trino-session", "b=2")]);
        assert_eq!(q.header("X-TRINO-SESSION"), Some("a=1"));
        assert_eq!(q.headers("x-trino-session").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(q.header("x-trino-user"), None);
    }

    #[test]
    fn finds_the_user_as_trino_does() {
        for (headers, want) in [
            (vec![("x-trino-user", " ann ")], "ann"),
            (vec![("authorization", "Basic YW5uOnB3OjI=")], "ann"),
            (vec![("x-trino-user", "bob"), ("authorization", "Basic YW5uOnB3")], "bob"),
            (vec![("x-trino-user", ""), ("authorization", "basic YW5uOnB3")], "ann"),
            // No colon, no padding, bits left over, blanks: all good enough for Trino.
            (vec![("authorization", "Basic YW5u")], "ann"),
            (vec![("authorization", "Basic YW5uOg")], "ann"),
            (vec![("authorization", "Basic YW5uOh==")], "ann"),
            (vec![("authorization", "Basic  IGFubiA6")], "ann"),
            (vec![("authorization", "Basic /zo=")], "ÿ"),
            (vec![("authorization", "Basic ???")], ""),
            (vec![("authorization", "Bearer abc")], ""),
            (vec![("authorization", "Bearer abc"), ("x-trino-original-user", "ann")], "ann"),
            (vec![("authorization", "Basic Ym9i"), ("x-trino-original-user", "ann")], "bob"),
            (vec![("x-trino-user", "\u{a0}ann")], "\u{a0}ann"),
            (vec![], ""),
        ] {
            assert_eq!(query(&headers).user(), want, "{headers:?}");
        }
    }

    #[test]
    fn shows_no_secrets() {
        let q = query(&[("authorization", "Basic YW5uOnB3")]).body("SELECT 'secret'");
        assert_eq!(
            format!("{q:?}"),
            r#"Query { method: "POST", path: "/v1/statement", headers: ["authorization"], .. }"#
        );
    }
}
