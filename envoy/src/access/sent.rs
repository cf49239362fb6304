//! What a request says of who sends it: `Authorization`, else a cookie. Pure; strangers write both.

use super::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Cookie of a session. Browsers take a name that begins so only with `Secure`, without `Domain`, for `/`: no other host of the
/// domain can set it.
pub(crate) const HOST_COOKIE: &str = "__Host-warren_session";
/// The same over plain HTTP, where browsers take no `Secure`: on this machine only.
pub(crate) const PLAIN_COOKIE: &str = "warren_session";

/// What was sent. Without `Debug` where it could be logged: all of it is secret.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(crate) enum Sent {
    Nothing,
    Bearer(String),
    Basic {
        user: String,
        password: String,
    },
    /// What the cookie holds.
    Cookie(String),
    /// Something that is none of these, or two that contradict each other.
    Unreadable,
}

/// Reads the values of both headers. `Authorization` wins: a program that sends one means it. `plain`: the cookie for plain
/// HTTP counts, too.
pub(crate) fn read<'a>(
    authorization: impl IntoIterator<Item = &'a [u8]>,
    cookies: impl IntoIterator<Item = &'a [u8]>,
    plain: bool,
) -> Sent {
    let mut authorization = authorization.into_iter();
    match (authorization.next(), authorization.next()) {
        (Some(value), None) => return credentials(value),
        (Some(_), Some(_)) => return Sent::Unreadable,
        (None, _) => {}
    }
    // HTTP/2 clients may send a header for each.
    let pairs: Vec<(&[u8], &[u8])> =
        cookies.into_iter().flat_map(|value| value.split(|byte| *byte == b';')).filter_map(pair).collect();
    let names: &[&str] = if plain { &[HOST_COOKIE, PLAIN_COOKIE] } else { &[HOST_COOKIE] };
    for name in names {
        let mut values = pairs.iter().filter(|(known, _)| *known == name.as_bytes()).map(|(_, value)| *value);
        let Some(value) = values.next() else { continue };
        // Whoever can set a cookie from elsewhere sets it beside the right one.
        if values.any(|other| other != value) {
            return Sent::Unreadable;
        }
        let value = std::str::from_utf8(value).ok().and_then(Secret::of_session);
        return value.map_or(Sent::Unreadable, |secret| Sent::Cookie(secret.text().to_owned()));
    }
    Sent::Nothing
}

/// Schemes are read in any case.
fn credentials(value: &[u8]) -> Sent {
    let Some(space) = value.iter().position(|byte| *byte == b' ') else { return Sent::Unreadable };
    let (scheme, rest) = value.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return String::from_utf8(rest.to_vec()).map_or(Sent::Unreadable, Sent::Bearer);
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Sent::Unreadable;
    }
    let text = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_deref().and_then(|text| text.split_once(':')) {
        Some((user, password)) => Sent::Basic { user: user.to_owned(), password: password.to_owned() },
        None => Sent::Unreadable,
    }
}

fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii();
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at(equals);
    Some((name, value.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn sent(authorization: &[&str], cookies: &[&str], plain: bool) -> Sent {
        read(authorization.iter().map(|v| v.as_bytes()), cookies.iter().map(|v| v.as_bytes()), plain)
    }

    #[test]
    fn bearer_and_basic_are_read() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let pair = |user: &str, password: &str| Sent::Basic { user: user.to_owned(), password: password.to_owned() };
        for (header, want) in [
            ("Bearer a: token".to_owned(), Sent::Bearer("a: token".to_owned())),
            ("bearer x".to_owned(), Sent::Bearer("x".to_owned())),
            ("Bearer ".to_owned(), Sent::Bearer(String::new())),
            (basic("ann:s3:cret"), pair("ann", "s3:cret")),
            (basic(":x"), pair("", "x")),
            (basic("ann"), Sent::Unreadable),
            ("Basic ?".to_owned(), Sent::Unreadable),
            ("Bearerx".to_owned(), Sent::Unreadable),
            ("Digest x".to_owned(), Sent::Unreadable),
            (String::new(), Sent::Unreadable),
        ] {
            assert_eq!(sent(&[&header], &[], true), want, "{header}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let cookie = || Sent::Cookie(VALUE.to_owned());
        let host = format!("{HOST_COOKIE}={VALUE}");
        let plain = format!("{PLAIN_COOKIE}={VALUE}");
        let both = format!("{PLAIN_COOKIE}={};{host}", VALUE.replace('a', "b"));
        for (cookies, over_plain, want) in [
            (vec![], true, Sent::Nothing),
            (vec!["a=b; c"], true, Sent::Nothing),
            (vec![host.as_str()], false, cookie()),
            (vec!["a=b", host.as_str()], false, cookie()),
            (vec![plain.as_str()], true, cookie()),
            (vec![plain.as_str()], false, Sent::Nothing),
            (vec![both.as_str()], true, cookie()),
        ] {
            assert_eq!(sent(&[], &cookies, over_plain), want, "{cookies:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_nobody() {
        let (one, other) = (format!("{HOST_COOKIE}={VALUE}"), format!("{HOST_COOKIE}={}", VALUE.replace('a', "b")));
        assert_eq!(sent(&[], &[&one, &one], false), Sent::Cookie(VALUE.to_owned()));
        assert_eq!(sent(&[], &[&one, &other], false), Sent::Unreadable);
        assert_eq!(sent(&[], &[&format!("{HOST_COOKIE}=short")], false), Sent::Unreadable);
        assert_eq!(sent(&["Bearer a", "Bearer a"], &[&one], false), Sent::Unreadable);
        assert_eq!(sent(&["Digest a"], &[&one], false), Sent::Unreadable);
    }
}
