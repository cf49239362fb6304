//! One decision, natively: what the rules cost without Envoy and without WebAssembly.
//!
//! `cargo bench -p warren-rules`; `perf record` or `valgrind --tool=callgrind` on the program that it builds say where the time goes.

use std::rc::Rc;

use divan::Bencher;
use divan::counter::BytesCount;
use warren_rules::sql::{Session, query_hashes, sql_facts};
use warren_rules::{Query, RuleFile, RuleSet};

const FIVE: &str = include_str!("five.rhai");
const FIFTY: &str = concat!(include_str!("forty_five.rhai"), include_str!("five.rhai"));
const SQL: &str = include_str!("sql.rhai");

const REPORT: &str = include_str!("report.sql");
const STATEMENT: &str = "SELECT region, count(*) AS orders FROM hive.sales.orders GROUP BY region";

fn main() {
    divan::main();
}

/// From a query's headers to the decision.
#[divan::bench(args = ["5 rules", "50 rules", "5 rules, 2 read SQL"])]
fn decide(bencher: Bencher<'_, '_>, rules: &str) {
    let rules = compile(match rules {
        "5 rules" => FIVE,
        "50 rules" => FIFTY,
        _ => SQL,
    });
    bencher.with_inputs(query).bench_local_values(|query| rules.decide(query));
}

/// All facts of a statement, the hashes apart: a rule set that reads any of them pays this once a query.
#[divan::bench(args = ["short", "report"])]
fn facts(bencher: Bencher<'_, '_>, statement: &str) {
    let statement = text(statement);
    let session = Session { catalog: "hive", schema: "retail", prepared_statements: &[] };
    bencher.counter(BytesCount::of_str(statement)).bench_local(|| sql_facts(statement, session));
}

/// Both hashes of a statement.
#[divan::bench(args = ["short", "report"])]
fn hashes(bencher: Bencher<'_, '_>, statement: &str) {
    let statement = text(statement);
    bencher.counter(BytesCount::of_str(statement)).bench_local(|| query_hashes(statement));
}

fn text(name: &str) -> &'static str {
    if name == "short" { STATEMENT } else { REPORT }
}

/// What a new rule set costs each worker of each Envoy, once.
#[divan::bench(args = ["5 rules", "50 rules"])]
fn compile_rules(bencher: Bencher<'_, '_>, rules: &str) {
    let source = if rules == "5 rules" { FIVE } else { FIFTY };
    bencher.bench_local(|| compile(source));
}

#[expect(clippy::panic, reason = "with rules that do not compile there is nothing to measure")]
fn compile(source: &str) -> RuleSet {
    RuleSet::compile(&[RuleFile { name: "rules.rhai".to_owned(), source: source.to_owned() }])
        .unwrap_or_else(|errors| panic!("the benchmark's own rules do not compile: {errors}"))
}

/// A query of the last rule, with the headers that a client sends.
fn query() -> Rc<Query> {
    let headers = [
        ("host", "trino.example"),
        ("user-agent", "StatementClientV1/476"),
        ("content-type", "text/plain; charset=utf-8"),
        ("x-trino-user", "alice"),
        ("x-trino-source", "trino-cli"),
        ("x-trino-catalog", "hive"),
        ("x-trino-schema", "sales"),
        ("x-trino-client-tags", "team=growth,label=plain"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Rc::new(Query::new("POST", "/v1/statement", headers).body(STATEMENT))
}
