//! `route(…).limit("user", "10/s")`: how often queries may come by one decision.
//!
//! Nothing is counted here. All limits of a rule set are known when it is compiled, since they are written out; Envoy has a bucket
//! for each, and the filter names in two headers which one a query is to be taken from.

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::query::Query;
use crate::sql::hex;

/// Request header in which the filter names the limit ([`Limit::name`]). Never a client's to send: it is stripped at the door.
pub const LIMIT_HEADER: &str = "x-warren-limit";
/// Request header that tells whose query it is ([`Limit::whose`]). Stripped likewise.
pub const LIMIT_WHOSE_HEADER: &str = "x-warren-limit-whose";

/// As many queries at most may one limit let through, in whatever time.
const MOST_QUERIES: u32 = 1_000_000;

/// Who has a bucket of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitBy {
    /// Each user.
    User,
    /// Each principal: who Envoy says that it is.
    Principal,
    /// Each source: the program that asks.
    Source,
    /// Each client address.
    Address,
    /// Nobody: all queries share one.
    All,
}

/// So many queries in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// Queries, all of which may come at once.
    pub queries: u32,
    /// Seconds in which as many come back.
    pub seconds: u32,
}

/// A limit, as it stands in a rule set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// Who has a bucket of their own.
    pub by: LimitBy,
    /// How much is in it.
    pub rate: Rate,
    /// File in which it is written.
    pub file: String,
    /// Line of it.
    pub line: usize,
}

impl LimitBy {
    const WORDS: [(LimitBy, &str); 5] = [
        (LimitBy::User, "user"),
        (LimitBy::Principal, "principal"),
        (LimitBy::Source, "source"),
        (LimitBy::Address, "address"),
        (LimitBy::All, "all"),
    ];

    /// As authors write it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(by, _)| *by == self).map_or("", |(_, word)| word)
    }

    /// The words that there are.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        Self::WORDS.iter().map(|(_, word)| *word)
    }

    pub(crate) fn parse(text: &str) -> Option<LimitBy> {
        Self::WORDS.iter().find(|(_, word)| *word == text).map(|(by, _)| *by)
    }
}

impl Serialize for LimitBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl Rate {
    const UNITS: [(&'static str, u32); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

    /// Reads `10/s`, `100/m`, `1000/h`, `5000/d`.
    pub(crate) fn parse(text: &str) -> Option<Rate> {
        let (queries, unit) = text.split_once('/')?;
        let seconds = Self::UNITS.iter().find(|(known, _)| *known == unit).map(|(_, seconds)| *seconds)?;
        let digits = !queries.is_empty() && queries.bytes().all(|b| b.is_ascii_digit());
        let queries = queries.parse().ok().filter(|n| digits && (1..=MOST_QUERIES).contains(n))?;
        Some(Rate { queries, seconds })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = Self::UNITS.iter().find(|(_, seconds)| *seconds == self.seconds).map_or("s", |(unit, _)| unit);
        write!(f, "{}/{unit}", self.queries)
    }
}

impl Limit {
    /// What Envoy knows it by, and users read: `10/s for each user (rules.rhai, line 12)`. In ASCII, as a header's value is.
    pub fn name(&self) -> String {
        let file: String = self.file.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
        let whose = match self.by {
            LimitBy::All => "for all together".to_owned(),
            by => format!("for each {}", by.word()),
        };
        format!("{} {whose} ({file}, line {})", self.rate, self.line)
    }

    /// Whose bucket this query is taken from. A hash: names are of any length and hold anything.
    pub fn whose(&self, query: &Query) -> String {
        let name = match self.by {
            LimitBy::User => query.user(),
            LimitBy::Principal => query.logged_in(),
            LimitBy::Source => query.source(),
            LimitBy::Address => query.client(),
            LimitBy::All => "",
        };
        hex(Sha256::new_with_prefix(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_number_and_a_unit() {
        for (text, want) in [
            ("10/s", Some((10, 1))),
            ("100/m", Some((100, 60))),
            ("1000000/d", Some((1_000_000, 86_400))),
            ("1/h", Some((1, 3_600))),
            ("0/s", None),
            ("1000001/s", None),
            ("+1/s", None),
            ("10", None),
            ("10/", None),
            ("/s", None),
            ("10/w", None),
            ("10 /s", None),
            ("1.5/s", None),
        ] {
            let rate = want.map(|(queries, seconds)| Rate { queries, seconds });
            assert_eq!(Rate::parse(text), rate, "{text}");
            assert!(rate.is_none_or(|rate| rate.to_string() == text), "{text}");
        }
    }

    #[test]
    fn users_read_what_the_limit_is_and_where_it_stands() {
        let limit =
            |by, file: &str| Limit { by, rate: Rate { queries: 10, seconds: 1 }, file: file.to_owned(), line: 3 };
        assert_eq!(limit(LimitBy::User, "bi.rhai").name(), "10/s for each user (bi.rhai, line 3)");
        assert_eq!(limit(LimitBy::All, "b\u{e4}r\n.rhai").name(), "10/s for all together (b?r?.rhai, line 3)");
    }

    #[test]
    fn a_bucket_is_somebodys_whatever_their_name_looks_like() {
        let limit = Limit { by: LimitBy::User, rate: Rate { queries: 1, seconds: 1 }, file: String::new(), line: 1 };
        let of = |user: &str| {
            let headers = vec![("x-trino-user".to_owned(), user.to_owned())];
            limit.whose(&Query::new("POST", "/v1/statement", headers))
        };
        assert_eq!(of("ann"), of("ann"));
        assert_ne!(of("ann"), of("bob"));
        assert_eq!(of(&"x".repeat(100_000)).len(), 32);
        let all = Limit { by: LimitBy::All, ..limit.clone() };
        let query = |user: &str| Query::new("POST", "/", vec![("x-trino-user".to_owned(), user.to_owned())]);
        assert_eq!(all.whose(&query("ann")), all.whose(&query("bob")));
    }
}
