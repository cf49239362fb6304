//! One coordinator, asked over HTTP the way its own clients ask it.

use crate::credentials::{CredentialBook, Credentials};
use crate::state::Address;
use crate::tls::words;
use crate::trino::{Elsewhere, TrinoClients, TrinoTls};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Longest answer that is read, in bytes; a list of ten thousand queries is ten megabytes.
const MAX_ANSWER: usize = 32 << 20;
/// Polls of one query; Trino holds each for up to a second.
const MAX_POLLS: u32 = 60;
/// Who asks, as Trino's own pages and resource groups see it.
pub(crate) const SOURCE: &str = "warren-health";

/// How Warren comes to coordinators: its connections, and who it is to each of them.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) clients: TrinoClients,
    pub(crate) credentials: CredentialBook,
}

impl Access {
    /// The coordinator at an address. `credentials` names an entry of the book.
    ///
    /// # Errors
    /// When the address cannot be read, or there is no such entry, in words.
    pub(crate) fn coordinator(
        &self,
        url: &str,
        slug: &str,
        tls: &TrinoTls,
        credentials: Option<&str>,
        timeout: Duration,
    ) -> Result<Coordinator, String> {
        let address = Address::parse(url)?;
        self.clients.networks.check_host(&address.host).map_err(|elsewhere| elsewhere.to_string())?;
        Ok(Coordinator {
            http: self.clients.get(tls)?,
            // Each has a certificate for its own name.
            to_workers: self.clients.get(&TrinoTls { server_name: None, ..tls.clone() })?,
            address,
            slug: slug.to_owned(),
            credentials: self.credentials.get(credentials)?,
            timeout,
        })
    }
}

/// A coordinator and who Warren is to it.
#[derive(Clone)]
pub(crate) struct Coordinator {
    http: reqwest::Client,
    to_workers: reqwest::Client,
    pub(crate) address: Address,
    /// Its slug: queries are asked as they come through Envoy, with its prefix.
    pub(crate) slug: String,
    pub(crate) credentials: Credentials,
    pub(crate) timeout: Duration,
}

/// `GET /v1/info` (`io.trino.server.ServerInfoResource`), less what is not read; the id is there from Trino 477 on.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    pub(crate) coordinator: bool,
    pub(crate) starting: bool,
    pub(crate) uptime: Option<String>,
    pub(crate) coordinator_id: Option<String>,
    /// `ACTIVE`, `SHUTTING_DOWN` …, from Trino 477 on.
    pub(crate) state: Option<String>,
}

/// A query as `GET /v1/query` lists it (`io.trino.server.BasicQueryInfo`), less what is not read.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryEntry {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) session: QuerySession,
}

#[derive(Deserialize, Debug, Default)]
pub(crate) struct QuerySession {
    pub(crate) source: Option<String>,
}

/// What a query gave.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Last part of its id: the coordinator's own.
    pub(crate) coordinator_id: Option<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Why it did not answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing listens there: whoever answers next is another process.
    Refused,
    /// It does not know Warren, or does not let it: 401, 403.
    NotAllowed(u16),
    /// It cannot be routed to as it is configured, or at all; with what to do.
    Unfit(&'static str),
    /// Its name leads where no coordinator may be.
    Elsewhere(Elsewhere),
    /// Anything else, in words.
    Other(String),
}

/// `http-server.process-forwarded` is at its default.
const REFUSES_FORWARDED: &str =
    "it refuses X-Forwarded headers; set http-server.process-forwarded=true in its config.properties";
const IGNORES_PREFIX: &str =
    "it ignores X-Forwarded-Prefix; it needs Trino 455 or newer with http-server.process-forwarded=true";

/// A page of `/v1/statement` (`io.trino.client.QueryResults`), less what is not read.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Page {
    id: String,
    next_uri: Option<String>,
    data: Option<Vec<Vec<Value>>>,
    error: Option<PageError>,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct PageError {
    message: Option<String>,
}

impl Coordinator {
    /// A worker of its cluster, asked in the same way.
    pub(crate) fn worker(&self, address: Address) -> Coordinator {
        Coordinator { http: self.to_workers.clone(), address, ..self.clone() }
    }

    /// What it says of itself.
    pub(crate) async fn info(&self) -> Result<Info, Failure> {
        let request = self.http.get(self.address.url("/v1/info"));
        self.json(request, "/v1/info").await
    }

    /// All queries that it knows of and Warren may see.
    pub(crate) async fn queries(&self) -> Result<Vec<QueryEntry>, Failure> {
        let request = self.credentials.on(self.http.get(self.address.url("/v1/query")));
        self.json(request, "/v1/query").await
    }

    /// The metrics of these names, as text.
    pub(crate) async fn metrics(&self, path: &str, names: &[&str]) -> Result<String, Failure> {
        let query: Vec<(&str, &str)> = names.iter().map(|name| ("name[]", *name)).collect();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let request = self.credentials.on(self.http.get(self.address.url(&format!("{path}?{query}"))));
        let bytes = self.bytes(request, path).await?;
        String::from_utf8(bytes).map_err(|_| Failure::Other(format!("{path} did not answer as Trino does")))
    }

