use super::*;

fn query(headers: &[(&str, &str)]) -> Query {
    let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Query::new("POST", "/v1/statement", headers)
}

#[test]
fn finds_headers_in_any_case_and_keeps_repeated_ones() {
    let q = query(&[("X-Trino-Session", "a=1"), ("x-trino-session", "b=2")]);
    assert_eq!(q.header("X-TRINO-SESSION"), Some("a=1"));
    assert_eq!(q.headers("x-trino-session").collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!(q.header("x-trino-user"), None);
}

#[test]
fn finds_the_user_as_trino_does() {
    for (headers, want) in [
        (vec![("x-trino-user", " ann ")], "ann"),
        (vec![("authorization", "Basic YW5uOnB3OjI=")], "ann"),
        (vec![("x-trino-user", "bob"), ("authorization", "Basic YW5uOnB3")], "bob"),
        (vec![("x-trino-user", ""), ("authorization", "basic YW5uOnB3")], "ann"),
        // No colon, no padding, bits left over, blanks: all good enough for Trino.
        (vec![("authorization", "Basic YW5u")], "ann"),
        (vec![("authorization", "Basic YW5uOg")], "ann"),
        (vec![("authorization", "Basic YW5uOh==")], "ann"),
        (vec![("authorization", "Basic  IGFubiA6")], "ann"),
        (vec![("authorization", "Basic /zo=")], "ÿ"),
        (vec![("authorization", "Basic ???")], ""),
        (vec![("authorization", "Bearer abc")], ""),
        (vec![("authorization", "Bearer abc"), ("x-trino-original-user", "ann")], "ann"),
        (vec![("authorization", "Basic Ym9i"), ("x-trino-original-user", "ann")], "bob"),
        (vec![("x-trino-user", "\u{a0}ann")], "\u{a0}ann"),
        (vec![], ""),
    ] {
        assert_eq!(query(&headers).user(), want, "{headers:?}");
    }
}

#[test]
fn shows_no_secrets() {
    let q = query(&[("authorization", "Basic YW5uOnB3")]).body("SELECT 'secret'");
    assert_eq!(format!("{q:?}"), r#"Query { method: "POST", path: "/v1/statement", headers: ["authorization"], .. }"#);
}
