//! Mistakes of authors: each is told with its place and what to do. Add a case for each message.

use crate::common::{compile_files, mistakes};

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    for (source, want) in cases {
        assert_eq!(mistakes(source), want.join("\n"), "{source}");
    }
}

#[test]
fn refuses_what_does_not_belong_at_the_top_level() {
    const ALLOWED: &str = "the top level holds `const`, `fn`, `rule(…)` and `otherwise(…)`";
    let with_help = |message: &str| format!("line 1, column 1: {message}; {ALLOWED}");
    for (source, want) in [
        ("foo();", with_help("`foo(…)` cannot be called at the top level")),
        ("if true { }", with_help("this statement cannot stand at the top level")),
        ("loop { }", with_help("this statement cannot stand at the top level")),
        ("1 + 1;", with_help("this does nothing here").replace("column 1", "column 3")),
        (
            "let x = 1;",
            "line 1, column 1: `let x` at the top level would keep its value from query to query; write `const`, or move it into the rule".to_owned(),
        ),
        (
            "route(\"x\");",
            "line 1, column 1: this decision belongs to no rule; write `otherwise(…)` around it, or put it into a rule".to_owned(),
        ),
    ] {
        assert_eq!(mistakes(source), want, "{source}");
    }
}

#[test]
fn refuses_a_malformed_rule() {
    check(&[
        (
            "rule(\"x\", |q| route(\"a\"), 5);",
            &["line 1, column 1: `rule` takes a name and a closure; write `rule(\"name\", |q| …)`"],
        ),
        (
            "rule(\"x\", 5);",
            &["line 1, column 11: the second argument of `rule` is a closure; write `rule(\"name\", |q| …)`"],
        ),
        (
            "rule(\"x\", || route(\"a\"));",
            &["line 1, column 11: the closure of a rule takes one parameter, the query; write `rule(\"name\", |q| …)`"],
        ),
        (
            "const N = \"x\"; rule(N, |q| route(\"a\"));",
            &["line 1, column 21: the name of a rule is a string written out; write `rule(\"name\", |q| …)`"],
        ),
        (
            "rule(\"\", |q| route(\"a\"));",
            &["line 1, column 6: a rule needs a name; use letters, digits, space, `_`, `.`, `:` and `-`"],
        ),
        (
            "rule(\"a/b\", |q| route(\"a\"));",
            &[
                "line 1, column 6: `/` cannot stand in the name of a rule; use letters, digits, space, `_`, `.`, `:` and `-`",
            ],
        ),
        (
            &format!("rule(\"{}\", |q| route(\"a\"));", "x".repeat(65)),
            &[
                "line 1, column 6: the name of a rule has at most 64 characters; use letters, digits, space, `_`, `.`, `:` and `-`",
            ],
        ),
        (
            "rule(\"a\", |q| route(\"a\"));\nrule(\"a\", |q| route(\"b\"));",
            &["rule `a`: line 2, column 1: rule `a` already stands in line 1; choose another name"],
        ),
        (
            "rule(\"a\", |q| { q.user == \"x\"; return; });",
            &["rule `a`: line 1, column 1: this rule never decides; end it with `route(…)` or `deny(…)`"],
        ),
        (
            "rule(\"a\", |q| q.user);",
            &[
                "rule `a`: line 1, column 1: this rule gives a string; a rule gives a decision such as `route(\"adhoc\")`, or nothing",
            ],
        ),
        (
            "rule(\"a\", |q| { rule(\"b\", |q| route(\"x\")); route(\"x\") });",
            &[
                "rule `a`: line 1, column 17: `rule` stands at the top level only; move it out of this rule; a rule asks with `if`",
            ],
        ),
    ]);
}

#[test]
fn refuses_what_is_never_reached() {
    check(&[
        (
            "otherwise(route(\"a\"));\nrule(\"x\", |q| route(\"b\"));",
            &[
                "rule `x`: line 2, column 1: this rule is never reached: it stands after `otherwise`; move `otherwise` to the end",
            ],
        ),
        (
            "otherwise(route(\"a\"));\notherwise(route(\"b\"));",
            &["line 2, column 1: a second `otherwise`; the first is in line 1; keep one"],
        ),
        (
            "otherwise(5);",
            &["line 1, column 1: `otherwise` takes a decision, not a number; write `otherwise(route(\"adhoc\"))`"],
        ),
        ("otherwise();", &["line 1, column 1: `otherwise` takes one decision; write `otherwise(route(\"adhoc\"))`"]),
    ]);
}

