//! `/api/v1/session`: people log in, look who they are, log out. The browser keeps a secret in a cookie, PostgreSQL its hash.

use super::access::{address, refuse};
use super::actor::Actor;
use super::extract::{Body, Parameters};
use super::{Api, Problem};
use crate::access::{Caller, HOST_COOKIE, PLAIN_COOKIE, Page, Refusal, Role, Secret, page};
use crate::store::LONGEST;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Name and password. Without `Debug`: it is not to be logged.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    user: String,
    password: String,
}

/// Who one is, as Warren sees it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Me {
    /// As the audit shows it.
    who: String,
    /// The user's name, of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    role: Role,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// Whose sessions; one's own when not given. Those of others are an admin's to end.
    user: Option<String>,
}

impl Me {
    fn of(caller: &Caller) -> Me {
        let user = match caller {
            Caller::User { name, .. } => Some(name.clone()),
            _ => None,
        };
        Me { who: caller.shown(), user, role: caller.role() }
    }
}

/// Logs in: the answer sets a cookie.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "access", operation_id = "session_log_in",
    request_body = LogIn,
    responses((status = 200, body = Me, headers(("Set-Cookie" = String))), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn log_in(
    State(api): State<Api>,
    extensions: Extensions,
    headers: HeaderMap,
    Body(LogIn { user, password }): Body<LogIn>,
) -> Result<Response, Problem> {
    const ENDPOINT: &str = "POST /api/v1/session";
    let from = address(&extensions);
    if page(&headers) == Page::Foreign {
        // Else a page could log its visitor in as somebody else, who then reads what the visitor does.
        let why = "one logs in from a page of Warren's own; the browser says that another sends this";
        return Ok(refuse(&api, ENDPOINT, from, Refusal::Page { why, caller: None }));
    }
    if !api.callers.has_users() {
        return Err(Problem::new(StatusCode::NOT_FOUND, "nobody can log in: `warren serve` has no --users"));
    }
    let role = match api.callers.password(&user, &password, from).await {
        Ok(role) => role,
        Err(refusal) => return Ok(refuse(&api, ENDPOINT, from, refusal)),
    };
    let secret = Secret::new().map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    let caller = Caller::User { name: user.clone(), role, session: Some(secret.hash()) };
    api.store.begin_session(&caller.shown(), &user, &secret.hash()).await?;
    let cookie = cookie(secret.text(), LONGEST.as_secs(), secure(api.callers.on_this_machine, &headers));
    let answer = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((answer, Json(Me::of(&caller))).into_response())
}

/// Who one is.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "access", operation_id = "session_get",
    responses((status = 200, body = Me), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn get(Extension(caller): Extension<Caller>) -> Json<Me> {
    Json(Me::of(&caller))
}

/// Logs out.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "access", operation_id = "session_log_out",
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn log_out(
    State(api): State<Api>,
    actor: Actor,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let Caller::User { name, session: Some(session), .. } = caller else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "this request does not come with a session"));
    };
    api.store.end_session(&actor.0, &name, &session).await?;
    let gone = [true, false].map(|secure| (header::SET_COOKIE, cookie("", 0, secure)));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(gone)).into_response())
}

/// Logs out everywhere.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    tag = "access", operation_id = "session_log_out_everywhere",
    params(Whose),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn log_out_everywhere(
    State(api): State<Api>,
    actor: Actor,
    Extension(caller): Extension<Caller>,
    Parameters(Whose { user }): Parameters<Whose>,
) -> Result<StatusCode, Problem> {
    let own = Me::of(&caller).user;
    let Some(whose) = user.or_else(|| own.clone()) else {
        let errors = vec!["user: missing; only people have sessions of their own".to_owned()];
        return Err(Problem::mistakes("no session was ended", errors));
    };
    if own.as_ref() != Some(&whose) && caller.role() != Role::Admin {
        let why =
            format!("sessions of others need the role `admin`; {} has `{}`", caller.shown(), caller.role().name());
        return Err(Problem::new(StatusCode::FORBIDDEN, why));
    }
    api.store.end_sessions(&actor.0, &whose).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Browsers are told that it is for TLS only, unless they came to this machine without.
fn secure(on_this_machine: bool, headers: &HeaderMap) -> bool {
    let begins = |name: &str, with: &str| {
        headers.get(name).is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(with.as_bytes()))
    };
    !on_this_machine || begins("origin", "https://") || begins("x-forwarded-proto", "https")
}

fn cookie(secret: &str, seconds: u64, secure: bool) -> String {
    let (name, secure) = if secure { (HOST_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_for_tls_unless_a_browser_comes_to_this_machine_without() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(n, v)| (header::HeaderName::from_static(n), v.parse().unwrap())).collect()
        };
        for (on_this_machine, said, want) in [
            (false, headers(&[]), true),
            (false, headers(&[("origin", "http://warren:1")]), true),
            (true, headers(&[]), false),
            (true, headers(&[("origin", "http://127.0.0.1:1")]), false),
            (true, headers(&[("origin", "https://warren.example")]), true),
            (true, headers(&[("x-forwarded-proto", "HTTPS")]), true),
        ] {
            assert_eq!(secure(on_this_machine, &said), want, "{on_this_machine} {said:?}");
        }
        assert_eq!(
            cookie("x", 9, true),
            "__Host-warren_session=x; Path=/; Max-Age=9; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(cookie("", 0, false), "warren_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }
}
