//! Ways round the table at the door: paths that mean one thing to Envoy and another to Trino.

use anyhow::Result;
use warren_tests::stack::Stack;

use super::{Row, each_is_answered, request, serves_on};

const ONLY_FOLLOW_UPS: &str = "only the follow-ups of running queries are served under this prefix";
const NO_CLUSTER: &str = "no cluster is known by this prefix; the cluster that ran the query is gone";
const NOT_HERE: &str = "this path is not served here; queries go to /v1/statement";
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

/// What `HEAD` is told: the same, without a body.
fn without_body(method: &str, said: &'static str) -> &'static str {
    if method == "HEAD" { "" } else { said }
}

pub(in super::super) fn no_path_leads_round_the_table(stack: &Stack) -> Result<()> {
    let get = |path: &str, status: u16, said: &'static str| (request("GET", path), status, said);
    let rows: &[Row] = &[
        // Written otherwise, and still what it is.
        get("/v1//info", 200, "nodeVersion"),
        get("//v1/info", 200, "nodeVersion"),
        get("/v1/./info", 200, "nodeVersion"),
        get("/v1/inf%6f", 200, "nodeVersion"),
        get("/v1/statement/../info?x=y", 200, "nodeVersion"),
        get("http://evil.test/v1/info", 200, "nodeVersion"),
        get("/./c//etl-1/v1/query/x", 410, "Error 410 Gone: HTTP 410 Gone"),
        // Written so as to mean two things.
        get("/v1%2finfo", 400, ""),
        get("/v1/info%2F", 400, ""),
        get("/v1/info%5c..%5cnode", 400, ""),
        get("/v1/info%00", 400, ""),
        get("/v1/info#x", 400, ""),
        get("/c%2fetl-1/v1/query/x", 400, ""),
        get("/c/etl-1/v1/query/%2f..%2f..%2fnode", 400, ""),
        get("/c/etl-1/v1/query/%252e%252e/node", 400, "HTTP ERROR 400 Ambiguous URI path encoding"),
        get("/c/etl-1/v1/query/%2e%2e;/node", 400, "HTTP ERROR 400 Ambiguous URI path parameter"),
        get("https://evil.test/v1/info", 403, "Forbidden"),
        // Not in the table.
        get("/V1/info", 404, NOT_HERE),
        get("/v1/info/", 404, NOT_HERE),
        get("/v1/info;x=y", 404, NOT_HERE),
        get("/v1/info%3bx", 404, NOT_HERE),
        get("/v1/info/../node", 404, NOT_HERE),
        get("http://evil.test/v1/node", 404, NOT_HERE),
        get("http://evil.test", 404, NOT_HERE),
        get("/c/etl-1/../../v1/node", 404, NOT_HERE),
        get("/c/..\\v1/node", 404, NOT_HERE),
        get("/ui/;/../v1/node", 404, NOT_HERE),
        (request("POST", "/v1/statement/"), 404, NOT_HERE),
        (request("POST", "/v1/statement;x=y"), 404, NOT_HERE),
        (request("OPTIONS", "*"), 404, ""),
    ];
    serves_on(stack, |base| each_is_answered(base, rows))
}

pub(in super::super) fn no_prefix_leads_to_more_than_follow_ups(stack: &Stack) -> Result<()> {
    let get = |path: &str, said: &'static str| (request("GET", path), 404, said);
    let mut rows: Vec<Row> = vec![
        get("/c/etl-1/v1/query/", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/query/?state=RUNNING", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1//query//", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/query/../node", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/query/%2e%2e/node", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/query/..;/node", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/query/..\\node", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/statement/queued/..;/..;/info", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/statement/queued/x;/../../../../info", ONLY_FOLLOW_UPS),
        get("/c/etl-1/v1/spooled/..;/info", ONLY_FOLLOW_UPS),
        get("/c/etl-1/oauth2/..;/v1/info", ONLY_FOLLOW_UPS),
        get("//c//etl-1//v1/node", ONLY_FOLLOW_UPS),
        get("/c/nowhere/v1/query/x", NO_CLUSTER),
        get("/c/ETL-1/v1/query/x", NO_CLUSTER),
        get("/c/etl-1%20/v1/query/x", NO_CLUSTER),
        get("/c/etl-1;x=y/v1/query/x", NO_CLUSTER),
        get("/c/etl-1/v1/query/../../../v1/query/x", NO_CLUSTER),
        get("/C/etl-1/v1/query/x", NOT_HERE),
    ];
    // Every method on what is no follow-up, and on follow-ups those that are none there.
    for method in METHODS {
        for path in ["v1/statement", "v1/info", "v1/info/state", "v1/node", "v1/task/x", "metrics", "v1/thread", "ui"] {
            rows.push((request(method, &format!("/c/etl-1/{path}")), 404, without_body(method, ONLY_FOLLOW_UPS)));
        }
        rows.push((request(method, "/c/nowhere/v1/statement/queued/x"), 404, without_body(method, NO_CLUSTER)));
        if !["GET", "HEAD", "DELETE"].contains(&method) {
            rows.push((request(method, "/c/etl-1/v1/statement/queued/x/y/1"), 404, ONLY_FOLLOW_UPS));
            rows.push((request(method, "/c/etl-1/v1/query/x"), 404, ONLY_FOLLOW_UPS));
            rows.push((request(method, "/c/etl-1/v1/spooled/download/x"), 404, ONLY_FOLLOW_UPS));
        }
    }
    serves_on(stack, |base| each_is_answered(base, &rows))
}

pub(in super::super) fn a_forged_query_id_leads_nowhere(stack: &Stack) -> Result<()> {
    let unknown = "20260101_000000_00000_zzzzz";
    let get = |path: String| (request("GET", &path), 404, NOT_HERE);
    let rows: &[Row] = &[
        get(format!("/v1/statement/queued/{unknown}/y/1")),
        get(format!("/v1/query/{unknown}")),
        get("/v1/query/20260101_000000_00000_(.*)".to_owned()),
        get("/v1/query/20260101_000000_00000_.....".to_owned()),
        get("/v1/query/x/../20260101_000000_00000_".to_owned()),
        get(format!("/v1/query/{unknown}%0a")),
        get(format!("/v1/query/{}", "1".repeat(60_000))),
        (request("GET", &format!("/v1/query/{unknown}%2f..")), 400, ""),
        (request("PUT", &format!("/v1/query/{unknown}/killed")), 404, NOT_HERE),
    ];
    serves_on(stack, |base| each_is_answered(base, rows))
}
