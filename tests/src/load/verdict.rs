//! What a client does about what comes back of one request: as Trino's Java client does (`StatementClientV1`), behind a load
//! balancer that leads a new connection past an Envoy that takes none. Values only.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::account::Ending;

/// How long one request is repeated. Trino's Java client has two minutes unless told otherwise
/// (`--client-request-timeout`); the load has less, so that a test of a dead coordinator ends sooner.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Longest part of a text that is no page, in characters, that is quoted.
const QUOTED: usize = 120;

/// A request of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The POST that hands the query in. `kept` if it went over a connection that had carried an answer before.
    New {
        /// Sent over a kept connection.
        kept: bool,
    },
    /// A GET of a `nextUri`.
    Page,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// An answer.
    Reply {
        /// Status.
        status: u16,
        /// Body.
        body: String,
    },
    /// No connection.
    NoConnection,
    /// The connection broke after the request was sent.
    Broken,
    /// Nothing came in time.
    Nothing,
}

/// What the client does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// It takes the page in.
    Take(Page),
    /// It sends the same request again, for this reason.
    Again(String),
    /// The query has ended.
    End(Ending),
}

/// A page, less what a load does not look at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Trino's id of the query.
    pub id: String,
    /// Address of the next page; none at the end.
    pub next_uri: Option<String>,
    /// Rows.
    #[serde(default)]
    pub data: Vec<Vec<Value>>,
    error: Option<PageError>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct PageError {
    message: String,
}

/// Judges what came, after the request was repeated for `since`.
pub fn judge(request: Request, came: Came, since: Duration) -> Next {
    let again = |why: String| {
        if since < PATIENCE {
            Next::Again(why)
        } else {
            Next::End(Ending::Failed(format!("given up after {} seconds: {why}", PATIENCE.as_secs())))
        }
    };
    match came {
        Came::Reply { status: 200, body } => match serde_json::from_str::<Page>(&body) {
            Ok(Page { error: Some(error), .. }) => Next::End(Ending::Failed(error.message)),
            Ok(page) => Next::Take(page),
            Err(_) => {
                let text = format!("answered with what is no page: {}", quote(&body));
                // Who listens in the place of a coordinator does not know its queries, and the client quotes what it got.
                let quotes = request == Request::Page && !body.is_empty();
                Next::End(if quotes { Ending::Failed(text) } else { Ending::Lost(text) })
            }
        },
        Came::Reply { status: status @ (502..=504), body } => again(format!("{status}: {}", words(&body))),
        Came::Reply { status, body } => {
            let words = words(&body);
            let text = format!("{status}: {words}");
            let unreadable = words.is_empty() || words.starts_with('<');
            Next::End(if unreadable { Ending::Lost(text) } else { Ending::Failed(text) })
        }
        Came::NoConnection => again("no connection".to_owned()),
        Came::Nothing => again("no answer".to_owned()),
        Came::Broken => match request {
            // The HTTP library of Trino's client sends a request again when a kept connection turns out to be dead.
            Request::Page | Request::New { kept: true } => again("the connection broke".to_owned()),
            Request::New { kept: false } => {
                Next::End(Ending::Failed("the connection broke while the query was handed in".to_owned()))
            }
        },
    }
}

/// Warren's and Trino's message if the text is an error in Trino's form, else the text itself.
fn words(body: &str) -> String {
    match serde_json::from_str::<Page>(body) {
        Ok(Page { error: Some(error), .. }) => error.message,
        _ => quote(body),
    }
}

fn quote(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::ZERO;

    fn reply(status: u16, body: &str) -> Came {
        Came::Reply { status, body: body.to_owned() }
    }

    fn failed(text: &str) -> Next {
        Next::End(Ending::Failed(text.to_owned()))
    }

    fn lost(text: &str) -> Next {
        Next::End(Ending::Lost(text.to_owned()))
    }

    fn again(text: &str) -> Next {
        Next::Again(text.to_owned())
    }

    const UNREACHABLE: &str = r#"{"id":"x","error":{"message":"the cluster cannot be reached (UF)"}}"#;

    #[test]
    fn takes_pages_and_ends_at_errors() {
        let page = r#"{"id":"x","nextUri":"http://h/1","data":[[1]],"stats":{}}"#;
        let wanted =
            Page { id: "x".into(), next_uri: Some("http://h/1".into()), data: vec![vec![1.into()]], error: None };
        assert_eq!(judge(Request::Page, reply(200, page), SOON), Next::Take(wanted));
        let error = r#"{"id":"x","error":{"message":"line 1:1: no"}}"#;
        assert_eq!(judge(Request::Page, reply(200, error), SOON), failed("line 1:1: no"));
        assert_eq!(judge(Request::Page, reply(404, "Query not found"), SOON), failed("404: Query not found"));
    }

    #[test]
    fn what_no_client_can_read_is_lost() {
        let html = "<html>\n<h1>It works</h1>";
        let new = Request::New { kept: false };
        for (request, came, text) in [
            (new, reply(200, html), "answered with what is no page: <html> <h1>It works</h1>"),
            (new, reply(200, ""), "answered with what is no page: "),
            (Request::Page, reply(200, ""), "answered with what is no page: "),
            (Request::Page, reply(500, html), "500: <html> <h1>It works</h1>"),
            (Request::Page, reply(400, ""), "400: "),
        ] {
            assert_eq!(judge(request, came, SOON), lost(text));
        }
        let wanted = "answered with what is no page: <html> <h1>It works</h1>";
        assert_eq!(judge(Request::Page, reply(200, html), SOON), failed(wanted));
    }

    #[test]
    fn a_busy_or_silent_door_is_tried_again_until_patience_ends() {
        for request in [Request::Page, Request::New { kept: false }] {
            for (came, why) in [
                (reply(503, UNREACHABLE), "503: the cluster cannot be reached (UF)"),
                (reply(502, "bad gateway"), "502: bad gateway"),
                (Came::NoConnection, "no connection"),
                (Came::Nothing, "no answer"),
            ] {
                assert_eq!(judge(request, came.clone(), SOON), again(why));
                assert_eq!(judge(request, came, PATIENCE), failed(&format!("given up after 30 seconds: {why}")));
            }
        }
    }

    #[test]
    fn a_new_query_whose_answer_was_lost_is_sent_again_over_kept_connections_only() {
        let broken = |request| judge(request, Came::Broken, SOON);
        assert_eq!(broken(Request::Page), again("the connection broke"));
        assert_eq!(broken(Request::New { kept: true }), again("the connection broke"));
        let wanted = "the connection broke while the query was handed in";
        assert_eq!(broken(Request::New { kept: false }), failed(wanted));
    }
}