#[test]
fn a_function_of_another_file_is_checked_where_it_stands() {
    let files = [
        ("a.rhai", "fn team(q) { q.sauce }\nfn f() { 1 }\nrule(\"x\", |q| if team(q) == zone() { route(\"a\") });"),
        ("b.rhai", "fn f() { 2 }\nrule(\"y\", |q| if team(q) == \"\" { route(team()) });"),
    ];
    assert_eq!(
        compile_files(&files).err().unwrap().to_string(),
        "a.rhai: line 1, column 16: the query has no property `sauce`; did you mean `source`?\n\
         a.rhai: rule `x`: line 3, column 29: unknown function `zone`; define it: `fn zone(…) { … }`\n\
         b.rhai: line 1, column 8: function `f` already stands in a.rhai, line 2; choose another name\n\
         b.rhai: rule `y`: line 2, column 40: `team` takes 1 argument, not 0; write `team(q)`"
    );
}

#[test]
fn shows_the_file_where_there_are_several() {
    let files = [
        ("b.rhai", "rule(\"x\", |q| route(\"a\"));\nrule(\"y\", |q| q.usr);\notherwise(route(\"z\"));"),
        ("a.rhai", "const C = 1;\nrule(\"x\", |q| route(\"a\"));\notherwise(route(\"z\"));"),
        ("c.rhai", "const C = 2;\nlet = 5;"),
    ];
    assert_eq!(
        compile_files(&files).err().unwrap().to_string(),
        "b.rhai: rule `x`: line 1, column 1: rule `x` already stands in a.rhai, line 2; choose another name\n\
         b.rhai: rule `x`: line 1, column 1: this rule is never reached: `otherwise` stands in a.rhai; move `otherwise` to the last file\n\
         b.rhai: rule `y`: line 2, column 1: this rule is never reached: `otherwise` stands in a.rhai; move `otherwise` to the last file\n\
         b.rhai: rule `y`: line 2, column 17: the query has no property `usr`; did you mean `user`?\n\
         b.rhai: line 3, column 1: a second `otherwise`; the first is in a.rhai, line 3; keep one\n\
         c.rhai: line 2, column 5: expecting name of a variable"
    );
}

#[test]
fn reports_dropped_decisions() {
    const DROPPED: &str = "this decision is dropped: what follows decides; write `return` before it";
    for (body, column) in [
        ("if q.user == \"x\" { route(\"a\") } route(\"b\")", 36),
        ("route(\"a\"); deny(\"b\")", 17),
        ("let d = route(\"a\"); d.or(\"b\"); d", 37),
        ("for t in q.client_tags { route(t) } route(\"b\")", 42),
        ("while q.user == \"x\" { route(\"a\") } route(\"b\")", 39),
        ("switch q.user { \"x\" => route(\"a\") } route(\"b\")", 40),
        ("{ route(\"a\") } route(\"b\")", 19),
        ("pick(q); route(\"b\")", 17),
    ] {
        let source = format!("rule(\"a\", |q| {{ {body} }});\nfn pick(q) {{ if q.user == \"x\" {{ route(\"a\") }} }}");
        assert_eq!(mistakes(&source), format!("rule `a`: line 1, column {column}: {DROPPED}"), "{source}");
    }
}

