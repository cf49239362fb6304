//! Tokens of a real OIDC provider.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use warren_tests::client::Session;
use warren_tests::eventually::eventually;
use warren_tests::oidc::OidcProvider;
use warren_tests::stack::Stack;

use super::{Door, bearer, claims, ran_as, tokens_of};

const NO_JWT: &str = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
const NOT_SIGNED: &str = "Jwt header [alg] is not supported";
const NO_KEY: &str = "Jwks doesn't have key to match kid or alg from Jwt";
/// Envoy fetches keys again every two seconds.
const KEYS: Duration = Duration::from_secs(30);

pub(in super::super) fn a_token_says_who_runs_the_query(stack: &Stack) -> Result<()> {
    let provider = OidcProvider::start(&stack.programs, &stack.run, &["alice", "bob", "airflow"])?;
    let login = format!(
        "{}[[impersonation]]\nprincipal = \"airflow\"\nuser = \"root\"\nallow = false\n\
         [[impersonation]]\nprincipal = \"airflow\"\nuser = \".*\"\n",
        tokens_of(&provider)
    );
    let door = Door::open(stack, "login-tokens", &login, &[])?;
    let token = |name: &str| provider.token(name).map(|token| bearer(&token));
    let (alice, bob, airflow) = (token("alice")?, token("bob")?, token("airflow")?);

    let session = |user: &str, token: &str| Session::user(user).header("Authorization", token);
    let etl = |user: &str| (user.to_owned(), "etl-1".to_owned());
    assert_eq!(ran_as(stack, &door, &session("alice", &alice))?, etl("alice"), "by a claim");
    assert_eq!(ran_as(stack, &door, &session("", &alice))?, etl("alice"), "who names no user");
    assert_eq!(ran_as(stack, &door, &session("bob", &bob))?, ("bob".to_owned(), "adhoc-1".to_owned()));
    assert_eq!(ran_as(stack, &door, &session("bob", &airflow))?, etl("bob"), "who may be others");

    let denied = |who: &str, user: &str| (200, format!("Access Denied: User {who} cannot impersonate user {user}"));
    let said = |token: &str, user: &str| door.said(&[("Authorization", token), ("X-Trino-User", user)]);
    assert_eq!(said(&alice, "bob")?, denied("alice", "bob"));
    assert_eq!(said(&airflow, "root")?, denied("airflow", "root"));
    let original = [("Authorization", &*alice), ("X-Trino-User", "alice"), ("X-Trino-Original-User", "bob")];
    assert_eq!(door.said(&original)?, denied("alice", "bob"));
    assert_eq!(door.said(&[("X-Trino-User", "alice")])?, (401, "log in first".to_owned()));
    assert_eq!(door.ask("POST", "/v1/statement", &[])?.header("www-authenticate"), Some("Bearer realm=\"Warren\""));

    refuses_what_the_provider_would_not_sign(&door, &provider)?;
    follows_the_providers_keys(&door, &provider)
}

fn refuses_what_the_provider_would_not_sign(door: &Door, provider: &OidcProvider) -> Result<()> {
    let good = claims(provider, "alice");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        json!({"claims": claims})
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().map(|claims| claims.remove(name));
        json!({"claims": claims})
    };
    ensure!(door.said(&[("Authorization", &bearer(&provider.forged(&json!({"claims": good}))?))])?.1 == "runs");
    let cases = [
        ("expired", with("exp", json!(1_000_000_000)), 401, "Jwt is expired"),
        ("without end", without("exp"), 401, "Jwt verification fails"),
        ("not valid yet", with("nbf", json!(3_900_000_000_u64)), 401, "Jwt not yet valid"),
        ("meant for another", with("aud", json!("urn:another")), 403, "Audiences in Jwt are not allowed"),
        ("meant for nobody", without("aud"), 403, "Audiences in Jwt are not allowed"),
        ("of another issuer", with("iss", json!("http://127.0.0.1:1")), 401, "Jwt issuer is not configured"),
        ("of no issuer", without("iss"), 401, "Jwt issuer is not configured"),
        ("not signed", json!({"claims": good, "alg": "none"}), 401, NO_JWT),
        ("not signed, and so marked", json!({"claims": good, "alg": "none", "signature": "bm9uZQ"}), 401, NOT_SIGNED),
        ("signed with the public key", json!({"claims": good, "alg": "HS256"}), 401, NO_KEY),
        ("signed by a stranger", json!({"claims": good, "unknown_key": true}), 401, "Jwt verification fails"),
        ("signed with a key of another name", json!({"claims": good, "kid": "other"}), 401, NO_KEY),
        ("for nobody", without("sub"), 401, "log in first"),
        ("for an empty name", with("sub", json!("")), 401, "log in first"),
    ];
    let mut answers = Vec::new();
    for (what, wish, ..) in &cases {
        let token = provider.forged(wish)?;
        answers.push((*what, door.said(&[("Authorization", &bearer(&token))])?));
    }
    let expected: Vec<_> = cases.iter().map(|(what, _, status, why)| (*what, (*status, (*why).to_owned()))).collect();
    assert_eq!(answers, expected);
    let token = provider.token("alice")?;
    let in_url = door.ask("POST", &format!("/v1/statement?access_token={token}"), &[])?;
    assert_eq!((in_url.status.as_u16(), in_url.body.as_str()), (401, "log in first"));
    let cut = bearer(token.get(..token.len() - 4).unwrap_or_default());
    assert_eq!(door.said(&[("Authorization", &cut)])?, (401, "Jwt verification fails".to_owned()));
    Ok(())
}

fn follows_the_providers_keys(door: &Door, provider: &OidcProvider) -> Result<()> {
    let old = bearer(&provider.token("alice")?);
    let said = |token: &str| Ok::<_, anyhow::Error>(door.said(&[("Authorization", token)])?.1);
    provider.process.kill9()?;
    // Longer than keys are kept.
    let since = std::time::Instant::now();
    while since.elapsed() < Duration::from_secs(5) {
        assert_eq!(said(&old)?, "runs", "the keys that are known serve while the provider is away");
    }
    provider.start_again()?;
    let new = bearer(&provider.token("alice")?);
    eventually(KEYS, "the new keys to be known", || {
        let said = said(&new)?;
        ensure!(said == "runs", "{said}");
        Ok(())
    })?;
    assert_eq!(said(&old)?, NO_KEY, "a token of the old key");
    Ok(())
}
