//! Passwords that clients send (`Authorization: Basic`): Envoy asks here (`ext_authz`), since checking one takes longer than a
//! worker of Envoy's may be held up, and a directory is asked over a connection of its own.

mod directory;
mod file;
mod seen;

pub(crate) use directory::Directory;
pub(crate) use file::PasswordFile;
pub(crate) use seen::Seen;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use envoy_types::ext_authz::v3::CheckRequestExt;
use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction,
};
use envoy_types::pb::envoy::service::auth::v3::authorization_server::Authorization;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse};
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::rpc;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

/// Header in which Envoy tells whose password it was.
pub(crate) const PASSWORD_USER: &str = "x-warren-password-user";
/// Checks at a time: each takes a core for a good part of a second.
const AT_A_TIME: usize = 2;
/// gRPC's numbers (`google.rpc.Code`).
const OK: i32 = 0;
const UNAUTHENTICATED: i32 = 16;

/// Where passwords are known.
#[derive(Clone)]
pub(crate) enum PasswordSource {
    File(Arc<PasswordFile>),
    Directory(Arc<Directory>),
}

/// What became of a name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// It is this one.
    Is(String),
    /// Wrong name or wrong password: which, is not said.
    Wrong,
    /// It could not be found out; why.
    Unknown(String),
}

/// Answers Envoys.
pub(crate) struct Passwords {
    source: PasswordSource,
    seen: Seen,
    checks: Semaphore,
}

impl Passwords {
    pub(crate) fn new(source: PasswordSource) -> Passwords {
        Passwords { source, seen: Seen::new(), checks: Semaphore::new(AT_A_TIME) }
    }

    async fn check(&self, user: &str, password: &str) -> Checked {
        // Directories take an empty password for a wish to be nobody, and say yes (RFC 4513, 5.1.2).
        if user.is_empty() || password.is_empty() {
            return Checked::Wrong;
        }
        if let Some(known) = self.seen.get(user, password) {
            return Checked::Is(known);
        }
        let Ok(_turn) = self.checks.acquire().await else { return Checked::Unknown("Warren is stopping".to_owned()) };
        // Somebody with the same name and password may have been ahead in the queue.
        if let Some(known) = self.seen.get(user, password) {
            return Checked::Is(known);
        }
        let checked = match &self.source {
            PasswordSource::Directory(directory) => directory.check(user, password).await,
            PasswordSource::File(file) => {
                let (file, who, password) = (file.clone(), user.to_owned(), password.to_owned());
                let task = tokio::task::spawn_blocking(move || file.verify(&who, &password));
                match task.await {
                    Ok(true) => Checked::Is(user.to_owned()),
                    Ok(false) => Checked::Wrong,
                    Err(error) => Checked::Unknown(error.to_string()),
                }
            }
        };
        if let Checked::Is(principal) = &checked {
            self.seen.keep(user, password, principal);
        }
        checked
    }
}

#[tonic::async_trait]
impl Authorization for Passwords {
    async fn check(&self, request: Request<CheckRequest>) -> Result<Response<CheckResponse>, Status> {
        let headers = request.get_ref().get_client_headers();
        let authorization = headers.and_then(|headers| headers.get("authorization")).map(String::as_str);
        let checked = match authorization.and_then(user_and_password) {
            Some((user, password)) => Passwords::check(self, &user, &password).await,
            None => Checked::Wrong,
        };
        Ok(Response::new(answer(checked)))
    }
}

/// Name and password of an `Authorization: Basic` header.
pub(crate) fn user_and_password(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    // What no header can hold is nobody's name.
    let fits = !user.chars().any(char::is_control);
    fits.then(|| (user.to_owned(), password.to_owned()))
}

fn answer(checked: Checked) -> CheckResponse {
    let header = |key: &str, value: &str| HeaderValueOption {
        header: Some(HeaderValue { key: key.to_owned(), value: value.to_owned(), ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    };
    let refused = |status: i32, body: String| {
        HttpResponse::DeniedResponse(DeniedHttpResponse {
            status: Some(HttpStatus { code: status }),
            headers: vec![header("www-authenticate", "Basic realm=\"Warren\""), header("content-type", "text/plain")],
            body,
        })
    };
    let (code, response) = match checked {
        Checked::Is(principal) => {
            let headers = vec![header(PASSWORD_USER, &principal)];
            (OK, HttpResponse::OkResponse(OkHttpResponse { headers, ..OkHttpResponse::default() }))
        }
        Checked::Wrong => (UNAUTHENTICATED, refused(401, "wrong user or password".to_owned())),
        Checked::Unknown(why) => {
            // What is said of it stands with Envoy's own replies, which are also for when no Warren answers.
            tracing::warn!(why, "a password could not be checked");
            (UNAUTHENTICATED, refused(503, String::new()))
        }
    };
    CheckResponse {
        status: Some(rpc::Status { code, ..rpc::Status::default() }),
        http_response: Some(response),
        ..CheckResponse::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_header_apart() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (header, expected) in [
            (basic("ann:s3:cret"), Some(("ann", "s3:cret"))),
            (basic("ann:"), Some(("ann", ""))),
            (basic("ann"), None),
            (basic("a\nb:c"), None),
            ("Bearer x".to_owned(), None),
            ("Basic !".to_owned(), None),
            (format!("{},{}", basic("a:b"), basic("c:d")), None),
        ] {
            let expected = expected.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(user_and_password(&header), expected, "{header}");
        }
    }

    #[tokio::test]
    async fn an_empty_password_is_wrong_whoever_is_asked() {
        let hash = bcrypt::hash("", 8).unwrap();
        let file = PasswordFile::read(&format!("ann:{hash}\n")).unwrap();
        let passwords = Passwords::new(PasswordSource::File(Arc::new(file)));
        assert_eq!(passwords.check("ann", "").await, Checked::Wrong);
        assert_eq!(passwords.check("", "x").await, Checked::Wrong);
    }
}
