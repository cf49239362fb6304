//! Stands before every endpoint: who sends this, and may they? What was refused goes to the audit.

use super::endpoints::{Endpoint, Need};
use super::{Api, Problem, Title};
use crate::access::{Denied, Refusal};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Lets a request pass whose sender may do what this endpoint does.
pub(super) async fn check(
    State((api, endpoint)): State<(Api, Arc<Endpoint>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Need::Role(need) = endpoint.need else { return next.run(request).await };
    let from = address(request.extensions());
    let caller = match api.callers.caller(request.method(), request.headers(), from).await {
        Ok(caller) => caller,
        Err(refusal) => return refuse(&api, &endpoint.name(), from, refusal),
    };
    let (who, role) = (caller.shown(), caller.role());
    let response = if role.may(need) {
        request.extensions_mut().insert(caller);
        next.run(request).await
    } else {
        let why = format!("this needs the role `{}`; {who} has `{}`", need.name(), role.name());
        Problem::new(StatusCode::FORBIDDEN, why).into_response()
    };
    if response.status() == StatusCode::FORBIDDEN {
        let why = response.extensions().get().map_or_else(String::new, |Title(title)| title.clone());
        api.callers.denied(Denied { actor: who, endpoint: endpoint.name(), status: 403, why });
    }
    response
}

/// The answer to somebody who is not let in, with a word to the audit if they tried something.
pub(super) fn refuse(api: &Api, endpoint: &str, from: Option<IpAddr>, refusal: Refusal) -> Response {
    let nobody = || from.map_or_else(|| "nobody".to_owned(), |from| format!("nobody ({})", from.to_canonical()));
    let denied = |actor: String, status: StatusCode, why: &str| {
        let (endpoint, why) = (endpoint.to_owned(), why.to_owned());
        api.callers.denied(Denied { actor, endpoint, status: status.as_u16(), why });
    };
    // No challenge for Basic: a browser would ask for the password, and then send it with every web page's requests.
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    match refusal {
        Refusal::NotLoggedIn => {
            let why = "credentials are needed: a token, as a bearer token or as the password of HTTP Basic, or a user and a \
                       password; `warren` takes them from --api-token-file and --api-user";
            (challenge, Problem::new(StatusCode::UNAUTHORIZED, why)).into_response()
        }
        Refusal::Wrong(user) => {
            match user {
                Some(user) => denied(format!("{}, says {user}", nobody()), StatusCode::UNAUTHORIZED, "wrong password"),
                None => denied(nobody(), StatusCode::UNAUTHORIZED, "wrong credentials"),
            }
            let why = "these credentials are wrong, have expired or were revoked";
            (challenge, Problem::new(StatusCode::UNAUTHORIZED, why)).into_response()
        }
        Refusal::Page { why, caller } => {
            denied(caller.map_or_else(nobody, |caller| caller.shown()), StatusCode::FORBIDDEN, why);
            Problem::new(StatusCode::FORBIDDEN, why).into_response()
        }
        Refusal::Throttled(wait) => {
            denied(nobody(), StatusCode::TOO_MANY_REQUESTS, "wrong too often");
            let seconds = wait.as_secs() + 1;
            let why = format!("wrong too often; try again in {seconds} s");
            ([(header::RETRY_AFTER, seconds.to_string())], Problem::new(StatusCode::TOO_MANY_REQUESTS, why))
                .into_response()
        }
        Refusal::Unknown(error) => Problem::from(error).into_response(),
    }
}

/// Where a request comes from, if the server that took it says so.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}
