//! What people write who come from other languages: each is told what to write instead.

use crate::common::mistakes;

#[test]
fn says_what_to_write_instead_of_what_other_languages_have() {
    for (condition, column, habit, instead) in [
        ("q.user == \"x\" and true", 32, "and", "write `&&`"),
        ("q.user == \"x\" or true", 32, "or", "write `||`"),
        ("not q.has_tag(\"x\")", 22, "not", "write `!`"),
        ("q.user is \"x\"", 25, "is", "compare with `==`"),
        ("q.user === \"x\"", 25, "===", "compare with `==`"),
        ("q.user !== \"x\"", 25, "!==", "compare with `!=`"),
        ("q.user <> \"x\"", 26, "<>", "compare with `!=`"),
        ("q.user like \"x%\"", 25, "like", "write `.matches(\"…\")`"),
        ("q.user == null", 28, "null", "what a client did not send is `\"\"`; nothing is `()`"),
        ("q.user == nil", 28, "nil", "what a client did not send is `\"\"`; nothing is `()`"),
        ("q.user == “x”", 28, "“", "strings take straight quotes: \"…\""),
        ("q.user == ‘x’", 28, "‘", "strings take straight quotes: \"…\""),
        ("q.user.matches(/^x/)", 33, "/", "a regular expression is a string: `.matches(\"^x\")`"),
        (
            "q.user == $VIP",
            28,
            "$",
            "names begin with a letter; a value goes into a text as `${name}` between backticks",
        ),
        ("true then", 23, "then", "leave it out: `if … { … }`"),
        ("true: ", 22, ":", "write `{ … }`"),
        ("true { route(\"x\") } elif true", 38, "elif", "write `else if`"),
    ] {
        let source = format!("rule(\"a\", |q| if {condition} {{ route(\"y\") }});");
        let want = format!("rule `a`: line 1, column {column}: `{habit}` cannot stand here; {instead}");
        assert_eq!(mistakes(&source), want, "{source}");
    }
    for (source, want) in [
        ("def f(q): return 1", "line 1, column 5: `def` cannot stand here; write `fn name(…) { … }`"),
        ("function f(q) { 1 }", "line 1, column 10: `function` cannot stand here; write `fn name(…) { … }`"),
        ("var x = 1;", "line 1, column 1: `var` cannot stand here; write `const` at the top, `let` in a rule"),
        ("# vips", "line 1, column 1: `#` cannot stand here; a comment begins with `//`"),
        (
            "rule(\"a\", q => route(\"x\"));",
            "rule `a`: line 1, column 13: `=>` cannot stand here; a closure is written `|q| …`",
        ),
        (
            "rule(\"a\", (q) -> route(\"x\"));",
            "rule `a`: line 1, column 15: `->` cannot stand here; a closure is written `|q| …`",
        ),
        (
            "rule(\"a\", |q| q.user == \"x\" ? route(\"x\") : route(\"y\"));",
            "rule `a`: line 1, column 29: `?` cannot stand here; write `if … { … } else { … }`",
        ),
        (
            "rule(\"a\", |q| { match q.user { \"x\" => route(\"x\") } });",
            "rule `a`: line 1, column 17: `match` cannot stand here; write `switch … { \"x\" => …, _ => … }`",
        ),
        (
            "rule(\"a\", |q| { switch q.user { case \"x\": route(\"x\") } });",
            "rule `a`: line 1, column 33: `case` cannot stand here; write `switch … { \"x\" => …, _ => … }`",
        ),
        (
            "rule(\"a\", |q| if q.user in (\"a\", \"b\") { route(\"x\") });",
            "rule `a`: line 1, column 32: `)` is missing for a matching ( in this expression; a list takes square brackets: [\"a\", \"b\"]",
        ),
        (
            "rule(\"a\", |q| { if q.user == \"x\" { route(\"x\") });",
            "rule `a`: line 1, column 48: unexpected `)`; look for a bracket before it that is not closed",
        ),
    ] {
        assert_eq!(mistakes(source), want, "{source}");
    }
}