    /// Runs a query the way queries come through Envoy. `what` it is, for messages: `a test query`.
    pub(crate) async fn query(&self, what: &str, sql: &str) -> Result<Answered, Failure> {
        let prefix = warren_rules::prefix(&self.slug);
        let asked = |request: reqwest::RequestBuilder| {
            self.credentials.on(request).header("X-Trino-Source", SOURCE).header(warren_rules::PREFIX_HEADER, &prefix)
        };
        let post = asked(self.http.post(self.address.url("/v1/statement"))).body(sql.to_owned());
        let mut page: Page = self.json(post, what).await?;
        let mut answered = Answered { coordinator_id: page.id.rsplit('_').next().map(str::to_owned), rows: Vec::new() };
        for _ in 0..MAX_POLLS {
            let next = page.next_path(&prefix);
            if let Some(error) = page.error {
                return Err(Failure::Other(format!("{what} failed: {}", error.message.unwrap_or_default())));
            }
            answered.rows.extend(page.data.unwrap_or_default());
            let Some(path) = next? else { return Ok(answered) };
            page = self.json(asked(self.http.get(self.address.url(&path))), what).await?;
        }
        Err(Failure::Other(format!("{what} did not finish in {MAX_POLLS} polls")))
    }

    /// Tells it, a worker, to shut down (`io.trino.server.ServerInfoResource`, `PUT /v1/info/state`).
    pub(crate) async fn shut_down(&self) -> Result<(), Failure> {
        let put = self.http.put(self.address.url("/v1/info/state")).header("Content-Type", "application/json");
        let request = self.credentials.on(put).body("\"SHUTTING_DOWN\"");
        self.bytes(request, "/v1/info/state").await.map(drop)
    }

    async fn json<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder, what: &str) -> Result<T, Failure> {
        let bytes = self.bytes(request, what).await?;
        serde_json::from_slice(&bytes).map_err(|_| Failure::Other(format!("{what} was not answered as Trino does")))
    }

    async fn bytes(&self, request: reqwest::RequestBuilder, what: &str) -> Result<Vec<u8>, Failure> {
        let mut answer = request.timeout(self.timeout).send().await.map_err(|e| self.failure(&e))?;
        match answer.status().as_u16() {
            200 => {}
            status @ (401 | 403) => return Err(Failure::NotAllowed(status)),
            406 => return Err(Failure::Unfit(REFUSES_FORWARDED)),
            status => return Err(Failure::Other(format!("{what} was answered with status {status}"))),
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.failure(&e))? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(Failure::Other(format!("{what} was answered with more than {MAX_ANSWER} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        if let Some(elsewhere) = cause::<Elsewhere>(error) {
            Failure::Elsewhere(*elsewhere)
        } else if is_refused(error) {
            Failure::Refused
        } else if let Some(why) = words::not_believed(error) {
            Failure::Other(why)
        } else if error.is_timeout() {
            Failure::Other(format!("no answer within {}", crate::duration::text(self.timeout)))
        } else if error.is_connect() {
            Failure::Other("cannot connect: is the name known, the network there?".to_owned())
        } else {
            Failure::Other("the connection broke".to_owned())
        }
    }
}

impl Page {
    /// Where the next one is, as the coordinator itself knows it; none after the last.
    fn next_path(&self, prefix: &str) -> Result<Option<String>, Failure> {
        self.next_uri.as_deref().map(|next| follow_up_path(next, prefix)).transpose()
    }
}

/// The path of the page after this one; for the fuzzer ([`crate::foreign`]).
pub(crate) fn next_page(page: &[u8], prefix: &str) -> Result<Option<String>, Failure> {
    let page: Page = serde_json::from_slice(page).map_err(|error| Failure::Other(error.to_string()))?;
    page.next_path(prefix)
}

impl Failure {
    /// Will it go on like this until someone changes the coordinator?
    pub(crate) fn says_unfit(&self) -> bool {
        matches!(self, Failure::Unfit(_) | Failure::Elsewhere(_))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Refused => f.write_str("no connection"),
            Failure::NotAllowed(status) => write!(f, "Warren may not ask it ({status})"),
            Failure::Unfit(reason) => f.write_str(reason),
            Failure::Elsewhere(elsewhere) => elsewhere.fmt(f),
            Failure::Other(reason) => f.write_str(reason),
        }
    }
}

/// The path of a `nextUri` as the coordinator itself knows it. It is a bearer secret: it is not part of any message. It is
/// put behind the coordinator's address, so it must be a path: `@elsewhere` would lead there, with the password.
fn follow_up_path(next_uri: &str, prefix: &str) -> Result<String, Failure> {
    let url =
        url::Url::parse(next_uri).map_err(|_| Failure::Other("it gave a nextUri that is not a URI".to_owned()))?;
    let path = url.path().strip_prefix(prefix).ok_or(Failure::Unfit(IGNORES_PREFIX))?;
    if path.starts_with("/v1/statement/") {
        Ok(path.to_owned())
    } else {
        Err(Failure::Other("it gave a nextUri that leads to no page of a query".to_owned()))
    }
}

/// Did the machine itself say that nothing listens there? A name that does not resolve for a moment says no such thing.
fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    cause::<std::io::Error>(error).is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// The first cause of this kind.
fn cause<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_uri_back_to_the_coordinator_itself() {
        assert_eq!(
            follow_up_path("http://h:1/c/etl-1/v1/statement/queued/x", "/c/etl-1"),
            Ok("/v1/statement/queued/x".to_owned())
        );
        assert_eq!(
            follow_up_path("http://h:1/v1/statement/queued/secret", "/c/etl-1"),
            Err(Failure::Unfit(IGNORES_PREFIX))
        );
        for elsewhere in ["@elsewhere/v1/statement/x", "0/v1/statement/x", ":1/v1/statement/x", "/v1/info/state", ""] {
            assert_eq!(
                follow_up_path(&format!("http://h:1/c/etl-1{elsewhere}"), "/c/etl-1"),
                Err(Failure::Other("it gave a nextUri that leads to no page of a query".to_owned())),
                "{elsewhere}"
            );
        }
    }
}
