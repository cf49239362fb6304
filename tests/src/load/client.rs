//! One client of a load: asks questions one after the other, through several Envoys.

use std::io;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{self, Response};

use super::account::Ending;
use super::question::Question;
use super::verdict::{Came, Next, Page, Request, judge};
use crate::eventually::let_pass;

/// As Trino's command line waits for an answer.
const ANSWER: Duration = Duration::from_secs(30);
/// After this a query that has not ended is lost.
const DEADLINE: Duration = Duration::from_secs(180);
/// Between two pages that are read slowly.
const SLOWLY: Duration = Duration::from_millis(150);

/// A client with its connections.
pub(super) struct Client {
    agent: Agent,
    user: String,
    doors: Vec<Door>,
    /// The door that the next connection leads to.
    at: usize,
}

/// An Envoy.
struct Door {
    base: String,
    /// A connection to it is kept.
    kept: bool,
}

/// A query that has ended.
pub(super) struct Ended {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) ending: Ending,
}

impl Client {
    pub(super) fn new(number: usize, doors: &[String]) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections_per_host(1)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(ANSWER))
            .timeout_recv_body(Some(ANSWER))
            .build()
            .into();
        let doors = doors.iter().map(|base| Door { base: base.clone(), kept: false }).collect();
        Self { agent, user: format!("client-{number}"), doors, at: number }
    }

    /// Asks, follows the query to its end, and compares every row.
    pub(super) fn ask(&mut self, question: Question) -> Ended {
        let began = Instant::now();
        let mut ended = Ended { id: String::new(), slug: String::new(), ending: Ending::Answered };
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = match self.page(next.as_deref(), question, began) {
                Ok(page) => page,
                Err(ending) => {
                    ended.ending = ending;
                    return ended;
                }
            };
            ended.id = page.id;
            rows.extend(page.data);
            let Some(uri) = page.next_uri else { break };
            if ended.slug.is_empty() {
                uri.split("/c/")
                    .nth(1)
                    .and_then(|rest| rest.split('/').next())
                    .unwrap_or_default()
                    .clone_into(&mut ended.slug);
            }
            next = Some(uri);
            if question == Question::ReadSlowly {
                let_pass(SLOWLY);
            }
        }
        if let Some(mistake) = question.mistake(&rows) {
            ended.ending = Ending::Lost(mistake);
        }
        ended
    }

    /// One page; the request is repeated as Trino's client repeats it. An error is the query's end.
    fn page(&mut self, next: Option<&str>, question: Question, began: Instant) -> Result<Page, Ending> {
        let since = Instant::now();
        for tries in 1_u32.. {
            if began.elapsed() > DEADLINE {
                break;
            }
            let (request, came) = self.send(next, question);
            match judge(request, came, since.elapsed()) {
                Next::Take(page) => return Ok(page),
                Next::End(ending) => return Err(ending),
                Next::Again(_) => let_pass((Duration::from_millis(100) * tries).min(Duration::from_secs(1))),
            }
        }
        Err(Ending::Lost(format!("no end after {} seconds", DEADLINE.as_secs())))
    }

    /// Sends one request to the next door.
    fn send(&mut self, next: Option<&str>, question: Question) -> (Request, Came) {
        self.at += 1;
        let number = self.at % self.doors.len().max(1);
        let Some(door) = self.doors.get_mut(number) else { return (Request::Page, Came::NoConnection) };
        let request = if next.is_some() { Request::Page } else { Request::New { kept: door.kept } };
        let sent = match next {
            // Pages as small as Trino makes them, so that there are many.
            Some(uri) => self.agent.get(format!("{}{}?targetResultSize=1kB", door.base, path_of(uri))).call(),
            None => self
                .agent
                .post(format!("{}/v1/statement", door.base))
                .header("X-Trino-User", &self.user)
                .header("X-Trino-Source", "load")
                .send(question.sql()),
        };
        let came = sent.and_then(read);
        door.kept = matches!(&came, Ok((_, kept)) if *kept);
        (request, came.map_or_else(|error| what(&error), |(reply, _)| reply))
    }
}

fn read(response: Response<ureq::Body>) -> Result<(Came, bool), ureq::Error> {
    let closes = response.headers().get(http::header::CONNECTION).is_some_and(|value| value == "close");
    let status = response.status().as_u16();
    let body = response.into_body().read_to_string()?;
    Ok((Came::Reply { status, body }, !closes))
}

fn what(error: &ureq::Error) -> Came {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Came::NoConnection,
        ureq::Error::ConnectionFailed | ureq::Error::Timeout(ureq::Timeout::Connect) => Came::NoConnection,
        ureq::Error::Timeout(_) => Came::Nothing,
        _ => Came::Broken,
    }
}

/// The path of a `nextUri`: the load balancer in front may lead it to any Envoy.
fn path_of(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.find('/').and_then(|start| rest.get(start..)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_through_any_door() {
        assert_eq!(
            path_of("http://127.0.0.1:8080/c/etl-1/v1/statement/queued/x/y/1"),
            "/c/etl-1/v1/statement/queued/x/y/1"
        );
    }
}
