//! The first bytes of a query's text, taken as they pass by: the history wants them, and no query waits for it.

/// Takes what passes until it has enough, or the text is over.
pub(crate) struct PassingText {
    most: usize,
    taken: Vec<u8>,
}

impl PassingText {
    /// Takes `most` bytes at most; nothing at all if that is 0.
    pub(crate) fn of(most: usize) -> Option<PassingText> {
        (most > 0).then(|| PassingText { most, taken: Vec::new() })
    }

    /// How many bytes are to be taken of the next `size`.
    pub(crate) fn wants(&self, size: usize) -> usize {
        size.min(self.most.saturating_sub(self.taken.len()))
    }

    /// Takes these bytes too. Whether that is enough.
    pub(crate) fn take(&mut self, bytes: Vec<u8>) -> bool {
        if self.taken.is_empty() {
            // Most texts come in one piece.
            self.taken = bytes;
        } else {
            self.taken.extend(bytes);
        }
        self.taken.len() >= self.most
    }

    /// What was taken.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_more_than_is_wanted_however_the_text_is_cut_up() {
        for (chunks, want) in [
            (&["SELECT 1"][..], "SELECT 1"),
            (&["SEL", "", "ECT", " 1"], "SELECT 1"),
            (&["SELECT 1 -- and more"], "SELECT 1 -"),
            (&["SELECT 1 ", "-- and more", "still"], "SELECT 1 -"),
        ] {
            let mut text = PassingText::of(10).unwrap();
            for chunk in chunks {
                let wanted = text.wants(chunk.len());
                let enough = text.take(chunk.as_bytes()[..wanted].to_vec());
                assert_eq!(enough, text.bytes().len() == 10, "{chunks:?}");
            }
            assert_eq!(text.bytes(), want.as_bytes());
        }
        assert!(PassingText::of(0).is_none());
    }
}
