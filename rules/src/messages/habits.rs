//! Words and signs of other languages, where a script cannot be read: what to write instead.

use rhai::Position;

/// What stands there, and what to write instead.
const HABITS: &[(&str, &str)] = &[
    ("and", "write `&&`"),
    ("or", "write `||`"),
    ("not", "write `!`"),
    ("is", "compare with `==`"),
    ("like", "write `.matches(\"…\")`"),
    ("elif", "write `else if`"),
    ("elsif", "write `else if`"),
    ("elseif", "write `else if`"),
    ("then", "leave it out: `if … { … }`"),
    ("null", "what a client did not send is `\"\"`; nothing is `()`"),
    ("nil", "what a client did not send is `\"\"`; nothing is `()`"),
    ("match", "write `switch … { \"x\" => …, _ => … }`"),
    ("case", "write `switch … { \"x\" => …, _ => … }`"),
    ("def", "write `fn name(…) { … }`"),
    ("func", "write `fn name(…) { … }`"),
    ("function", "write `fn name(…) { … }`"),
    ("var", "write `const` at the top, `let` in a rule"),
    ("#", "a comment begins with `//`"),
    ("$", "names begin with a letter; a value goes into a text as `${name}` between backticks"),
    ("“", "strings take straight quotes: \"…\""),
    ("”", "strings take straight quotes: \"…\""),
    ("‘", "strings take straight quotes: \"…\""),
    ("’", "strings take straight quotes: \"…\""),
    ("->", "a closure is written `|q| …`"),
    ("=>", "a closure is written `|q| …`"),
    ("===", "compare with `==`"),
    ("!==", "compare with `!=`"),
    ("<>", "compare with `!=`"),
    ("?", "write `if … { … } else { … }`"),
    (":", "write `{ … }`"),
    ("/", "a regular expression is a string: `.matches(\"^x\")`"),
];

/// The habit at a place where the parser gave up, or just before it: the word, and what to write instead.
pub(crate) fn at(source: &str, position: Position) -> Option<(&'static str, &'static str)> {
    let line = source.lines().nth(position.line()?.checked_sub(1)?)?;
    let column = position.position()?.checked_sub(1)?;
    let (offset, _) = line.char_indices().nth(column)?;
    let (before, after) = line.split_at(offset);
    let found = |word: &str| HABITS.iter().copied().find(|(habit, _)| *habit == word);
    // Words count here and before; signs here, or around.
    found(first(after))
        .or_else(|| found(last(before.trim_end())).filter(|(habit, _)| habit.chars().all(char::is_alphabetic)))
        .or_else(|| {
            let sign = format!("{}{}", last(before), first(after));
            found(&sign)
        })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The word or the signs that a text begins with.
fn first(text: &str) -> &str {
    let word = text.starts_with(is_word);
    let end = text.find(|c: char| is_word(c) != word || c.is_whitespace() || "\"'()".contains(c));
    let end = end.unwrap_or(text.len());
    // Quotes of other kinds stand alone.
    let end = match text.chars().next() {
        Some(quote) if "“”‘’/".contains(quote) => quote.len_utf8(),
        _ => end,
    };
    text.get(..end).unwrap_or_default()
}

/// The word or the signs that a text ends with.
fn last(text: &str) -> &str {
    let word = text.ends_with(is_word);
    let start = text.rfind(|c: char| is_word(c) != word || c.is_whitespace() || "\"'()".contains(c));
    let start = start.map_or(0, |at| at + text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
    text.get(start..).unwrap_or_default()
}
