//! Who the client is: what Envoy vouches for, and what clients say beside it.

use warren_rules::login::{Admission, Login, Policy, take_caller};

const LOGIN: &str = r#"{
    "ways": [
        {"name": "token", "header": "x-warren-token-idp", "pattern": "([^@]+)@corp"},
        {"name": "certificate", "header": "x-warren-certificate", "pattern": "(?:.*,)?CN=([^,]+)(?:,.*)?"},
        {"name": "header", "header": "x-warren-proxy-user", "peers": ["10.0.0.0/8", "spiffe://mesh/gateway"]}
    ],
    "impersonation": [
        {"principal": "airflow", "user": "root", "allow": false},
        {"principal": "airflow", "user": ".*"},
        {"principal": "(.*)-admin", "user": "$1(?:-.*)?"}
    ],
    "challenges": ["Bearer"], "statement_paths": ["/v1/statement"]
}"#;

/// The input is lines of `name: value`, a request's headers. Whoever is let in is somebody whom Envoy named, runs the query
/// as itself or as whom the policy says, and leaves nothing of what Envoy said.
pub fn login(input: &[u8]) {
    let login: Login = serde_json::from_str(LOGIN).unwrap_or_else(|error| unreachable!("{error}"));
    let policy = Policy::compile(&login).unwrap_or_else(|errors| unreachable!("{errors:?}"));
    let text = warren_rules::header_text(input.to_vec());
    let mut headers: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        // Set by the filter itself, and stripped at the door.
        .filter(|(name, _)| name != "x-warren-principal")
        .collect();
    let vouched: Vec<String> = login.ways.iter().filter_map(|way| first(&headers, &way.header)).collect();
    match policy.admit(&mut headers) {
        Admission::In { principal: told, .. } => {
            let user = first(&headers, "x-trino-user").unwrap_or_default();
            let original = first(&headers, "x-trino-original-user").unwrap_or_default();
            let (principal, _) = take_caller(&mut headers, true);
            assert_eq!(principal, told);
            assert!(!principal.is_empty() && vouched.iter().any(|said| said.contains(&principal)), "{principal:?}");
            for user in [user.trim_matches(|c| c <= ' '), original.trim_matches(|c| c <= ' ')] {
                assert!(user.is_empty() || may_be(&principal, user), "{principal:?} as {user:?}");
            }
            assert!(!headers.iter().any(|(name, _)| name.starts_with("x-warren-")), "{headers:?}");
        }
        Admission::NotLoggedIn(why) => assert!(!why.is_empty()),
        Admission::Denied(message) => assert!(message.starts_with("Access Denied: User "), "{message}"),
    }
}

/// The policy above, in other words.
fn may_be(principal: &str, user: &str) -> bool {
    if principal == user {
        return true;
    }
    // A dot of a regular expression is no line break.
    if principal == "airflow" {
        return user != "root" && !user.contains('\n');
    }
    principal
        .strip_suffix("-admin")
        .is_some_and(|team| user == team || user.strip_prefix(team).is_some_and(|rest| rest.starts_with('-')))
}

fn first(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}
