//! The fenced blocks of a Markdown page, and the heading under which each stands.

use std::ops::Range;

/// One fenced block.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The nearest heading above, without its signs.
    pub(crate) heading: &'a str,
    /// What follows the opening fence: a language, then perhaps the name of a file.
    pub(crate) info: &'a str,
    /// The text, with its last line break.
    pub(crate) text: &'a str,
    /// Where the text stands in the page.
    pub(crate) place: Range<usize>,
}

impl Block<'_> {
    /// The language: the first word after the fence.
    pub(crate) fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }

    /// Name of the file that the block is: the second word.
    pub(crate) fn file(&self) -> Option<&str> {
        self.info.split(' ').nth(1)
    }
}

/// The blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut heading = "";
    let mut open: Option<(&str, usize)> = None;
    let mut offset = 0;
    for line in page.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let bare = line.trim_end();
        match (open, bare.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info, offset)),
            (Some((info, from)), Some("")) => {
                blocks.push(Block { heading, info, text: &page[from..start], place: from..start });
                open = None;
            }
            (None, None) if bare.starts_with('#') => heading = bare.trim_start_matches('#').trim(),
            _ => {}
        }
    }
    assert_eq!(open, None, "a block is not closed");
    blocks
}
