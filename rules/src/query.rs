//! What a query says of itself: the request's headers and body, what Envoy knows of the client, and the state of groups.

mod answers;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

use rhai::ImmutableString;

use crate::answer::{Fact, SqlAnswer, SqlFact};
use crate::data::TimeZone;
use crate::external::ExternalAnswer;
use crate::live_state::{GroupState, LiveState, NoLiveState};
use crate::sql::{QueryHashes, SqlFacts};
use crate::{facts, limits};

/// All client tags.
const TAGS: Fact = Fact::Header(Cow::Borrowed("x-trino-client-tags"));

/// What a query says of itself. Built by the caller (filter, command line); rules read it as `q`.
///
/// Its fields are private so that rules read them through methods that note what was read.
pub struct Query {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    host: String,
    remote_address: String,
    body: String,
    principal: String,
    claims: serde_json::Map<String, serde_json::Value>,
    now: Option<i64>,
    live: Rc<dyn LiveState>,
    /// Routing services can be asked; else one that did not say anything yet never will.
    asks_services: bool,
    /// What routing services said, by name; why one said nothing.
    told: RefCell<Vec<(String, Result<ExternalAnswer, String>)>>,
    /// What was read since [`Query::record`], each once.
    read: RefCell<Option<Vec<Fact>>>,
    user: OnceCell<ImmutableString>,
    source: OnceCell<ImmutableString>,
    tags: OnceCell<Vec<ImmutableString>>,
    text: OnceCell<ImmutableString>,
    sql: OnceCell<SqlFacts>,
    hashes: OnceCell<QueryHashes>,
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
            asks_services: false,
            told: RefCell::default(),
            read: RefCell::default(),
            user: OnceCell::new(),
            source: OnceCell::new(),
            tags: OnceCell::new(),
            text: OnceCell::new(),
            sql: OnceCell::new(),
            hashes: OnceCell::new(),
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

    /// Whoever lets it be decided asks routing services ([`Decision::asks`](crate::Decision::asks)) and tells what they say.
    #[must_use]
    pub fn asks_services(mut self) -> Self {
        self.asks_services = true;
        self
    }

    /// What the routing service of this name said, or why it said nothing.
    pub fn tell(&self, service: impl Into<String>, said: Result<ExternalAnswer, String>) {
        self.told.borrow_mut().push((service.into(), said));
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

    /// `X-Trino-Source`, else empty.
    pub fn source(&self) -> &str {
        self.source_string()
    }
}

/// What rules read. Each method notes it.
impl Query {
    pub(crate) fn user_string(&self) -> &ImmutableString {
        self.note(Fact::User);
        self.known_user()
    }

    pub(crate) fn source_string(&self) -> &ImmutableString {
        self.note(Fact::Header(Cow::Borrowed("x-trino-source")));
        self.source.get_or_init(|| facts::cut(self.header("x-trino-source").unwrap_or_default()).into())
    }

    pub(crate) fn read_header(&self, name: impl Into<Cow<'static, str>>) -> &str {
        let name = name.into();
        let value = self.header(&name).unwrap_or_default();
        self.note(Fact::Header(name));
        value
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        let has = self.header(name).is_some();
        self.note(Fact::Header(Cow::Owned(name.to_owned())));
        has
    }

    pub(crate) fn read_headers(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.note(Fact::Header(Cow::Borrowed(name)));
        self.headers(name)
    }

    pub(crate) fn client_tags(&self) -> &[ImmutableString] {
        self.note(TAGS);
        self.known_tags()
    }

    /// Tags that were asked for are noted one by one, since others may differ from query to query; many of them are more
    /// to look at than all tags at once.
    pub(crate) fn has_tag(&self, tag: ImmutableString) -> bool {
        const ONE_BY_ONE: usize = 4;
        let has = self.known_tags().contains(&tag);
        let fact = Fact::HasTag(tag);
        let many = |read: &Vec<Fact>| {
            !read.contains(&fact) && read.iter().filter(|known| matches!(known, Fact::HasTag(_))).count() >= ONE_BY_ONE
        };
        if self.read.borrow().as_ref().is_some_and(many) {
            self.note(TAGS);
        } else {
            self.note(fact);
        }
        has
    }