#[test]
fn tells_all_unknown_names_at_once() {
    check(&[
        (
            "rule(\"a\", |q| {\n    if q.sorce == \"x\" { return route_too(\"x\"); }\n    if q.sql.txt == \"x\" { return route(\"x\").hedder(\"a\", \"b\"); }\n    if q.group(\"g\").runing > 5 || q.user.startswith(\"x\") { route(adhoc) }\n});",
            &[
                "rule `a`: line 2, column 10: the query has no property `sorce`; did you mean `source`?",
                "rule `a`: line 2, column 32: unknown function `route_too`; did you mean `route`?",
                "rule `a`: line 3, column 14: the query's SQL has no property `txt`; did you mean `text`?",
                "rule `a`: line 3, column 45: a decision has no method `hedder`; did you mean `header`?",
                "rule `a`: line 4, column 21: a group has no property `runing`; did you mean `running`?",
                "rule `a`: line 4, column 42: a string has no method `startswith`; did you mean `starts_with`?",
                "rule `a`: line 4, column 66: unknown variable `adhoc`; write \"adhoc\" if it is a string",
            ],
        ),
        (
            "rule(\"a\", |q| if source == \"x\" { route(\"x\") });",
            &["rule `a`: line 1, column 18: unknown variable `source`; did you mean `q.source`?"],
        ),
        (
            "const VIPS = [\"x\"]; rule(\"a\", |q| if q.user in VIP { route(\"x\") });",
            &["rule `a`: line 1, column 48: unknown variable `VIP`; did you mean `VIPS`?"],
        ),
        ("fn f(q) { q.usr } ", &["line 1, column 13: the query has no property `usr`; did you mean `user`?"]),
        (
            "fn f(x) { x.usr } rule(\"a\", |q| if f(q) == \"x\" { route(\"x\") });",
            &["line 1, column 13: the query has no property `usr`; did you mean `user`?"],
        ),
        (
            "rule(\"a\", |q| if q.client_tags.some(|t| t.len > 5 || t.lenn() == 5) { route(\"x\") });",
            &[
                "rule `a`: line 1, column 43: a string has no property `len`; write `.len()`",
                "rule `a`: line 1, column 56: a string has no method `lenn`; did you mean `len`?",
            ],
        ),
        (
            "rule(\"a\", |q| if q.has_tag { route(\"x\") } else if q.user() == \"a\" { route(\"y\") });",
            &[
                "rule `a`: line 1, column 20: the query has no property `has_tag`; write `.has_tag(tag)`",
                "rule `a`: line 1, column 53: the query has no method `user`; write `.user`",
            ],
        ),
        (
            "rule(\"a\", |q| if has_tag(\"x\") { route(\"x\") });",
            &["rule `a`: line 1, column 18: `has_tag` does not stand alone; write `value.has_tag(tag)`"],
        ),
        (
            "rule(\"a\", |q| deny(\"x\").or(\"y\"));",
            &["rule `a`: line 1, column 25: a decision has no method `or`; known: `tag`"],
        ),
        (
            "rule(\"a\", |q| foo());",
            &["rule `a`: line 1, column 15: unknown function `foo`; define it: `fn foo(…) { … }`"],
        ),
    ]);
}

#[test]
fn offers_nothing_that_reaches_outside_or_dodges_the_check() {
    const WHY: &str = "rules read the query and give a decision, nothing else";
    for (expression, column, name) in [
        ("eval(\"1\")", 17, "eval"),
        ("print(\"1\")", 17, "print"),
        ("debug(\"1\")", 17, "debug"),
        ("Fn(\"route\")", 17, "Fn"),
        ("is_def_var(\"x\")", 17, "is_def_var"),
        ("type_of(q)", 17, "type_of"),
        ("q.user.call()", 24, ".call"),
        ("q.user.curry(1)", 24, ".curry"),
    ] {
        let source = format!("rule(\"a\", |q| {{ {expression}; route(\"x\") }});");
        assert_eq!(
            mistakes(&source),
            format!("rule `a`: line 1, column {column}: `{name}` is not offered; {WHY}"),
            "{source}"
        );
    }
    check(&[
        (
            "import \"x\" as y;",
            &[
                "line 1, column 1: `import` is not offered: rules reach nothing outside; all `.rhai` files of the folder see each other's constants and functions",
            ],
        ),
        (
            "rule(\"a\", |q| { this.x; route(\"x\") });",
            &["rule `a`: line 1, column 17: `this` is not offered; pass the value as a parameter"],
        ),
    ]);
}

