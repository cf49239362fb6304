//! Words and signs of other languages, where a script cannot be read: what to write instead.

use super::parse::Around;

const CLOSURE: &str = "a closure is written `|q| …`";
const FUNCTION: &str = "a function is written `fn name(…) { … }`, a closure `|q| …`";
const MATCHES: &str = "write `.matches(\"…\")`";
const QUOTES: &str = "strings take straight quotes: \"…\"";

/// What stands there, and what to write instead.
const HABITS: &[(&str, &str)] = &[
    ("and", "write `&&`"),
    ("or", "write `||`"),
    ("not", "write `!`: `!q.has_tag(\"x\")`, `!(q.user in LIST)`"),
    ("between", "write `a <= x && x <= b`"),
    ("is", "compare with `==`"),
    ("like", MATCHES),
    ("elif", "write `else if`"),
    ("elsif", "write `else if`"),
    ("elseif", "write `else if`"),
    ("then", "leave it out: `if … { … }`"),
    ("null", "what a client did not send is `\"\"`; nothing is `()`"),
    ("nil", "what a client did not send is `\"\"`; nothing is `()`"),
    ("match", "write `switch … { \"x\" => …, _ => … }`"),
    ("case", "write `switch … { \"x\" => …, _ => … }`"),
    ("default", "in a `switch` write `_ => …`; what no rule decides goes to `otherwise(…)`"),
    ("def", FUNCTION),
    ("func", FUNCTION),
    ("function", FUNCTION),
    ("lambda", CLOSURE),
    ("var", "write `const` at the top, `let` in a rule"),
    ("#", "a comment begins with `//`"),
    ("--", "a comment begins with `//`"),
    ("++", "write `n += 1`"),
    (":=", "write `let name = …;`"),
    ("=~", MATCHES),
    ("~=", MATCHES),
    ("~", MATCHES),
    ("$", "names begin with a letter; a value goes into a text as `${name}` between backticks"),
    ("“", QUOTES),
    ("”", QUOTES),
    ("‘", QUOTES),
    ("’", QUOTES),
    ("„", QUOTES),
    ("«", QUOTES),
    ("»", QUOTES),
    ("->", CLOSURE),
    ("=>", CLOSURE),
    ("===", "compare with `==`"),
    ("!==", "compare with `!=`"),
    ("<>", "compare with `!=`"),
    ("?", "write `if … { … } else { … }`"),
    (":", "write `{ … }`"),
    ("/", "a regular expression is a string: `.matches(\"^x\")`"),
];

/// The habit at a place where the parser gave up, or just before it: the word, and what to write instead.
pub(super) fn at(around: Around<'_>) -> Option<(&'static str, &'static str)> {
    let Around { before, after } = around;
    let found = |word: &str| HABITS.iter().copied().find(|(habit, _)| *habit == word);
    let word_before =
        |text: &str| found(last(text.trim_end())).filter(|(habit, _)| habit.chars().all(char::is_alphabetic));
    if after.starts_with(['"', '`']) && last(before) == "f" {
        return Some(("f", "a value goes into a text as `${name}` between backticks"));
    }
    if after.starts_with(':') && is_key(before.trim_end()) {
        return Some((":", "a map is written `#{a: 1, b: 2}`"));
    }
    if after.starts_with(':') && is_argument(before.trim_end()) {
        return Some((":", "arguments have no names: write the values alone, in order"));
    }
    if after.starts_with('"') && last(before.trim_end()) == "rule" {
        return Some(("rule", "write `rule(\"name\", |q| …);`"));
    }
    // Words count here and before; signs here, or around.
    found(first(after))
        .or_else(|| word_before(before))
        // `function (q) {`
        .or_else(|| word_before(before.trim_end().strip_suffix(')')?.rsplit_once('(')?.0))
        .or_else(|| found(&format!("{}{}", last(before), first(after))))
}

/// Does the text end with the name of an argument: `(group` or `, group`?
fn is_argument(text: &str) -> bool {
    let name = last(text);
    let before = text.strip_suffix(name).unwrap_or_default().trim_end();
    name.chars().all(is_word) && before.ends_with(['(', ','])
}

/// Does the text end with the first key of a map: `{"key"`?
fn is_key(text: &str) -> bool {
    let key = text.strip_suffix('"').and_then(|text| text.rsplit_once('"'));
    key.is_some_and(|(before, _)| before.trim_end().ends_with('{'))
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The word or the signs that a text begins with.
fn first(text: &str) -> &str {
    let word = text.starts_with(is_word);
    let end = text.find(|c: char| is_word(c) != word || c.is_whitespace() || "\"'();,".contains(c));
    let end = end.unwrap_or(text.len());
    // Quotes of other kinds stand alone.
    let end = match text.chars().next() {
        Some(quote) if "“”‘’„«»/".contains(quote) => quote.len_utf8(),
        _ => end,
    };
    text.get(..end).unwrap_or_default()
}

/// The word or the signs that a text ends with.
fn last(text: &str) -> &str {
    let word = text.ends_with(is_word);
    let start = text.rfind(|c: char| is_word(c) != word || c.is_whitespace() || "\"'();,".contains(c));
    let start = start.map_or(0, |at| at + text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
    text.get(start..).unwrap_or_default()
}
