//! Who asks, for the audit.

use super::Api;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;

/// In what a client says for whom it acts; nothing proves it, and it is shown as said.
pub(crate) const HEADER: &str = "x-warren-actor";
/// How much of that is kept.
const SAID: usize = 100;

/// As the audit shows it: how they were let in, and who they say they are.
pub(super) struct Actor(pub(super) String);

impl FromRequestParts<Api> for Actor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Actor, Infallible> {
        let way = if api.token.is_some() { "token" } else { "local" };
        let said = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Actor(shown(way, said)))
    }
}

fn shown(way: &str, said: &str) -> String {
    let said: String = said.chars().filter(|c| !c.is_control()).take(SAID).collect();
    if said.is_empty() { way.to_owned() } else { format!("{way}, says {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_proves_is_shown_as_said() {
        for (said, want) in [("", "token"), ("ann@host", "token, says ann@host"), ("a\tb", "token, says ab")] {
            assert_eq!(shown("token", said), want);
        }
        assert_eq!(shown("local", &"x".repeat(200)), format!("local, says {}", "x".repeat(100)));
    }
}
