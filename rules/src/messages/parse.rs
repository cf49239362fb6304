//! Why a file cannot be read as rules, and what to do: Rhai says where its parser gave up, the text around says why.

use rhai::{LexError, ParseError, ParseErrorType, Position};

use super::{habits, lower_first};
use crate::limits;

/// The line in which the parser gave up: what stands before that place, and what from there on.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'a> {
    pub(super) before: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Around<'a> {
    fn of(source: &'a str, position: Position) -> Option<Around<'a>> {
        let line = source.lines().nth(position.line()?.checked_sub(1)?)?;
        let column = position.position()?.checked_sub(1)?;
        let offset = line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
        let (before, after) = line.split_at_checked(offset)?;
        Some(Around { before, after })
    }

    /// The sign that stands there, if any.
    fn sign(self) -> Option<char> {
        self.after.chars().next()
    }

    fn begins_with_word(self, word: &str) -> bool {
        self.after.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    }
}

/// What is wrong with a script's form, where, and what to do.
pub(crate) fn parse(source: &str, error: &ParseError) -> (String, Option<String>, Position) {
    let around = Around::of(source, error.1).unwrap_or_default();
    let (message, help) = match habits::at(around) {
        Some((habit, help)) => (format!("`{habit}` cannot stand here"), help.to_owned()),
        None => words(&error.0, around),
    };
    (message, Some(help), error.1)
}

fn words(kind: &ParseErrorType, around: Around<'_>) -> (String, String) {
    use ParseErrorType as P;
    let say = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    match kind {
        P::BadInput(error) => bad_input(error, around),
        P::MissingToken(token, why) => missing(token, why, around),
        P::UnknownOperator(sign) => (
            format!("there is no operator `{sign}`"),
            "write `==`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!` or `in`".to_owned(),
        ),
        P::Reserved(word) if matches!(word.as_str(), "import" | "export" | "eval" | "print" | "debug") => (
            format!("`{word}` is not offered: rules reach nothing outside"),
            "all `.rhai` files of the folder see each other's constants and functions".to_owned(),
        ),
        P::Reserved(word) => (format!("`{word}` is a reserved word"), "choose another name".to_owned()),
        P::UnexpectedEOF => say("the file ends too early", "look for a bracket or a string that is not closed"),
        P::VariableExpected => say(
            "a name is missing here, or it is a word that Rhai uses itself",
            "write `let name = …`, with letters, digits and `_`",
        ),
        P::PropertyExpected if around.begins_with_word("in") => say("`in` is no method", "write `x in list`"),
        P::PropertyExpected => {
            say("the name of a property is missing after the dot", "write `q.user`; numbers are whole, and have no dot")
        }
        P::AssignmentToConstant(name) => (
            format!("`{name}` is a constant and cannot be changed"),
            format!("take another name: `let other = {name}…;`"),
        ),
        P::AssignmentToInvalidLHS(_) => say("nothing can be put into this by `=`", "compare with `==`"),
        P::VariableExists(name) => (format!("`{name}` is already defined"), "choose another name".to_owned()),
        P::FnDuplicatedDefinition(name, _) => {
            (format!("function `{name}` is defined twice"), "choose another name".to_owned())
        }
        P::FnDuplicatedParam(name, parameter) => (
            format!("function `{name}` has two parameters `{parameter}`"),
            "choose another name for one of them".to_owned(),
        ),
        P::FnMissingBody(name) if !name.is_empty() => {
            (format!("function `{name}` has no body"), format!("write `fn {name}(…) {{ … }}`"))
        }
        P::FnMissingName | P::FnMissingParams(_) => {
            say("this function cannot be read", "write `fn name(parameter) { … }`")
        }
        P::WrongFnDefinition => say("an `fn` stands inside of something", "functions are written at the top level"),
        P::DuplicatedProperty(key) => (format!("the key `{key}` stands twice in this map"), "keep one".to_owned()),
        P::MismatchedType(wanted, _) if wanted.contains("iterable") => {
            say("`for` runs over a list", "write `[\"a\", \"b\"]`, or a range: `0..3`")
        }
        P::MismatchedType(wanted, _) if wanted.contains("boolean") => say(
            "a condition is true or false, and this is neither",
            "compare each part: `q.user == \"a\" || q.user == \"b\"`, or write `q.user in [\"a\", \"b\"]`",
        ),
        P::WrongSwitchDefaultCase => say("`_ => …` stands before another branch", "move it to the end of the `switch`"),
        P::ExprTooDeep => {
            (format!("nested more than {} deep", limits::EXPRESSION_DEPTH), "split it with `let` or `fn`".to_owned())
        }
        P::TooManyFunctions => {
            (format!("more than {} rules and functions in one file", limits::FUNCTIONS), "use several files".to_owned())
        }
        P::LiteralTooLarge(what, max) => {
            (format!("{} is above {max}", lower_first(what)), "put it into a table: `table(\"file.csv\")`".to_owned())
        }
        P::LoopBreak => say("`break` and `continue` stand in loops only", "a rule is left by `return`"),
        other => (lower_first(&other.to_string()), "look at what stands before it".to_owned()),
    }
}