#[test]
fn says_what_was_meant() {
    for (condition, column, want) in [
        ("q.user.equals(\"x\")", 25, "a string has no method `equals`; compare with `==`"),
        (
            "q.user.equalsIgnoreCase(\"x\")",
            25,
            "a string has no method `equalsIgnoreCase`; write `.to_lower() == \"…\"`",
        ),
        ("q.user.toLowerCase() == \"x\"", 25, "a string has no method `toLowerCase`; did you mean `to_lower`?"),
        ("q.user.startsWith(\"x\")", 25, "a string has no method `startsWith`; did you mean `starts_with`?"),
        ("q.user.length > 5", 25, "a string has no property `length`; write `.len()`"),
        ("q.user.like(\"x%\")", 25, "a string has no method `like`; write `.matches(\"…\")`"),
        ("q.client_tags.any(|t| t == \"x\")", 32, "a list of strings has no method `any`; write `.some(|x| …)`"),
        ("q.headers[\"X-Team\"] == \"x\"", 20, "the query has no property `headers`; write `.header(\"X-Name\")`"),
        ("q.group(\"x\")", 18, "a condition is true or false, not a group; ask for its state: `.serving`"),
        ("!q.user", 19, "a condition is true or false, not a string; compare it: `… == \"…\"` or `… != \"\"`"),
        ("q.hour", 18, "a condition is true or false, not a number; compare it: `… > 0`"),
        (
            "q.client_tags",
            18,
            "a condition is true or false, not a list of strings; ask for something: `\"x\" in …`, or `!….is_empty()`",
        ),
        (
            "q.client_tags == \"x\"",
            32,
            "compares a list of strings with a string: they are never equal; ask whether it is in the list: `\"x\" in list`",
        ),
        (
            "q.sql == \"x\"",
            24,
            "compares the query's SQL with a string: they are never equal; compare one of its properties",
        ),
        (
            "q.has_tag(\"x\") == \"true\"",
            33,
            "compares true or false with a string: they are never equal; what is true or false needs no comparison",
        ),
        ("[\"a\"] in q.user", 24, "a list of strings is never in a string; ask for each: `.some(|x| x in …)`"),
        ("5 < q.hour < 8", 29, "`<` cannot compare true or false with a number; write `a < b && b < c`"),
        ("q.user - 1 == 2", 25, "`-` needs numbers, not a string; a number in a text is read by `parse_int(…)`"),
        ("q.bucket(100, q.user) < 5", 20, "`bucket`: value is a string, not a number; write `.bucket(value, n)`"),
        (
            "q.user.sub_string(\"x\") == \"\"",
            25,
            "`sub_string`: start is a number, not a string; write it without quotes, or `parse_int(text)`",
        ),
        (
            "q.user == None",
            28,
            "unknown variable `None`; what a client did not send is `\"\"`; there are `true`, `false`, and `()` for nothing",
        ),
        ("q.user == 'x'", 28, "'x' is not a string; strings take double quotes: \"x\""),
    ] {
        let source = format!("rule(\"a\", |q| if {condition} {{ route(\"y\") }});");
        assert_eq!(mistakes(&source), format!("rule `a`: line 1, column {column}: {want}"), "{source}");
    }
    for (decision, want) in [
        ("route(\"x\").fallback(\"y\")", "column 26: a decision has no method `fallback`; write `.or(\"group\")`"),
        ("deny", "column 15: unknown variable `deny`; write `deny(message)`"),
        ("route('x')", "column 21: 'x' is not a string; strings take double quotes: \"x\""),
    ] {
        let source = format!("rule(\"a\", |q| {decision});");
        assert_eq!(mistakes(&source), format!("rule `a`: line 1, {want}"), "{source}");
    }
}
