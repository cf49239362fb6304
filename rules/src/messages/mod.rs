//! Rhai's errors in our words: what is wrong and what to do, lower case, no full stop.

#[cfg(feature = "sources")]
mod habits;
#[cfg(feature = "sources")]
mod parse;

#[cfg(not(feature = "sources"))]
use rhai::ParseError;
use rhai::{EvalAltResult, Position};

use crate::api::Type;
use crate::{api, limits};
#[cfg(feature = "sources")]
pub(crate) use parse::parse;

/// What is said where a value is `()`.
const MISSING: &str = "; a key of a map may be missing: ask `\"key\" in map` first";

/// What went wrong while a script ran, and where.
pub(crate) fn runtime(error: &EvalAltResult) -> (String, Position) {
    use EvalAltResult as E;
    let position = error.position();
    let message = match error {
        E::ErrorInFunctionCall(name, _, inner, _) => {
            let (message, position) = runtime(inner);
            // The innermost function of the author's says enough.
            let ours = name.starts_with("anon$") || api::table().any(|entry| entry.name == name);
            let named = ours || message.starts_with("in function ");
            return (if named { message } else { format!("in function `{name}`: {message}") }, position);
        }
        E::ErrorTooManyOperations(_) => too_many_operations(),
        E::ErrorTerminated(token, _) if token.is_bool() => too_many_operations(),
        E::ErrorTerminated(..) => spent(),
        E::ErrorStackOverflow(_) => {
            format!("functions call each other more than {} deep; write a `for` loop", limits::CALL_LEVELS)
        }
        E::ErrorDataTooLarge(what, _) => format!("{} grew too large", too_large(what)),
        E::ErrorTooManyVariables(_) => format!("more than {} variables at once", limits::VARIABLES),
        E::ErrorFunctionNotFound(signature, _) => {
            // A key that a map does not have is `()`.
            let hint = if signature.contains("()") { MISSING } else { "" };
            format!("there is no {}{hint}", signature_words(signature))
        }
        E::ErrorDotExpr(text, _) => {
            let name = text.split('\'').nth(1).unwrap_or_default();
            let owner = text.rsplit('\'').nth(1).map_or("this value", words);
            let hint = if owner == "nothing" { MISSING } else { "" };
            format!("{owner} has no property `{name}`{hint}")
        }
        E::ErrorPropertyNotFound(name, _) => format!("unknown property `{name}`"),
        E::ErrorVariableNotFound(name, _) => format!("unknown variable `{name}`"),
        E::ErrorMismatchDataType(wanted, got, _) => format!("needs {}, not {}", words(wanted), words(got)),
        E::ErrorMismatchOutputType(wanted, got, _) => format!("needs {}, not {}", words(wanted), words(got)),
        E::ErrorRuntime(value, _) => match Type::of(value) {
            Type::String => value.to_string(),
            other => format!("threw {}", other.words()),
        },
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            format!("`{name}` would change a constant; copy it with `let` first")
        }
        E::ErrorAssignmentToConstant(name, _) => format!("`{name}` is a constant and cannot be changed"),
        E::ErrorFor(_) => "`for` needs a list, a range or a string".to_owned(),
        E::ErrorArrayBounds(size, index, _) => {
            format!("index {index} is outside of the list of {size}; ask its `len()` first")
        }
        E::ErrorArithmetic(why, _) if why.starts_with("Error parsing integer") => {
            let text = why.split('\'').nth(1).unwrap_or_default();
            format!("`{text}` is no number; ask `text.matches(\"^[0-9]+$\")` first")
        }
        E::ErrorStringBounds(size, index, _) => format!("index {index} is outside of the string of {size} characters"),
        other => {
            let mut bare = other.to_string();
            if let Some(end) = bare.rfind(" (line ") {
                bare.truncate(end);
            }
            lower_first(&bare)
        }
    };
    (message, position)
}

fn too_many_operations() -> String {
    format!("took more than {} operations; use lists and `in` instead of loops", limits::OPERATIONS_PER_RULE)
}

/// The reason of rules after the budget of all is used up.
pub(crate) fn spent() -> String {
    format!("all rules together took more than {} operations", limits::OPERATIONS_PER_DECISION)
}

/// What is wrong with a script's form, where, and what to do.
#[cfg(not(feature = "sources"))]
pub(crate) fn parse(_: &str, error: &ParseError) -> (String, Option<String>, Position) {
    (lower_first(&error.0.to_string()), None, error.1)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.trim_end_matches('.').chars();
    match characters.next() {
        Some(first) if !characters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

fn too_large(what: &str) -> &'static str {
    let lower = what.to_lowercase();
    if lower.contains("string") {
        "a string"
    } else if lower.contains("map") {
        "a map"
    } else {
        "a list"
    }
}

/// `route (i64)` → ``function `route` for a number``.
fn signature_words(signature: &str) -> String {
    match signature.split_once(" (") {
        Some((name, types)) => {
            let types = types.strip_suffix(')').unwrap_or(types);
            let types: Vec<&str> = types.split(", ").filter(|t| !t.is_empty()).map(words).collect();
            let what = if name.chars().all(|c| c.is_alphanumeric() || c == '_') { "function" } else { "operator" };
            if types.is_empty() {
                format!("{what} `{name}` without arguments")
            } else {
                format!("{what} `{name}` for {}", types.join(" and "))
            }
        }
        None => format!("function `{signature}`"),
    }
}

fn words(rust_type: &str) -> &str {
    match rust_type.trim_start_matches("&mut ").trim_start_matches('&') {
        "i64" | "int" => "a number",
        "str" | "string" | "ImmutableString" | "String" => "a string",
        "char" => "a character",
        "bool" => "true or false",
        "array" | "Array" => "a list",
        "map" | "Map" => "a map",
        "()" => "nothing",
        "decision" | "denial" => "a decision",
        "query" => "the query",
        "sql" => "the query's SQL",
        "group" => "a group",
        "Fn" | "FnPtr" => "a function",
        "pairs" => "a map of strings",
        other => match other.split_once(" | ") {
            // One of Rhai's own functions takes any of these.
            Some((first, _)) => words(first),
            None => other,
        },
    }
}
