use super::*;
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const TOKEN: &str = "a token: of 16+ characters";
const PASSWORD: &str = "open sesame";

/// Without PostgreSQL: what is only there is unknown.
fn callers(token: Option<&str>, users: bool) -> Callers {
    let lines = [super::super::line("ann", Role::Viewer, PASSWORD).unwrap()];
    let users = users.then(|| Arc::new(Users::read(&lines.join("\n")).map_err(|e| e.join("\n")).unwrap()));
    let store = Store::new("postgres://nobody@127.0.0.1:1/none", Duration::from_secs(1), "adhoc").unwrap();
    Callers::new(token, watch::channel(users).1, store, true, mpsc::channel(1).0)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

async fn said(callers: &Callers, pairs: &[(&'static str, &str)]) -> String {
    match callers.caller(&Method::POST, &headers(pairs), None).await {
        Ok(caller) => caller.shown(),
        Err(Refusal::NotLoggedIn) => "not logged in".to_owned(),
        Err(Refusal::Wrong(_)) => "wrong".to_owned(),
        Err(Refusal::Page { .. }) => "page".to_owned(),
        Err(Refusal::Throttled(_)) => "throttled".to_owned(),
        Err(Refusal::Unknown(_)) => "unknown".to_owned(),
    }
}

#[tokio::test]
async fn the_api_token_comes_as_bearer_and_as_the_password_of_basic() {
    let callers = callers(Some(TOKEN), false);
    for (sent, want) in [
        (format!("Bearer {TOKEN}"), "api token"),
        (format!("bearer {TOKEN}"), "api token"),
        (basic(&format!("anyone:{TOKEN}")), "api token"),
        (basic(&format!(":{TOKEN}")), "api token"),
        (basic(&format!("{TOKEN}:")), "wrong"),
        (basic(TOKEN), "wrong"),
        ("Basic ?".to_owned(), "wrong"),
        (format!("Bearer{TOKEN}"), "wrong"),
        (format!("Bearer {TOKEN}x"), "wrong"),
        ("Bearer ".to_owned(), "wrong"),
        (TOKEN.to_owned(), "wrong"),
    ] {
        assert_eq!(said(&callers, &[("authorization", &sent)]).await, want, "{sent}");
    }
    assert_eq!(said(&callers, &[]).await, "not logged in");
}

#[tokio::test]
async fn a_web_page_needs_the_bearer_token() {
    let origin = ("origin", "http://evil.example");
    let (open, closed) = (callers(None, false), callers(Some(TOKEN), true));
    assert_eq!(said(&open, &[]).await, "local");
    assert_eq!(said(&open, &[origin]).await, "page");
    assert_eq!(said(&closed, &[origin, ("authorization", &basic(&format!("a:{TOKEN}")))]).await, "page");
    assert_eq!(said(&closed, &[origin, ("authorization", &basic(&format!("ann:{PASSWORD}")))]).await, "page");
    assert_eq!(said(&closed, &[origin, ("authorization", &format!("Bearer {TOKEN}"))]).await, "api token");
}

#[tokio::test]
async fn a_person_comes_by_name_and_password() {
    let callers = callers(None, true);
    for (sent, want) in [
        (format!("ann:{PASSWORD}"), "ann (user)"),
        ("ann:open".to_owned(), "wrong"),
        ("ann:".to_owned(), "wrong"),
        (format!("bob:{PASSWORD}"), "wrong"),
    ] {
        assert_eq!(said(&callers, &[("authorization", &basic(&sent))]).await, want, "{sent}");
    }
}

#[tokio::test]
async fn who_is_wrong_too_often_waits_and_so_does_who_is_right_then() {
    let callers = callers(None, true);
    let said = async |text: &str| said(&callers, &[("authorization", &basic(text))]).await;
    for _ in 0..BY_USER.0 {
        assert_eq!(said("ann:wrong").await, "wrong");
    }
    assert_eq!(said("ann:wrong").await, "throttled");
    assert_eq!(said(&format!("ann:{PASSWORD}")).await, "throttled");
    assert_eq!(said("bob:wrong").await, "wrong");
}

#[test]
fn a_network_of_ipv6_is_one_client() {
    let network = |text: &str| network(Some(text.parse().unwrap())).to_string();
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
    assert_eq!(network("10.0.0.1"), "10.0.0.1");
}
