//! What a rule can ask of a query, and what the query answers: the two sides of what [`memo`](crate::memo) remembers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use rhai::ImmutableString;

use crate::data::TimeZone;
use crate::live_state::GroupState;

/// One thing that a rule asked of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    User,
    /// All values of a header, lists and maps made of it too.
    Header(Cow<'static, str>),
    HasTag(ImmutableString),
    Method,
    Path,
    Host,
    RemoteAddress,
    Principal,
    Claims,
    /// In a time zone, or in UTC.
    HourAndWeekday(Option<Rc<TimeZone>>),
    MinuteOfDay(Option<Rc<TimeZone>>),
    Group(ImmutableString),
    Serving(ImmutableString),
    /// The statement.
    Text,
    /// Something that the statement says.
    Sql(SqlFact),
    /// What a routing service says of it.
    External(ImmutableString),
}

/// What can be asked of a statement, beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SqlFact {
    QueryType,
    ResourceGroupQueryType,
    DefaultCatalog,
    DefaultSchema,
    Catalogs,
    Schemas,
    CatalogSchemas,
    Tables,
    WrittenTables,
    Functions,
    TableFunctions,
    Writes,
    IsQuery,
    Deterministic,
    KillQuery,
    Confidence,
    Error,
    UserHash,
    GenericHash,
}

impl SqlFact {
    /// All of them, by the names of `q.sql`'s properties.
    pub(crate) const ALL: [(SqlFact, &str); 19] = [
        (SqlFact::QueryType, "query_type"),
        (SqlFact::ResourceGroupQueryType, "resource_group_query_type"),
        (SqlFact::DefaultCatalog, "default_catalog"),
        (SqlFact::DefaultSchema, "default_schema"),
        (SqlFact::Catalogs, "catalogs"),
        (SqlFact::Schemas, "schemas"),
        (SqlFact::CatalogSchemas, "catalog_schemas"),
        (SqlFact::Tables, "tables"),
        (SqlFact::WrittenTables, "written_tables"),
        (SqlFact::Functions, "functions"),
        (SqlFact::TableFunctions, "table_functions"),
        (SqlFact::Writes, "writes"),
        (SqlFact::IsQuery, "is_query"),
        (SqlFact::Deterministic, "deterministic"),
        (SqlFact::KillQuery, "kill_query"),
        (SqlFact::Confidence, "confidence"),
        (SqlFact::Error, "error"),
        (SqlFact::UserHash, "user_hash"),
        (SqlFact::GenericHash, "generic_hash"),
    ];
}

/// What a statement says.
pub(crate) enum SqlAnswer<'a> {
    Text(&'a str),
    Texts(&'a BTreeSet<String>),
    Flag(bool),
}

impl Fact {
    /// Is the answer as good as never the same twice?
    pub(crate) fn is_unique(&self) -> bool {
        matches!(self, Fact::Text | Fact::Sql(SqlFact::UserHash) | Fact::External(_))
    }
}

/// What a query answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer<'a> {
    Text(Cow<'a, str>),
    /// A header that came more than once, or not at all.
    Texts(Vec<Cow<'a, str>>),
    Flag(bool),
    Time(Option<(i64, i64)>),
    Group(Option<GroupState>),
    /// Not worth comparing.
    Unique,
}

impl<'a> Answer<'a> {
    pub(crate) fn text(text: &'a str) -> Answer<'a> {
        Answer::Text(Cow::Borrowed(text))
    }

    pub(crate) fn texts(mut texts: impl Iterator<Item = &'a str>) -> Answer<'a> {
        match (texts.next(), texts.next()) {
            (None, _) => Answer::Texts(Vec::new()),
            (Some(only), None) => Answer::text(only),
            (Some(first), Some(second)) => {
                Answer::Texts([first, second].into_iter().chain(texts).map(Cow::Borrowed).collect())
            }
        }
    }

    /// The same, to keep.
    pub(crate) fn into_owned(self) -> Answer<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Answer::Text(text) => Answer::Text(own(text)),
            Answer::Texts(texts) => Answer::Texts(texts.into_iter().map(own).collect()),
            Answer::Flag(flag) => Answer::Flag(flag),
            Answer::Time(time) => Answer::Time(time),
            Answer::Group(group) => Answer::Group(group),
            Answer::Unique => Answer::Unique,
        }
    }

    /// Bytes that it takes beside itself.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Answer::Text(text) => text.len(),
            Answer::Texts(texts) => texts.iter().map(|text| text.len() + size_of::<Cow<'_, str>>()).sum(),
            Answer::Flag(_) | Answer::Time(_) | Answer::Group(_) | Answer::Unique => 0,
        }
    }
}
