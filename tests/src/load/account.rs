//! What became of every query of a load. Values only.

use std::collections::BTreeMap;
use std::time::Duration;

/// An answer that takes longer was held up. Undisturbed, the slowest query of the load takes about two seconds.
pub const HELD_UP: Duration = Duration::from_secs(5);

/// How a query ended, as its client saw it: one of these, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every row came, and no other.
    Answered,
    /// The client was told that it failed, in words that a person can use.
    Failed(String),
    /// Wrong rows, rows missing, no answer, or one that no client can read: what must never be.
    Lost(String),
}

/// One query.
#[derive(Debug, Clone)]
pub struct Asked {
    /// When it was sent, since the beginning of the load.
    pub at: Duration,
    /// How long its client waited for the end.
    pub took: Duration,
    /// The coordinator that took it; empty if none did.
    pub slug: String,
    /// Trino's id of it; empty if none took it.
    pub id: String,
    /// How it ended.
    pub ending: Ending,
}

/// All queries of a load that have ended.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// In the order in which they ended.
    pub asked: Vec<Asked>,
}

impl Asked {
    /// Not answered as if nothing had happened.
    pub fn is_disturbed(&self) -> bool {
        self.ending != Ending::Answered || self.took > HELD_UP
    }
}

impl Account {
    /// Number of queries that were answered right.
    pub fn answered(&self) -> usize {
        self.asked.iter().filter(|asked| asked.ending == Ending::Answered).count()
    }

    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| matches!(asked.ending, Ending::Failed(_)))
    }

    /// Those that were lost.
    pub fn lost(&self) -> impl Iterator<Item = &Asked> {
        self.asked.iter().filter(|asked| matches!(asked.ending, Ending::Lost(_)))
    }

    /// Why queries failed: the same words, less what differs from query to query, with their number.
    pub fn reasons(&self) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for asked in &self.asked {
            if let Ending::Failed(text) = &asked.ending {
                *reasons.entry(without_particulars(text)).or_default() += 1;
            }
        }
        reasons
    }

    /// The longest wait for an end.
    pub fn longest(&self) -> Duration {
        self.asked.iter().map(|asked| asked.took).max().unwrap_or_default()
    }

    /// How long after `fault` the last query was sent that was disturbed; every one sent later was answered right and soon.
    /// Zero if no query that was sent after it was disturbed.
    pub fn settled_after(&self, fault: Duration) -> Duration {
        let disturbed = self.asked.iter().filter(|asked| asked.is_disturbed());
        disturbed.map(|asked| asked.at.saturating_sub(fault)).max().unwrap_or_default()
    }
}

/// Query ids and addresses are cut out of an error's text, so that the same errors can be counted.
fn without_particulars(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_query_id(bare) {
            word.replace(bare, "ID")
        } else if bare.starts_with("127.0.0.1:") {
            word.replace(bare, "ADDRESS")
        } else {
            word.to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `20260131_120000_00042_abcde` (`io.trino.execution.QueryIdGenerator`).
fn is_query_id(word: &str) -> bool {
    let parts: Vec<&str> = word.split('_').collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [day, time, number, coordinator] => {
            (day.len(), time.len(), number.len(), coordinator.len()) == (8, 6, 5, 5)
                && digits(day)
                && digits(time)
                && digits(number)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(at: u64, took: u64, ending: Ending) -> Asked {
        let (at, took) = (Duration::from_secs(at), Duration::from_secs(took));
        Asked { at, took, slug: "adhoc-1".to_owned(), id: String::new(), ending }
    }

    fn failed(text: &str) -> Ending {
        Ending::Failed(text.to_owned())
    }

    #[test]
    fn every_query_is_counted_once() {
        let endings = [Ending::Answered, failed("no"), Ending::Answered, Ending::Lost("?".to_owned())];
        let account = Account { asked: endings.map(|ending| asked(0, 0, ending)).to_vec() };
        assert_eq!((account.answered(), account.failed().count(), account.lost().count()), (2, 1, 1));
    }

    #[test]
    fn errors_that_differ_only_in_ids_and_addresses_are_one_reason() {
        let account = Account {
            asked: vec![
                asked(0, 0, failed("404: Query not found: 20260131_120000_00042_abcde.")),
                asked(0, 0, failed("404: Query not found: 20260131_120001_00043_abcde.")),
                asked(0, 0, failed("no connection to 127.0.0.1:8080")),
            ],
        };
        let wanted = [("404: Query not found: ID.", 2), ("no connection to ADDRESS", 1)];
        assert_eq!(account.reasons(), wanted.map(|(text, number)| (text.to_owned(), number)).into());
    }

    #[test]
    fn a_load_has_settled_when_later_queries_are_answered_soon() {
        let fault = Duration::from_secs(10);
        let mut account = Account { asked: vec![asked(9, 3, failed("was running")), asked(11, 1, Ending::Answered)] };
        assert_eq!(account.settled_after(fault), Duration::ZERO, "only a query from before the fault failed");
        account.asked.push(asked(12, 1, failed("no")));
        assert_eq!(account.settled_after(fault), Duration::from_secs(2));
        account.asked.push(asked(14, 6, Ending::Answered));
        assert_eq!(account.settled_after(fault), Duration::from_secs(4), "held up for six seconds");
        account.asked.push(asked(20, 1, Ending::Answered));
        assert_eq!(account.settled_after(fault), Duration::from_secs(4));
    }

    #[test]
    fn tells_query_ids_from_other_words() {
        assert!(is_query_id("20260131_120000_00042_abcde"));
        for other in ["20260131_120000_00042", "2026013_1200000_00042_abcde", "20260131_12000x_00042_abcde", ""] {
            assert!(!is_query_id(other), "{other}");
        }
    }
}
