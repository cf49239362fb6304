//! Who may use the API: whoever has the token. Scripts made for Trino Gateway send it as the password of HTTP Basic.

use super::{Api, Problem};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

/// Lets a request pass that has the token; without a token all that come from this machine's programs.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Response {
    match refusal(api.token.as_deref(), request.headers()) {
        None => next.run(request).await,
        Some(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            // No challenge for Basic: a browser would ask for the password, and then send it with every web page's requests.
            ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response()
        }
        Some(problem) => problem.into_response(),
    }
}

fn refusal(token: Option<&str>, headers: &HeaderMap) -> Option<Problem> {
    // What a page in someone's browser may do without knowing the token.
    let from_web_page = headers.contains_key(header::ORIGIN);
    let Some(token) = token else {
        return from_web_page.then(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "requests from web pages need a bearer token; start with --api-token-file",
            )
        });
    };
    let sent = headers.get(header::AUTHORIZATION).map(|v| v.as_bytes()).unwrap_or_default();
    let is_token = |sent: &[u8]| bool::from(sent.ct_eq(token.as_bytes()));
    if after_scheme(sent, "Bearer").is_some_and(is_token) {
        return None;
    }
    if after_scheme(sent, "Basic").and_then(password).is_some_and(|sent| is_token(&sent)) {
        return from_web_page
            .then(|| Problem::new(StatusCode::FORBIDDEN, "requests from web pages need the token as a bearer token"));
    }
    Some(Problem::new(
        StatusCode::UNAUTHORIZED,
        "the token is needed, as a bearer token or as the password of HTTP Basic; `warren` takes it from --api-token-file \
         or WARREN_API_TOKEN_FILE",
    ))
}

/// Schemes are read in any case.
fn after_scheme<'a>(sent: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (name, rest) = sent.split_at_checked(scheme.len())?;
    if name.eq_ignore_ascii_case(scheme.as_bytes()) { rest.strip_prefix(b" ") } else { None }
}

/// What stands behind the first colon.
fn password(credentials: &[u8]) -> Option<Vec<u8>> {
    let credentials = STANDARD.decode(credentials).ok()?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    credentials.get(colon + 1..).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a token: of 16+ characters";

    fn refused(token: Option<&str>, sent: &[(header::HeaderName, &str)]) -> Option<u16> {
        let headers = sent.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        refusal(token, &headers).map(|problem| problem.status)
    }

    #[test]
    fn takes_the_token_as_bearer_and_as_the_password_of_basic() {
        let basic = |credentials: &str| format!("Basic {}", STANDARD.encode(credentials));
        for (sent, want) in [
            (format!("Bearer {TOKEN}"), None),
            (format!("bearer {TOKEN}"), None),
            (basic(&format!("anyone:{TOKEN}")), None),
            (basic(&format!(":{TOKEN}")), None),
            (basic(&format!("{TOKEN}:")), Some(401)),
            (basic(TOKEN), Some(401)),
            ("Basic ?".to_owned(), Some(401)),
            (format!("Bearer{TOKEN}"), Some(401)),
            (format!("Bearer {TOKEN}x"), Some(401)),
            ("Bearer ".to_owned(), Some(401)),
            (TOKEN.to_owned(), Some(401)),
        ] {
            assert_eq!(refused(Some(TOKEN), &[(header::AUTHORIZATION, &sent)]), want, "{sent}");
        }
        assert_eq!(refused(Some(TOKEN), &[]), Some(401));
    }

    #[test]
    fn a_web_page_needs_the_bearer_token() {
        let origin = (header::ORIGIN, "http://evil.example");
        let basic = format!("Basic {}", STANDARD.encode(format!("a:{TOKEN}")));
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(refused(None, &[]), None);
        assert_eq!(refused(None, std::slice::from_ref(&origin)), Some(403));
        assert_eq!(refused(Some(TOKEN), &[origin.clone(), (header::AUTHORIZATION, &basic)]), Some(403));
        assert_eq!(refused(Some(TOKEN), &[origin, (header::AUTHORIZATION, &bearer)]), None);
    }
}
