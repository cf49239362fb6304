use super::*;

fn way(name: &str, header: &str) -> Way {
    Way { name: name.to_owned(), header: header.to_owned(), pattern: None, peers: Vec::new() }
}

fn rule(principal: &str, user: &str, allow: bool) -> Impersonation {
    Impersonation { principal: principal.to_owned(), user: user.to_owned(), allow }
}

fn login() -> Login {
    let common_name =
        Way { pattern: Some("(?:.*,)?CN=([^,]+)(?:,.*)?".to_owned()), ..way("certificate", "x-warren-subject") };
    let peers = ["10.1.0.0/16", "spiffe://mesh/gateway"].map(|peer| peer.parse().unwrap()).to_vec();
    Login {
        ways: vec![
            Way { pattern: Some("([^@]+)@example\\.com".to_owned()), ..way("token of okta", "x-warren-okta") },
            common_name,
            Way { peers, ..way("header", "x-warren-mesh") },
        ],
        impersonation: vec![
            rule("airflow", "root", false),
            rule("airflow", ".*", true),
            rule("(.*)-admin", "$1(?:-.*)?", true),
        ],
        challenges: vec!["Bearer".to_owned()],
        statement_paths: vec!["/v1/statement".to_owned()],
    }
}

fn is_in(principal: &str, names_no_user: bool) -> Admission {
    Admission::In { principal: principal.to_owned(), names_no_user }
}

fn admit(headers: &[(&str, &str)]) -> (Admission, Vec<(String, String)>) {
    let mut headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let admission = Policy::compile(&login()).unwrap().admit(&mut headers);
    (admission, headers)
}

#[test]
fn the_first_way_that_names_somebody_counts() {
    let okta = ("x-warren-okta", "ann@example.com");
    let certificate = ("x-warren-subject", "OU=x,CN=etl,O=y");
    let mesh = ("x-warren-mesh", "bob");
    let not_in = |why: &str| Admission::NotLoggedIn(why.to_owned());
    let is_in = |user: &str| is_in(user, true);
    for (headers, expected) in [
        (vec![], not_in("log in first")),
        (vec![okta], is_in("ann")),
        (vec![certificate], is_in("etl")),
        (vec![mesh, certificate, okta], is_in("ann")),
        (vec![("x-warren-okta", "ann@example.com.evil")], not_in("token of okta names nobody who may come in")),
        (vec![("x-warren-okta", "ann@evil"), certificate], is_in("etl")),
        // Found by the fuzzer: to Trino it would be `ann`.
        (vec![("x-warren-okta", "ann @example.com")], not_in("token of okta names nobody who may come in")),
        (vec![("x-warren-subject", "CN=\tann")], not_in("certificate names nobody who may come in")),
        (vec![("x-warren-subject", "CN=")], not_in("certificate names nobody who may come in")),
        (vec![mesh], not_in("header is not believed from here")),
        (vec![mesh, (PEER_HEADER, "10.2.0.1")], not_in("header is not believed from here")),
        (vec![mesh, (PEER_HEADER, "10.1.200.1")], is_in("bob")),
        (vec![mesh, (PEER_HEADER, "::ffff:10.1.0.9")], is_in("bob")),
        (vec![mesh, (PEER_URI_HEADER, "spiffe://mesh/gateway")], is_in("bob")),
        (
            vec![mesh, (PEER_URI_HEADER, "spiffe://mesh/gateway,spiffe://mesh/x")],
            not_in("header is not believed from here"),
        ),
        (vec![("x-warren-mesh", ""), (PEER_HEADER, "10.1.0.1")], not_in("log in first")),
    ] {
        assert_eq!(admit(&headers).0, expected, "{headers:?}");
    }
}

