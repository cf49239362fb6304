//! What routing services answered, kept for as long as each of them lets it be.

use std::collections::HashMap;
use warren_rules::ExternalAnswer;

/// Answers that are kept, on each worker.
const MOST: usize = 10_000;

/// Answers by what was asked.
#[derive(Default)]
pub(crate) struct Answers(HashMap<[u8; 32], (ExternalAnswer, i64)>);

impl Answers {
    /// What was answered, unless that is too long ago.
    pub(crate) fn get(&self, key: &[u8; 32], now: i64) -> Option<ExternalAnswer> {
        self.0.get(key).filter(|(_, until)| now < *until).map(|(answer, _)| answer.clone())
    }

    /// Keeps an answer for so many seconds.
    pub(crate) fn keep(&mut self, key: [u8; 32], answer: &ExternalAnswer, now: i64, seconds: u64) {
        if seconds == 0 {
            return;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, until)| now < *until);
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let until = now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.0.insert(key, (answer.clone(), until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(group: &str) -> ExternalAnswer {
        ExternalAnswer::Group { group: group.to_owned(), headers: Vec::new() }
    }

    #[test]
    fn an_answer_serves_until_its_time_is_over() {
        let mut answers = Answers::default();
        answers.keep([1; 32], &answer("a"), 100, 5);
        answers.keep([2; 32], &answer("b"), 100, 0);
        assert_eq!(answers.get(&[1; 32], 104), Some(answer("a")));
        assert_eq!(answers.get(&[1; 32], 105), None);
        assert_eq!(answers.get(&[2; 32], 100), None, "not to be kept");
    }

    #[test]
    fn never_more_are_kept_than_there_is_room_for() {
        let mut answers = Answers::default();
        for n in 0..MOST + 10 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_le_bytes());
            answers.keep(key, &answer("a"), 100, 5);
        }
        assert!(answers.0.len() <= MOST, "{}", answers.0.len());
    }
}