fn bad_input(error: &LexError, around: Around<'_>) -> (String, String) {
    let say = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    match error {
        LexError::UnexpectedInput(what) if matches!(what.as_str(), ")" | "}" | "]") => {
            (format!("unexpected `{what}`"), "look for a bracket before it that is not closed".to_owned())
        }
        LexError::UnexpectedInput(what) => match what.chars().next() {
            Some(sign) if !sign.is_ascii() && !sign.is_alphanumeric() => (
                format!("the character U+{:04X} cannot stand here", u32::from(sign)),
                "take it out; it may be invisible, or look like another".to_owned(),
            ),
            _ => (format!("unexpected `{what}`"), "take it out, or put the text between quotes".to_owned()),
        },
        LexError::UnterminatedString => {
            let backtick = around.sign() != Some('"');
            let help = if backtick {
                "add a closing backtick"
            } else {
                "add a closing `\"`; a text of several lines stands between backticks"
            };
            say("a string is not closed", help)
        }
        LexError::MalformedEscapeSequence(escape) => {
            (format!("`{escape}` means nothing in a string"), "a backslash is written twice: `\\\\`".to_owned())
        }
        LexError::MalformedChar(text) if text.chars().count() > 1 => {
            (format!("'{text}' is not a string"), format!("strings take double quotes: \"{text}\""))
        }
        LexError::ImproperSymbol(symbol, _) if symbol == "=" => {
            say("`=` cannot stand in an expression", "compare with `==`")
        }
        LexError::ImproperSymbol(symbol, hint) if hint.is_empty() => {
            (format!("unexpected `{symbol}`"), "take it out".to_owned())
        }
        LexError::StringTooLong(max) => {
            (format!("a string has more than {max} bytes"), "shorten it, or use a table".to_owned())
        }
        other => (lower_first(&other.to_string()), "look at what stands before it".to_owned()),
    }
}

/// A bracket or a sign that is not there.
fn missing(token: &str, why: &str, around: Around<'_>) -> (String, String) {
    let say = |message: &str, help: &str| (message.to_owned(), help.to_owned());
    let sign = around.sign();
    let ends = matches!(sign, None | Some(';'));
    match (why, sign) {
        ("to terminate this statement", Some(bracket @ (')' | '}' | ']'))) => closes_nothing(bracket),
        ("to terminate this statement", _) if around.begins_with_word("else") => {
            say("`else` follows no block", "write `} else {`")
        }
        ("to terminate this statement", Some('=')) => {
            say("`==` compares", "write one `=` to give a value: `let name = …`")
        }
        ("to terminate this statement", _) => say("`;` is missing before this", "end what stands before with `;`"),
        ("to terminate this block", _) => say("`}` is missing to close a block", "look for the `{` above that is open"),
        ("to start a statement block", _) if around.before.trim_end().ends_with("else") => {
            say("`{` is missing after `else`", "write `else { … }`, or `else if … { … }`")
        }
        ("to start a statement block", _) => say(
            "`{` is missing here: the condition ends before this",
            "write `{ … }`; or join its parts by `==`, `&&`, `||`, `in`",
        ),
        ("to separate the items of this array literal", _) if ends => {
            say("`]` is missing to close a list", "write `[\"a\", \"b\"]`")
        }
        ("to separate the items of this array literal", _) => {
            say("`,` is missing between the elements of a list", "write `[\"a\", \"b\"]`")
        }
        ("to separate the items of this object map literal", _) => {
            say("`,` or `}` is missing in a map", "write `#{a: 1, b: 2}`")
        }
        ("for a matching ( in this expression", Some(',')) => {
            say("`,` stands between round brackets", "a list takes square brackets: `[\"a\", \"b\"]`")
        }
        (_, Some(bracket @ ('}' | ']'))) if why.contains("function call") => closes_nothing(bracket),
        (_, Some('=')) if why.contains("function call") => {
            say("`=` stands between arguments", "they have no names: write the values alone, in order")
        }
        _ if why.contains("function call") && around.begins_with_word("if") => {
            say("`if` stands after what it is about", "write `if … { … } else { … }`")
        }
        _ if why.contains("function call") => {
            let name = why.split('\'').nth(1).unwrap_or_default();
            if ends {
                (format!("`)` is missing to close the brackets of `{name}`"), format!("write `{name}(…)`"))
            } else {
                (format!("`,` is missing between the arguments of `{name}`"), format!("write `{name}(a, b)`"))
            }
        }
        _ if why.contains("switch") => (
            format!("`{token}` is missing in a `switch`"),
            "write `switch … { \"x\" | \"y\" => …, _ => … }`".to_owned(),
        ),
        _ => (format!("`{token}` is missing {why}"), "put it there, or look for an open bracket before it".to_owned()),
    }
}

fn closes_nothing(bracket: char) -> (String, String) {
    (
        format!("`{bracket}` closes nothing"),
        "take it out, or look for a bracket before it that is not opened".to_owned(),
    )
}
