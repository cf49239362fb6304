//! The queries of a load, each with its right answer.

use serde_json::{Value, json};

/// Number of rows of [`Question::ManyPages`]; Trino hands out a thousand a page when small pages are asked for.
const MANY: i64 = 6_000;

/// The region of each of the 25 nations (TPC-H specification, 4.2.3).
const REGIONS: [i64; 25] = [0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1];

/// A query whose answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// One row, read from a table.
    Count,
    /// A small table.
    Nations,
    /// Several thousand rows in many pages.
    ManyPages,
    /// The same, read slowly, as a person pages through a result.
    ReadSlowly,
}

impl Question {
    /// All of them, in the order in which a client asks.
    pub const ALL: [Question; 4] = [Question::Count, Question::ManyPages, Question::Nations, Question::ReadSlowly];

    /// Its text.
    pub fn sql(self) -> String {
        match self {
            Question::Count => "SELECT count(*) FROM tpch.tiny.orders".to_owned(),
            Question::Nations => "SELECT nationkey, regionkey FROM tpch.tiny.nation".to_owned(),
            Question::ManyPages | Question::ReadSlowly => {
                format!("SELECT n, n * n FROM UNNEST(sequence(1, {MANY})) AS t(n)")
            }
        }
    }

    /// What is wrong with these rows, in words; none if they are the right ones, in whatever order.
    pub fn mistake(self, rows: &[Vec<Value>]) -> Option<String> {
        let wanted = self.answer();
        let mut got: Vec<&Vec<Value>> = rows.iter().collect();
        got.sort_by_key(|row| row.first().and_then(Value::as_i64));
        if got.len() != wanted.len() {
            return Some(format!("{} rows instead of {}", got.len(), wanted.len()));
        }
        let pairs = got.into_iter().zip(&wanted);
        pairs
            .into_iter()
            .find(|(got, wanted)| got != wanted)
            .map(|(got, wanted)| format!("row {} instead of {}", json!(got), json!(wanted)))
    }

    fn answer(self) -> Vec<Vec<Value>> {
        match self {
            Question::Count => vec![vec![json!(15_000)]],
            Question::Nations => {
                (0..).zip(REGIONS).map(|(n, region): (i64, i64)| vec![json!(n), json!(region)]).collect()
            }
            Question::ManyPages | Question::ReadSlowly => (1..=MANY).map(|n| vec![json!(n), json!(n * n)]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_rows_are_right_in_any_order() {
        for question in Question::ALL {
            let mut rows = question.answer();
            rows.reverse();
            assert_eq!(question.mistake(&rows), None, "{question:?}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_rows() {
        let mut rows = Question::ManyPages.answer();
        rows[41][1] = json!(0);
        assert_eq!(Question::ManyPages.mistake(&rows), Some("row [42,0] instead of [42,1764]".to_owned()));
        rows.pop();
        assert_eq!(Question::ManyPages.mistake(&rows), Some("5999 rows instead of 6000".to_owned()));
        // A page that came twice.
        rows.push(rows[0].clone());
        assert_eq!(Question::ManyPages.mistake(&rows), Some("row [1,1] instead of [2,4]".to_owned()));
    }
}