#[test]
fn tells_wrong_types_and_numbers_of_arguments() {
    check(&[
        (
            "rule(\"a\", |q| route(q.bucket(q.user, 3)));",
            &[
                "rule `a`: line 1, column 15: `route`: group is a string, not a number; write `value.to_string()`, or quotes around it",
            ],
        ),
        (
            "rule(\"a\", |q| route(\"x\", \"y\"));",
            &["rule `a`: line 1, column 15: `route` takes 1 argument, not 2; write `route(group)`"],
        ),
        (
            "rule(\"a\", |q| route(\"x\").or());",
            &["rule `a`: line 1, column 26: `or` takes 1 argument, not 0; write `.or(group)`, `.or(groups)`"],
        ),
        (
            "fn f(a) { a } rule(\"a\", |q| route(f()));",
            &["rule `a`: line 1, column 35: `f` takes 1 argument, not 0; write `f(a)`"],
        ),
        (
            "rule(\"a\", |q| if q.user { route(\"x\") });",
            &[
                "rule `a`: line 1, column 18: a condition is true or false, not a string; compare it: `… == \"…\"` or `… != \"\"`",
            ],
        ),
        (
            "rule(\"a\", |q| if q.hour == \"5\" { route(\"x\") });",
            &[
                "rule `a`: line 1, column 25: compares a number with a string: they are never equal; write a number without quotes, a string with quotes",
            ],
        ),
        (
            "rule(\"a\", |q| if q.user < 5 { route(\"x\") });",
            &[
                "rule `a`: line 1, column 25: `<` cannot compare a string with a number; write a number without quotes, a string with quotes",
            ],
        ),
        (
            "rule(\"a\", |q| if 5 in q.client_tags { route(\"x\") });",
            &[
                "rule `a`: line 1, column 20: a number is never in a list of strings; write a number without quotes, a string with quotes",
            ],
        ),
        (
            "rule(\"a\", |q| if \"x\" in q.hour { route(\"x\") });",
            &[
                "rule `a`: line 1, column 22: `in` needs a list, a map, a table or a string, not a number; compare with `==`, or write a list: `[\"a\", \"b\"]`",
            ],
        ),
        (
            "rule(\"a\", |q| if q[\"user\"] == \"x\" { route(\"x\") });",
            &["rule `a`: line 1, column 20: the query has no elements; write `.name` to read a property"],
        ),
        (
            "rule(\"a\", |q| { for x in q.session { } route(\"x\") });",
            &["rule `a`: line 1, column 26: `for` runs over a list, not a map; take its `keys()` or `values()`"],
        ),
    ]);
}

#[test]
fn refuses_to_change_constants_and_the_query() {
    check(&[
        (
            "const C = [1]; rule(\"a\", |q| { C.push(2); route(\"x\") });",
            &["rule `a`: line 1, column 34: `push` would change a constant; copy it with `let` first"],
        ),
        (
            "const C = [1]; rule(\"a\", |q| { [1].map(|n| { C.push(n); n }); route(\"x\") });",
            &["rule `a`: line 1, column 48: `push` would change a constant; copy it with `let` first"],
        ),
        (
            "const C = 1; rule(\"a\", |q| { C = 2; route(\"x\") });",
            &[
                "rule `a`: line 1, column 30: `C` is a constant and cannot be changed; take another name: `let other = C…;`",
            ],
        ),
        (
            "const C = 1; rule(\"a\", |q| { let C = 2; route(\"x\") });",
            &["rule `a`: line 1, column 34: `C` hides the constant of that name; choose another name"],
        ),
        (
            "const C = 1; fn f(C) { C }",
            &["line 1, column 22: `C` hides the constant of that name; choose another name"],
        ),
        ("const C = |x| x;", &["line 1, column 7: a constant cannot hold a function; write `fn name(…) { … }`"]),
        (
            "const C = 1;\nconst C = 2;",
            &["line 2, column 7: constant `C` already stands in line 1; choose another name"],
        ),
        ("const C = 1 / 0;", &["line 1, column 13: division by zero: 1 / 0"]),
        (
            "rule(\"a\", |q| { q.user = \"x\"; route(\"x\") });",
            &[
                "rule `a`: line 1, column 17: `q` is what the query says of itself and cannot be changed; copy what you need with `let`; what Trino is told is changed by `route(…).header(…)`",
            ],
        ),
    ]);
}