    /// The statement as rules see it: copied once, however many rules read it.
    pub(crate) fn text(&self) -> ImmutableString {
        self.note(Fact::Text);
        let cut = || self.body.get(..self.body.floor_char_boundary(limits::TEXT_BYTES)).unwrap_or_default().into();
        self.text.get_or_init(cut).clone()
    }

    /// What the statement says.
    pub(crate) fn sql(&self, fact: SqlFact) -> SqlAnswer<'_> {
        self.note(Fact::Sql(fact));
        self.known_sql(fact)
    }

    pub(crate) fn method(&self) -> &str {
        self.note(Fact::Method);
        &self.method
    }

    pub(crate) fn path(&self) -> &str {
        self.note(Fact::Path);
        &self.path
    }

    pub(crate) fn asked_host(&self) -> &str {
        self.note(Fact::Host);
        self.known_host()
    }

    pub(crate) fn address(&self) -> &str {
        self.note(Fact::RemoteAddress);
        &self.remote_address
    }

    pub(crate) fn authenticated(&self) -> &str {
        self.note(Fact::Principal);
        &self.principal
    }

    pub(crate) fn token_claims(&self) -> &serde_json::Map<String, serde_json::Value> {
        self.note(Fact::Claims);
        &self.claims
    }

    /// Hour and day of the week, if the time is known; in UTC where there is no zone.
    pub(crate) fn hour_and_weekday(&self, zone: Option<Rc<TimeZone>>) -> Option<(i64, i64)> {
        let local = self.local(zone.as_deref());
        self.note(Fact::HourAndWeekday(zone));
        local.map(facts::hour_and_weekday)
    }

    /// Minutes since midnight, likewise.
    pub(crate) fn minute_of_day(&self, zone: Option<Rc<TimeZone>>) -> Option<i64> {
        let local = self.local(zone.as_deref());
        self.note(Fact::MinuteOfDay(zone));
        local.map(facts::minute_of_day)
    }

    /// What a routing service says; nothing if it must be asked first.
    pub(crate) fn external(&self, service: &ImmutableString) -> Option<Result<ExternalAnswer, String>> {
        self.note(Fact::External(service.clone()));
        let told = self.told.borrow();
        let said = told.iter().find(|(name, _)| name == service).map(|(_, said)| said.clone());
        let never = || Err("it is not asked here; `external` in query.json says what it answers".to_owned());
        said.or_else(|| (!self.asks_services).then(never))
    }

    pub(crate) fn group(&self, name: &ImmutableString) -> Option<GroupState> {
        self.note(Fact::Group(name.clone()));
        self.live.group(name)
    }

    pub(crate) fn serving(&self, name: &ImmutableString) -> bool {
        self.note(Fact::Serving(name.clone()));
        self.live.serving(name)
    }

    /// The statement as it was sent. Not a fact: rules read it as `q.sql.text`.
    pub fn statement(&self) -> &str {
        &self.body
    }

    /// All headers, in order, names in lower case. Not facts, as all that a routing service is told.
    pub(crate) fn all_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Path and query of the URL.
    pub(crate) fn url(&self) -> &str {
        &self.path
    }

    pub(crate) fn http_method(&self) -> &str {
        &self.method
    }

    pub(crate) fn client(&self) -> &str {
        &self.remote_address
    }

    /// Who logged in. Not a fact.
    pub(crate) fn logged_in(&self) -> &str {
        &self.principal
    }

    /// Bytes of the statement. Not a fact: rules do not see it.
    pub(crate) fn text_bytes(&self) -> usize {
        self.body.len()
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
#[path = "query_tests.rs"]
mod tests;
