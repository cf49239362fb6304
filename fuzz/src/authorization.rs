//! Who sends a request to the API, as its headers say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const HOST_COOKIE: &str = "__Host-warren_session=";
const PLAIN_COOKIE: &str = "warren_session=";

/// The input is lines: `A` and a value of `Authorization`, `C` and one of `Cookie`. Whatever is read of them stands in them:
/// one `Authorization` alone, and a cookie only where there is none and no other of its name says otherwise.
pub fn authorization(input: &[u8]) {
    let values = |kind: u8| -> Vec<&[u8]> {
        let lines = input.split(|byte| *byte == b'\n');
        lines.filter(|line| line.first() == Some(&kind)).map(|line| &line[1..]).collect()
    };
    let (sent, cookies) = (values(b'A'), values(b'C'));
    for plain in [true, false] {
        let read = warren::foreign::authorization(&sent, &cookies, plain);
        match &read {
            Value::Null => assert!(sent.is_empty(), "an Authorization was passed over"),
            Value::String(why) => assert_eq!(why, "unreadable"),
            read => check(read, &sent, &cookies, plain),
        }
        if sent.len() > 1 {
            assert_eq!(read, "unreadable");
        }
    }
}

fn check(read: &Value, sent: &[&[u8]], cookies: &[&[u8]], plain: bool) {
    let text = |name: &str| read[name].as_str();
    if let Some(secret) = text("cookie") {
        assert!(sent.is_empty(), "a cookie beside an Authorization");
        assert!(secret.len() == 43 && secret.is_ascii(), "{secret}");
        let all = String::from_utf8_lossy(&cookies.join(&b';')).into_owned();
        let named = |name: &str| all.split(';').any(|pair| pair.trim_ascii().strip_prefix(name) == Some(secret));
        assert!(named(HOST_COOKIE) || (plain && named(PLAIN_COOKIE)), "{secret} is in no cookie");
        let others = all.split(';').filter_map(|pair| pair.trim_ascii().strip_prefix(HOST_COOKIE));
        assert!(others.clone().count() == 0 || others.clone().all(|other| other == secret), "one of two was taken");
        return;
    }
    assert_eq!(sent.len(), 1);
    let value = sent[0];
    match (text("bearer"), text("user"), text("password")) {
        (Some(token), None, None) => {
            assert!(value[..7].eq_ignore_ascii_case(b"bearer ") && &value[7..] == token.as_bytes());
        }
        (None, Some(user), Some(password)) => {
            assert!(value[..6].eq_ignore_ascii_case(b"basic ") && !user.contains(':'));
            assert_eq!(STANDARD.encode(format!("{user}:{password}")).as_bytes(), &value[6..]);
        }
        other => unreachable!("{other:?}"),
    }
}
