//! Talks to the API.

use super::ApiArgs;
use crate::api::Problem;
use crate::tls;
use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A client for one command.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    user: Option<String>,
    /// A token, or the user's password.
    token: Option<String>,
    /// `user@machine`, for the audit.
    actor: String,
}

/// Trusts who signed this file's certificates, or without one whom the system trusts.
fn trusting(ca: Option<&Path>) -> Result<rustls::ClientConfig> {
    let Some(path) = ca else { return tls::trusting(None).map_err(anyhow::Error::msg) };
    let pem = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    tls::trusting(Some(&pem)).map_err(|wrong| anyhow::anyhow!("--api-ca: {} {wrong}", path.display()))
}

impl Client {
    pub(crate) fn new(args: &ApiArgs) -> Result<Client> {
        let token = match &args.api_token_file {
            None => None,
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?
                    .trim()
                    .to_owned(),
            ),
        };
        let user = args.api_user.clone();
        if user.is_some() && token.is_none() {
            bail!("--api-user: the password is missing; --api-token-file names a file that holds it");
        }
        let http = tls::http(trusting(args.api_ca.as_deref())?)?;
        Ok(Client { http, base: args.api.trim_end_matches('/').to_owned(), user, token, actor: actor() })
    }

    /// Asks for JSON.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        Ok(self.send(Method::GET, path, None::<&()>).await?.json().await?)
    }

    /// Sends, and reads JSON back.
    pub(crate) async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: Option<&B>) -> Result<T> {
        Ok(self.send(Method::POST, path, body).await?.json().await?)
    }

    /// The same with another method.
    pub(crate) async fn send_json<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T> {
        Ok(self.send(method, path, Some(body)).await?.json().await?)
    }

    /// Sends, and expects no more than that it worked.
    pub(crate) async fn tell<B: Serialize>(&self, method: Method, path: &str, body: Option<&B>) -> Result<()> {
        self.send(method, path, body).await.map(|_| ())
    }

    /// Opens a stream of server-sent events.
    pub(crate) async fn events(&self, path: &str) -> Result<Events> {
        Ok(Events { answer: self.send(Method::GET, path, None::<&()>).await?, read: Vec::new() })
    }

    async fn send<B: Serialize>(&self, method: Method, path: &str, body: Option<&B>) -> Result<reqwest::Response> {
        let mut request = self.http.request(method, format!("{}/api/v1/{path}", self.base));
        request = request.header(crate::api::actor::HEADER, &self.actor);
        request = match (&self.user, &self.token) {
            (Some(user), password) => request.basic_auth(user, password.as_ref()),
            (None, Some(token)) => request.bearer_auth(token),
            (None, None) => request,
        };
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| match tls::words::not_believed(&error) {
            Some(wrong) => anyhow::anyhow!(
                "{} is not talked to: {wrong}; --api-ca (WARREN_API_CA) names the file with who signed it",
                self.base
            ),
            None => anyhow::Error::new(error)
                .context(format!("no answer from {}; is `warren serve` running there? (--api, WARREN_API)", self.base)),
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) if problem.errors.is_empty() => bail!("{}", problem.title),
            Ok(problem) => bail!("{}:\n  {}", problem.title, problem.errors.join("\n  ")),
            Err(_) => bail!("{status}: {text}"),
        }
    }
}

fn actor() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let said = format!("{user}@{}", host.trim());
    said.chars().filter(char::is_ascii_graphic).collect()
}

/// A name as one segment of a path.
pub(crate) fn segment(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Server-sent events, as this program's own API sends them: one `data:` line each.
pub(crate) struct Events {
    answer: reqwest::Response,
    read: Vec<u8>,
}

impl Events {
    /// The next one; none at the end.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        loop {
            while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    return Ok(Some(serde_json::from_slice(data)?));
                }
            }
            match self.answer.chunk().await? {
                Some(chunk) => self.read.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}
