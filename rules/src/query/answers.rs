//! What was read of a query, and what it answers: computed once, when it is first asked for.

use rhai::ImmutableString;

use super::Query;
use crate::answer::{Answer, Fact, SqlFact};
use crate::data::TimeZone;
use crate::facts;
use crate::sql::{Session, SqlFacts, body_hashes, sql_facts};

impl Query {
    /// From now on what is read is noted.
    pub(crate) fn record(&self) {
        self.read.replace(Some(Vec::new()));
    }

    /// What was read since then, in order. Nothing is noted any more.
    pub(crate) fn recorded(&self) -> Vec<Fact> {
        self.read.take().unwrap_or_default()
    }

    pub(super) fn note(&self, fact: Fact) {
        if let Some(read) = self.read.borrow_mut().as_mut()
            && !read.contains(&fact)
        {
            read.push(fact);
        }
    }

    /// What this query answers, without noting that it was asked.
    pub(crate) fn answer(&self, fact: &Fact) -> Answer<'_> {
        match fact {
            Fact::User => Answer::text(self.known_user()),
            Fact::Header(name) => Answer::texts(self.headers(name)),
            Fact::HasTag(tag) => Answer::Flag(self.known_tags().contains(tag)),
            Fact::Method => Answer::text(&self.method),
            Fact::Path => Answer::text(&self.path),
            Fact::Host => Answer::text(self.known_host()),
            Fact::RemoteAddress => Answer::text(&self.remote_address),
            Fact::Principal => Answer::text(&self.principal),
            // Written out, keys in the order in which the token has them.
            Fact::Claims => Answer::Text(serde_json::to_string(&self.claims).unwrap_or_default().into()),
            Fact::HourAndWeekday(zone) => Answer::Time(self.local(zone.as_deref()).map(facts::hour_and_weekday)),
            Fact::MinuteOfDay(zone) => {
                Answer::Time(self.local(zone.as_deref()).map(|at| (facts::minute_of_day(at), 0)))
            }
            Fact::Group(name) => Answer::Group(self.live.group(name)),
            Fact::Serving(name) => Answer::Flag(self.live.serving(name)),
            Fact::Text => Answer::Unique,
            Fact::Sql(fact) => self.answer_sql(*fact),
        }
    }

    /// Seconds since 1970 as clocks there show them.
    pub(super) fn local(&self, zone: Option<&TimeZone>) -> Option<i64> {
        self.now.map(|now| now.saturating_add(zone.map_or(0, |zone| zone.offset(now))))
    }

    fn answer_sql(&self, fact: SqlFact) -> Answer<'_> {
        let text = |text: &'_ Option<String>| Answer::Text(text.clone().unwrap_or_default().into());
        let sql = self.known_sql();
        match fact {
            SqlFact::QueryType => Answer::text(sql.query_type.unwrap_or_default()),
            SqlFact::ResourceGroupQueryType => Answer::text(sql.resource_group_query_type),
            SqlFact::DefaultCatalog => text(&sql.default_catalog),
            SqlFact::DefaultSchema => text(&sql.default_schema),
            SqlFact::Catalogs => Answer::texts(sql.catalogs.iter().map(String::as_str)),
            SqlFact::Schemas => Answer::texts(sql.schemas.iter().map(String::as_str)),
            SqlFact::CatalogSchemas => Answer::texts(sql.catalog_schemas.iter().map(String::as_str)),
            SqlFact::Tables => Answer::texts(sql.tables.iter().map(String::as_str)),
            SqlFact::WrittenTables => Answer::texts(sql.written_tables.iter().map(String::as_str)),
            SqlFact::Functions => Answer::texts(sql.functions.iter().map(String::as_str)),
            SqlFact::TableFunctions => Answer::texts(sql.table_functions.iter().map(String::as_str)),
            SqlFact::Writes => Answer::Flag(sql.writes),
            SqlFact::IsQuery => Answer::Flag(sql.is_query),
            SqlFact::Deterministic => Answer::Flag(sql.deterministic),
            SqlFact::KillQuery => text(&sql.kill_query),
            SqlFact::Confidence => Answer::text(sql.confidence.as_str()),
            SqlFact::Error => text(&sql.error),
            SqlFact::UserHash => Answer::Unique,
            SqlFact::GenericHash => Answer::text(self.known_hash(fact)),
        }
    }

    pub(super) fn known_sql(&self) -> &SqlFacts {
        self.sql.get_or_init(|| {
            let prepared: Vec<&str> = self.headers("x-trino-prepared-statement").collect();
            sql_facts(
                &self.body,
                Session {
                    catalog: self.header("x-trino-catalog").unwrap_or_default(),
                    schema: self.header("x-trino-schema").unwrap_or_default(),
                    prepared_statements: &prepared,
                },
            )
        })
    }

    pub(super) fn known_hash(&self, fact: SqlFact) -> &str {
        let hashes = self.hashes.get_or_init(|| body_hashes(&self.body));
        if fact == SqlFact::UserHash { &hashes.user_query_hash } else { &hashes.generic_query_hash }
    }

    pub(super) fn known_user(&self) -> &ImmutableString {
        self.user.get_or_init(|| {
            let named = |header: &str| facts::java_trim(facts::cut(self.header(header).unwrap_or_default()));
            let basic = || facts::basic_user(self.header("authorization").unwrap_or_default());
            match named("x-trino-user") {
                "" => basic().map_or_else(|| named("x-trino-original-user").into(), |user| facts::cut(&user).into()),
                user => user.into(),
            }
        })
    }

    pub(super) fn known_tags(&self) -> &[ImmutableString] {
        self.tags.get_or_init(|| {
            facts::client_tags(self.header("x-trino-client-tags").unwrap_or_default()).map(Into::into).collect()
        })
    }

    pub(super) fn known_host(&self) -> &str {
        if self.host.is_empty() { self.header("host").unwrap_or_default() } else { &self.host }
    }
}