#[test]
fn a_query_runs_as_its_principal_unless_a_rule_says_otherwise() {
    let denied =
        |who: &str, user: &str| Admission::Denied(format!("Access Denied: User {who} cannot impersonate user {user}"));
    for (who, user, original, expected) in [
        ("ann", "ann", "", is_in("ann", false)),
        ("ann", " ann ", "ann", is_in("ann", false)),
        ("ann", "", "", is_in("ann", true)),
        ("ann", "bob", "", denied("ann", "bob")),
        ("ann", "ann", "bob", denied("ann", "bob")),
        ("ann", "Ann", "", denied("ann", "Ann")),
        ("airflow", "bob", "", is_in("airflow", false)),
        ("airflow", "bob", "root", denied("airflow", "root")),
        ("sales-admin", "sales", "", is_in("sales-admin", false)),
        ("sales-admin", "sales-eu", "", is_in("sales-admin", false)),
        ("sales-admin", "hr", "", denied("sales-admin", "hr")),
        // What a group found stands for itself, not for a pattern.
        (".*-admin", "hr", "", denied(".*-admin", "hr")),
    ] {
        let subject = format!("CN={who}");
        let headers = [("x-warren-subject", subject.as_str()), (USER_HEADER, user), (ORIGINAL_USER, original)];
        assert_eq!(admit(&headers).0, expected, "{who} as {user}, {original}");
    }
}

#[test]
fn only_the_first_of_several_users_counts_as_for_trino() {
    let (admission, headers) = admit(&[("x-warren-subject", "CN=ann"), (USER_HEADER, ""), (USER_HEADER, "root")]);
    assert_eq!(admission, is_in("ann", true));
    let users: Vec<_> =
        headers.iter().filter(|(name, _)| name == USER_HEADER).map(|(_, value)| value.as_str()).collect();
    assert_eq!(users, ["ann"]);
}

#[test]
fn rules_are_told_who_it_is_and_nothing_that_envoy_said() {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"groups":["dba"]}"#);
    let (_, mut headers) =
        admit(&[("x-warren-okta", "ann@example.com"), (CLAIMS_HEADER, &claims), ("x-trino-source", "cli")]);
    let (principal, unread) = take_caller(&mut headers.clone(), false);
    assert_eq!((principal.as_str(), unread.len()), ("ann", 0), "claims are not decoded for nobody");
    let (principal, claims) = take_caller(&mut headers, true);
    assert_eq!(principal, "ann");
    assert_eq!(serde_json::Value::from(claims), serde_json::json!({"groups": ["dba"]}));
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-trino-source", USER_HEADER]);
}

#[test]
fn a_new_query_is_a_post_to_its_path() {
    let policy = Policy::compile(&login()).unwrap();
    for (method, path, expected) in [
        ("POST", "/v1/statement", true),
        ("POST", "/v1/statement?a=/v1/thread", true),
        ("HEAD", "/v1/statement", false),
        ("POST", "/v1/thread", false),
    ] {
        let headers = [(":method", method), (":path", path)].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(policy.is_new_query(&headers), expected, "{method} {path}");
    }
}

#[test]
fn tells_all_mistakes() {
    let wrong = Login {
        ways: vec![Way { pattern: Some("a)(b".to_owned()), ..way("certificate", "x") }],
        impersonation: vec![rule("(", "$2", true), rule("(a)", "$1$2[", true), rule("(a)", "$2", true)],
        ..login()
    };
    let errors = Policy::compile(&wrong).map(drop).unwrap_err();
    assert_eq!(
        errors,
        [
            "certificate: `a)(b` is not a regular expression: found closing ')' without matching '('",
            "impersonation 1: principal: `(` is not a regular expression: found open group without closing ')'",
            "impersonation 2: user: `xx[` is not a regular expression: found unclosed character class",
            "impersonation 2: user: `$2`: `principal` has no such group",
            "impersonation 3: user: `$2`: `principal` has no such group",
        ]
    );
    assert_eq!(
        "10.1.0.0/33".parse::<Peer>().unwrap_err(),
        "`10.1.0.0/33` is neither an address such as 10.1.0.0/16 nor a spiffe:// URI"
    );
    assert!("0.0.0.0/0".parse::<Peer>().is_err());
}