#[test]
fn refuses_functions_that_confuse() {
    check(&[
        ("fn route(x) { x }", &["line 1, column 13: function `route` hides the one of that name; choose another name"]),
        ("fn a(x) { x }\nfn a(x, y) { x }", &["line 2, column 12: function `a` is defined twice; choose another name"]),
        (
            "rule(\"a\", |q| { fn f() { 5 } route(\"x\") });",
            &[
                "rule `a`: line 1, column 17: an `fn` stands inside of something; functions are written at the top level",
            ],
        ),
    ]);
}

#[test]
fn checks_what_is_written_out() {
    check(&[
        (
            "rule(\"a\", |q| if q.user.matches(\"a[\") { route(\"x\") });",
            &[
                "rule `a`: line 1, column 33: `a[` is not a regular expression: found unclosed character class; write `\\\\` before a character that only stands for itself",
            ],
        ),
        (
            "rule(\"a\", |q| if q.matches(q.user, q.source) { route(\"x\") });",
            &[
                "rule `a`: line 1, column 36: the regular expression of `matches` is written out, not computed; put it between quotes, or into a `const`",
            ],
        ),
        (
            "rule(\"a\", |q| route(\"\"));",
            &["rule `a`: line 1, column 21: `route` was given an empty string; name a group"],
        ),
        (
            "rule(\"a\", |q| route(\"x\").header(\"Cookie\", \"y\"));",
            &[
                "rule `a`: line 1, column 33: header `Cookie` says who the user is or where the query goes, so rules may not set it",
            ],
        ),
        (
            "rule(\"a\", |q| route(\"x\").header(\"a b\", \"y\\n\"));",
            &[
                "rule `a`: line 1, column 33: header `a b` is not a header name",
                "rule `a`: line 1, column 40: this header has a line break or another control character in its value",
            ],
        ),
    ]);
}

#[test]
fn says_in_plain_words_what_the_parser_found() {
    check(&[
        (
            "rule(\"a\", |q| route('abc'));",
            &["rule `a`: line 1, column 21: 'abc' is not a string; strings take double quotes: \"abc\""],
        ),
        (
            "rule(\"a\", |q| if q.user = \"x\" { route(\"x\") });",
            &["rule `a`: line 1, column 25: `=` cannot stand in an expression; compare with `==`"],
        ),
        ("rule(\"a\", |q| \"unclosed);", &["rule `a`: line 1, column 15: a string is not closed; add a closing `\"`"]),
        (
            "rule(\"a\", |q| route(\"x\")",
            &["rule `a`: line 1, column 25: `)` is missing to close the arguments list of this function call 'rule'"],
        ),
        (
            "rule(\"a\", |q| if true { route(\"x\") else });",
            &["rule `a`: line 1, column 36: `;` is missing to terminate this statement"],
        ),
    ]);
}

#[test]
fn refuses_a_closure_that_reads_what_its_chain_reads() {
    let help = |at: &str, list: &str, method: &str| {
        format!(
            "rule `x`: line 1, column {at}: this closure reads `{list}`, and stands in a chain that begins with `{list}`; \
             write `let list = {list}…;` first, and `list.{method}(…)`"
        )
    };
    for (body, want) in [
        ("if q.client_tags.some(|t| t == q.user) { route(\"a\") }", help("39", "q", "some")),
        ("if q.user.split(\",\").all(|t| q.has_tag(t)) { route(\"a\") }", help("42", "q", "all")),
        ("if q.client_tags.some(|t| [t].some(|u| q.has_tag(u))) { route(\"a\") }", help("39", "q", "some")),
        ("let l = [1]; if l.some(|n| l.len() > n) { route(\"a\") }", help("40", "l", "some")),
        ("let l = q.client_tags; if l.some(|t| t == q.user) { route(\"a\") }", String::new()),
        ("let u = q.user; if q.client_tags.some(|t| t == u) { route(\"a\") }", String::new()),
    ] {
        assert_eq!(mistakes(&format!("rule(\"x\", |q| {{ {body} }});")), want, "{body}");
    }
}
