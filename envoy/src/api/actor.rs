//! Who asks, for the audit.

use super::Api;
use crate::access::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;

/// In what a client says for whom it acts; nothing proves it, and it is shown as said.
pub(crate) const HEADER: &str = "x-warren-actor";
/// How much of that is kept.
const SAID: usize = 100;

/// As the audit shows it: who they are, as far as Warren knows, and who they say they are.
pub(super) struct Actor(pub(super) String);

impl FromRequestParts<Api> for Actor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Actor, Infallible> {
        // Behind an endpoint that asks nobody there is nobody.
        let way = parts.extensions.get::<Caller>().map_or_else(|| "nobody".to_owned(), Caller::shown);
        let said = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Actor(shown(&way, said)))
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
        for (said, want) in [("", "token ci"), ("ann@host", "token ci, says ann@host"), ("a\tb", "token ci, says ab")] {
            assert_eq!(shown("token ci", said), want);
        }
        assert_eq!(shown("local", &"x".repeat(200)), format!("local, says {}", "x".repeat(100)));
    }
}
