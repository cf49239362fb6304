//! `/api/v1/tokens`: tokens of programs. One is shown once, when it is made.

use super::actor::Actor;
use super::clusters::check_name;
use super::extract::{Body, Segments};
use super::{Api, Problem};
use crate::access::{PREFIX, Role, Secret};
use crate::duration::{self, Span};
use crate::store::TokenEntry;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a token is good when nothing is said, and at most.
const LIFETIME: Duration = Duration::from_secs(90 * DAY.as_secs());
const LONGEST: Duration = Duration::from_secs(366 * DAY.as_secs());

/// A token to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// How long it is good: 90d when not given, 366d at most.
    #[serde(default)]
    pub(crate) expires: Option<Span>,
}

/// A token that was made. Without `Debug`: it is not to be shown where it is not asked for.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct MadeToken {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Itself. Nobody can read it again.
    pub(crate) token: String,
    pub(crate) expires_at: String,
    /// What is worth a look though it was made.
    pub(crate) warnings: Vec<String>,
}

#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "access", operation_id = "tokens_list",
    responses((status = 200, body = Vec<TokenEntry>), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn list(State(api): State<Api>) -> Result<Json<Vec<TokenEntry>>, Problem> {
    Ok(Json(api.store.tokens().await?))
}

#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "access", operation_id = "tokens_create",
    request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn create(
    State(api): State<Api>,
    actor: Actor,
    Body(new): Body<NewToken>,
) -> Result<Response, Problem> {
    let lifetime = new.expires.map_or(LIFETIME, |span| span.0);
    let errors = mistakes(&new.name, lifetime);
    if !errors.is_empty() {
        return Err(Problem::mistakes("the token was not made", errors));
    }
    let secret = Secret::new().map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    let expires_at = api.store.add_token(&actor.0, &new.name, new.role, &secret.hash(), lifetime).await?;
    let asks = api.callers.asks();
    let warning = "this API asks nobody who they are: start `warren serve` with --api-token-file or --users";
    let made = MadeToken {
        name: new.name,
        role: new.role,
        token: format!("{PREFIX}{}", secret.text()),
        expires_at,
        warnings: if asks { Vec::new() } else { vec![warning.to_owned()] },
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(made)).into_response())
}

/// Makes it of no use, at once and on every `warren`.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{name}",
    tag = "access", operation_id = "tokens_revoke",
    params(("name" = String, Path)),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(super) async fn revoke(
    State(api): State<Api>,
    actor: Actor,
    Segments(name): Segments<String>,
) -> Result<StatusCode, Problem> {
    api.store.revoke_token(&actor.0, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn mistakes(name: &str, lifetime: Duration) -> Vec<String> {
    let mut errors: Vec<String> = check_name("name", name).into_iter().collect();
    if lifetime > LONGEST {
        errors.push(format!("expires: `{}` is longer than {}", duration::text(lifetime), duration::text(LONGEST)));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_mistake_of_a_token() {
        assert_eq!(mistakes("ci", LIFETIME), Vec::<String>::new());
        assert_eq!(
            mistakes("a/b", LONGEST + DAY),
            ["name `a/b`: 1 to 256 characters, no slash, no line break", "expires: `367d` is longer than 366d"]
        );
    }
}
