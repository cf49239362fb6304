use serde_json::{Value, json};

use super::*;

fn service(exclude: &[&str], propagate_errors: bool) -> ExternalService {
    ExternalService {
        envoy_cluster: "service/router".into(),
        authority: "router:8080".into(),
        path: "/route".into(),
        timeout_ms: 1_000,
        exclude_headers: exclude.iter().map(|name| (*name).to_owned()).collect(),
        propagate_errors,
        cache_seconds: 0,
    }
}

fn query(headers: &[(&str, &str)], sql: &str) -> Query {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Query::new("POST", "/v1/statement?a=1&b=x+y&a=%32", headers).remote_address("10.0.0.1").body(sql)
}

#[test]
fn a_service_is_told_what_trino_gateway_tells() {
    let headers = [
        (":path", "/v1/statement"),
        ("X-Trino-User", "alice"),
        ("X-Trino-Catalog", "C"),
        ("X-Trino-Schema", "S"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "15"),
        ("Accept", "*/*"),
        ("Cookie", "a=b"),
        ("X-Warren-Cluster", "x"),
    ];
    let request = service(&["cookie"], false).request(&query(&headers, "SELECT * FROM t"));
    let sent: Vec<(&str, &str)> = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        sent,
        [
            (":method", "POST"),
            (":path", "/route"),
            (":authority", "router:8080"),
            ("content-type", "application/json; charset=utf-8"),
            ("accept", "application/json"),
            ("x-trino-user", "alice"),
            ("x-trino-catalog", "C"),
            ("x-trino-schema", "S"),
        ]
    );
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "trinoQueryProperties": {
                "body": "SELECT * FROM t", "queryType": "Query", "resourceGroupQueryType": "SELECT",
                "tables": ["c.s.t"], "defaultCatalog": "C", "defaultSchema": "S", "catalogs": ["c"], "schemas": ["s"],
                "catalogSchemas": ["c.s"], "isNewQuerySubmission": true, "isQueryParsingSuccessful": true,
            },
            "trinoRequestUser": {"user": "alice", "userInfo": null},
            "contentType": "application/json", "method": "POST", "requestURI": "/v1/statement",
            "queryString": "a=1&b=x+y&a=%32", "remoteAddr": "10.0.0.1", "remoteHost": "10.0.0.1",
            "parameters": {"a": ["1", "2"], "b": ["x y"]},
        })
    );
}

#[test]
fn what_the_query_does_not_say_is_left_out() {
    let request = service(&[], false).request(&Query::new("POST", "/v1/statement", Vec::new()));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    for name in ["trinoQueryProperties", "queryString", "remoteAddr", "remoteHost"] {
        assert_eq!(body.get(name), None, "{name}");
    }
    assert_eq!((&body["parameters"], &body["trinoRequestUser"]["user"]), (&json!({}), &Value::Null));
    let long = "x".repeat(LONGEST_TEXT);
    let body: Value = serde_json::from_str(&service(&[], false).request(&query(&[], &long)).body).unwrap();
    assert_eq!(body.get("trinoQueryProperties"), None);
}

#[test]
fn the_same_question_has_the_same_key() {
    let key = |headers: &[(&str, &str)], sql: &str| service(&["cookie"], false).request(&query(headers, sql)).key;
    let first = key(&[("X-Trino-User", "ann"), ("X-Request-Id", "1"), ("Cookie", "1")], "SELECT 1");
    assert_eq!(key(&[("X-Trino-User", "ann"), ("X-Request-Id", "2"), ("Cookie", "2")], "SELECT 1"), first);
    for (headers, sql) in [
        (&[("X-Trino-User", "bob")][..], "SELECT 1"),
        (&[("X-Trino-User", "ann")], "SELECT 2"),
        (&[("X-Trino-User", "ann"), ("X-Team", "a")], "SELECT 1"),
    ] {
        assert_ne!(key(headers, sql), first, "{headers:?} {sql}");
    }
}

#[test]
fn answers_mean_what_they_mean_to_trino_gateway() {
    let group = |group: &str, headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(ExternalAnswer::Group { group: group.into(), headers })
    };
    for (propagate, status, body, want) in [
        (false, "200", r#"{"routingGroup": "etl"}"#, group("etl", &[])),
        (false, "200", r#"{"routingGroup": null, "errors": null, "externalHeaders": null}"#, group("", &[])),
        (false, "200", "{}", group("", &[])),
        (false, "200", r#"{"routingGroup": "etl", "errors": ["no"], "more": 1}"#, group("etl", &[])),
        (true, "200", r#"{"routingGroup": "etl", "errors": []}"#, group("etl", &[])),
        (true, "200", r#"{"errors": ["a", "b"]}"#, Ok(ExternalAnswer::Errors(vec!["a".into(), "b".into()]))),
        (
            false,
            "200",
            r#"{"routingGroup": "etl", "externalHeaders":
                {"X-Team": "a", "X-Null": null, "X-Secret": "x", "X-Trino-User": "root", "X-Bad": "a\nb", "a b": "c"}}"#,
            group("etl", &[("x-team", "a")]),
        ),
        (false, "204", "", Err("it answered with status 204".to_owned())),
        (false, "200", "", Err("its answer cannot be read: EOF while parsing a value at line 1 column 0".to_owned())),
        (
            false,
            "200",
            r#"{"routingGroup": 1}"#,
            Err("its answer cannot be read: invalid type: integer `1`, expected a string at line 1 column 18"
                .to_owned()),
        ),
    ] {
        assert_eq!(service(&["x-secret"], propagate).answer(status, body.as_bytes()), want, "{status} {body}");
    }
}
