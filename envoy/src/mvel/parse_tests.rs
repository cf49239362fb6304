use super::*;

/// Written out with all parentheses.
fn shown(expression: &Expression) -> String {
    let list = |list: &[Expression]| list.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &expression.kind {
        Kind::Text(text) => format!("{text:?}"),
        Kind::Number(number) => number.to_string(),
        Kind::Flag(flag) => flag.to_string(),
        Kind::Null => "null".to_owned(),
        Kind::Empty => "empty".to_owned(),
        Kind::Name(name) => name.clone(),
        Kind::List(elements) => format!("[{}]", list(elements)),
        Kind::New(class, arguments) => format!("new {class}({})", list(arguments)),
        Kind::Property(owner, name) => format!("{}.{name}", shown(owner)),
        Kind::Call(owner, name, arguments) => format!("{}.{name}({})", shown(owner), list(arguments)),
        Kind::Index(owner, index) => format!("{}[{}]", shown(owner), shown(index)),
        Kind::Not(inner) => format!("!{}", shown(inner)),
        Kind::Binary(operator, left, right) => format!("({} {operator:?} {})", shown(left), shown(right)),
        Kind::Choice(parts) => {
            let [condition, yes, no] = &**parts;
            format!("({} ? {} : {})", shown(condition), shown(yes), shown(no))
        }
    }
}

#[test]
fn conditions_are_read_as_mvel_reads_them() {
    for (source, want) in [
        ("true", "true"),
        ("return true;", "true"),
        ("a || b && c || d", "((a Or (b And c)) Or d)"),
        ("(a || b) && c", "((a Or b) And c)"),
        ("a == b && c contains d", "((a Equal b) And (c Contains d))"),
        ("!a.b() && !(a == b)", "(!a.b() And !(a Equal b))"),
        ("a + b - c == 3", "(((a Add b) Subtract c) Equal 3)"),
        ("a.b.c.d(e, 'f')[1].g", "a.b.c.d(e, \"f\")[1].g"),
        ("a.?b", "a.b"),
        ("a ~= \"x\" ? b : c == nil", "((a Matches \"x\") ? b : (c Equal null))"),
        ("[a, {b}] contains empty", "([a, [b]] Contains empty)"),
        ("new java.util.HashSet()", "new HashSet()"),
    ] {
        assert_eq!(condition(source).map(|expression| shown(&expression)).as_deref(), Ok(want), "{source}");
    }
}

#[test]
fn what_mvel_reads_otherwise_than_it_looks_is_refused() {
    for (source, line, what, help) in [
        ("", 0, "something is missing at the end", "write a value there"),
        ("a\n== b ==\nc", 0, "there are two comparisons without `&&` between", "write parentheses around the first"),
        ("!a == b", 0, "`!` stands before the first value alone", "write parentheses around all that it is about"),
        ("a b", 0, "`b` is not expected here", "MVEL passes over it: take it out"),
        ("a\n  or b", 1, "`or` has no counterpart", "write `||`"),
        ("a == 1 * 2", 0, "`*` has no counterpart", "MVEL gets `a + b * c` wrong: compute with `+` and `-`"),
        ("a.f(b", 0, "something is missing at the end", "write `,` there"),
        ("f(a)", 0, "`f(…)` has no counterpart", "write an `fn` in Rhai, and call it"),
        (&"(".repeat(100), 0, "this is nested too deeply", "write several rules"),
        (&format!("a{}", " || a".repeat(2000)), 0, "this is too long", "write several rules"),
        (&"a.".repeat(2000), 0, "this is too long", "write several rules"),
        (&"!".repeat(100), 0, "this is nested too deeply", "write several rules"),
    ] {
        assert_eq!(condition(source), Err(Refusal::new(line, what, help)), "{source}");
    }
}

#[test]
fn actions_are_statements() {
    let shapes = |source: &str| -> Result<Vec<String>, String> {
        let shape = |statement: &Statement| match statement {
            Statement::Expression(expression) => shown(expression),
            Statement::Assignment(target, value) => format!("{} = {}", shown(target), shown(value)),
            Statement::If(cases, last) => format!("if of {}, else: {}", cases.len(), last.is_some()),
        };
        action(source).map(|all| all.iter().map(shape).collect()).map_err(|refusal| refusal.what)
    };
    for (source, want) in [
        ("", Ok(&[][..])),
        ("a.b(); c.d = e;;", Ok(&["a.b()", "c.d = e"])),
        ("if (a) b.c() else d.e();", Ok(&["if of 1, else: true"])),
        ("if (a) { b.c(); d.e() } else if (f) { } g.h()", Ok(&["if of 2, else: false", "g.h()"])),
        ("a.b() c.d()", Err("`c` is not expected here")),
        ("if (a) { b.c()", Err("something is missing at the end")),
        ("foreach (a : b) { }", Err("`foreach` has no counterpart")),
    ] {
        let want = want.map(|all| all.iter().map(|one| (*one).to_owned()).collect()).map_err(str::to_owned);
        assert_eq!(shapes(source), want, "{source}");
    }
}
