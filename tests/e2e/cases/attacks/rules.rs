//! Rules that never end, eat all memory or throw, and clients that feed them: the rule is skipped, the next one decides, and
//! the worker is soon free again. (`routing::a_rule_that_fails_is_skipped_and_counted` has the simplest two.)

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use warren_tests::client::Session;
use warren_tests::raw;
use warren_tests::stack::Stack;

use super::super::counts_one_more;
use super::{bytes, query, said, serves_on};

/// Longest that one query may take of a worker's time, in a test on a busy machine; most take 20 ms, expressions over a megabyte 0.4 s.
const SOON: Duration = Duration::from_secs(5);

/// Source of the query, and body of the rule that it meets.
const BOMBS: [(&str, &str); 10] = [
    ("loop", "loop { }"),
    ("nested", "for a in 0..1000000 { for b in 0..1000000 { a + b; } }"),
    ("string", "let s = \"x\"; loop { s += s; }"),
    ("strings", "let l = []; let s = q.header(\"x-big\"); loop { l.push(s + l.len()); }"),
    ("list", "let l = [1]; loop { l += l; }"),
    ("lists", "let l = []; loop { l = [l, l]; }"),
    ("map", "let m = #{}; let n = 0; loop { m[`k${n}`] = `${n}`; n += 1; }"),
    ("recursion", "f(1);"),
    ("throws", "throw q.header(\"x-big\");"),
    ("regex", "for i in 0..1000 { q.matches(q.header(\"x-big\"), \"(a|aa)+$\"); }"),
];

pub(in super::super) fn a_rule_that_explodes_costs_its_query_no_error(stack: &Stack) -> Result<()> {
    let mut rules = "fn f(n) { f(n + 1) + f(n + 2) }\n".to_owned();
    for (source, body) in BOMBS {
        rules.push_str(&format!("rule(\"{source}\", |q| if q.source == \"{source}\" {{ {body} route(\"etl\") }});\n"));
    }
    rules.push_str("otherwise(route(\"adhoc\"));\n");
    stack.put_rules(&[("rules.rhai".to_owned(), rules)])?;
    let failed = |source: &str| stack.envoy(0)?.stat(&format!("wasmcustom.warren_rule_errors_rule_{source}_total"));
    serves_on(stack, |base| {
        let big = "a".repeat(1024 * 1024);
        for (source, _) in BOMBS {
            let before = failed(source)?;
            let headers = format!("X-Trino-User: alice\r\nX-Trino-Source: {source}\r\nX-Big: {big}b\r\n");
            let begin = Instant::now();
            let reply = raw::ask(base, &bytes(&query(&headers, "SELECT 1")))?;
            let took = begin.elapsed();
            assert_eq!(reply.map(|reply| said(&reply)).as_deref(), Some("http://gw.test/c/adhoc-1"), "{source}");
            ensure!(took < SOON, "{source} took {took:?}");
            counts_one_more(source, before, || failed(source))?;
        }
        Ok(())
    })
}

pub(in super::super) fn what_a_client_writes_is_never_run(stack: &Stack) -> Result<()> {
    serves_on(stack, |base| {
        for text in ["\"); route(\"etl\"); //", "${q.user}", "`${1/0}`", "{{7*7}}", "%00", "'; DROP TABLE x --"] {
            let query = Session::user(text).source(text).tag(text).run(base, "SELECT current_user")?.success()?;
            assert_eq!(query.value(), Some(&text.into()));
            assert_eq!(query.slug(), "adhoc-1", "{text}");
        }
        Ok(())
    })
}
