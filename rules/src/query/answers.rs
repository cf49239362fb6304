//! What was read of a query, and what it answers: computed once, when it is first asked for.

use rhai::ImmutableString;

use super::Query;
use crate::answer::{Answer, Fact, SqlAnswer, SqlFact};
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
            Fact::Text | Fact::External(_) => Answer::Unique,
            Fact::Sql(fact) => self.answer_sql(*fact),
        }
    }

    /// Seconds since 1970 as clocks there show them.
    pub(super) fn local(&self, zone: Option<&TimeZone>) -> Option<i64> {
        self.now.map(|now| now.saturating_add(zone.map_or(0, |zone| zone.offset(now))))
    }

    fn answer_sql(&self, fact: SqlFact) -> Answer<'_> {
        if fact == SqlFact::UserHash {
            return Answer::Unique;
        }
        match self.known_sql(fact) {
            SqlAnswer::Text(text) => Answer::text(text),
            SqlAnswer::Texts(texts) => Answer::texts(texts.iter().map(String::as_str)),
            SqlAnswer::Flag(flag) => Answer::Flag(flag),
        }
    }

    pub(super) fn known_sql(&self, fact: SqlFact) -> SqlAnswer<'_> {
        let hashes = || self.hashes.get_or_init(|| body_hashes(&self.body));
        let sql = || self.sql_facts();
        match fact {
            SqlFact::QueryType => SqlAnswer::Text(sql().query_type.unwrap_or_default()),
            SqlFact::ResourceGroupQueryType => SqlAnswer::Text(sql().resource_group_query_type),
            SqlFact::DefaultCatalog => SqlAnswer::Text(sql().default_catalog.as_deref().unwrap_or_default()),
            SqlFact::DefaultSchema => SqlAnswer::Text(sql().default_schema.as_deref().unwrap_or_default()),
            SqlFact::Catalogs => SqlAnswer::Texts(&sql().catalogs),
            SqlFact::Schemas => SqlAnswer::Texts(&sql().schemas),
            SqlFact::CatalogSchemas => SqlAnswer::Texts(&sql().catalog_schemas),
            SqlFact::Tables => SqlAnswer::Texts(&sql().tables),
            SqlFact::WrittenTables => SqlAnswer::Texts(&sql().written_tables),
            SqlFact::Functions => SqlAnswer::Texts(&sql().functions),
            SqlFact::TableFunctions => SqlAnswer::Texts(&sql().table_functions),
            SqlFact::Writes => SqlAnswer::Flag(sql().writes),
            SqlFact::IsQuery => SqlAnswer::Flag(sql().is_query),
            SqlFact::Deterministic => SqlAnswer::Flag(sql().deterministic),
            SqlFact::KillQuery => SqlAnswer::Text(sql().kill_query.as_deref().unwrap_or_default()),
            SqlFact::Confidence => SqlAnswer::Text(sql().confidence.as_str()),
            SqlFact::Error => SqlAnswer::Text(sql().error.as_deref().unwrap_or_default()),
            // Apart from the others: a hash takes longer than all of them.
            SqlFact::UserHash => SqlAnswer::Text(&hashes().user_query_hash),
            SqlFact::GenericHash => SqlAnswer::Text(&hashes().generic_query_hash),
        }
    }

    /// What the statement says; computed once. Not noted as read.
    pub fn sql_facts(&self) -> &SqlFacts {
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
