//! Finds out who sends a request: by what the operator configured, and by what PostgreSQL knows of tokens and sessions.

use super::secret::Secret;
use super::throttle::Throttle;
use super::{Denied, Page, Role, Sent, Users, page, read};
use crate::login::Seen;
use crate::store::{Store, StoreError};
use axum::http::{HeaderMap, Method, header};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, mpsc, watch};

/// Passwords checked at a time: each takes a core for some hundredths of a second, and 19 MiB.
const CHECKS: usize = 2;
/// Tokens and sessions looked up at a time: strangers do not get all connections to PostgreSQL.
const LOOK_UPS: usize = 4;
/// Wrong attempts that are free, and how soon there is another: for a user's name, and for a client's address.
const BY_USER: (u32, Duration) = (10, Duration::from_secs(10));
const BY_ADDRESS: (u32, Duration) = (30, Duration::from_secs(2));
/// Names and addresses that are remembered for it.
const REMEMBERED: usize = 10_000;

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody is asked who they are: only this machine's programs come here.
    Local,
    /// Who has the token of `--api-token-file`.
    ApiToken,
    Token {
        name: String,
        role: Role,
    },
    User {
        name: String,
        role: Role,
        /// Hash of the session's secret, if a cookie said so.
        session: Option<[u8; 32]>,
    },
}

/// Why a request is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nothing was sent.
    NotLoggedIn,
    /// What was sent is wrong, expired or revoked: which, is not said. With the user's name, if there is such a user: else it may
    /// be a password in the wrong place.
    Wrong(Option<String>),
    /// A page in a browser sends what such a page may not; with whose credentials, if they are right.
    Page { why: &'static str, caller: Option<Caller> },
    /// Wrong too often; for so long.
    Throttled(Duration),
    /// It could not be found out.
    Unknown(StoreError),
}

/// Knows callers.
pub(crate) struct Callers {
    token: Option<Arc<str>>,
    /// As their file says now; none without one.
    users: watch::Receiver<Option<Arc<Users>>>,
    store: Store,
    /// The API listens on this machine only, so browsers may come without TLS.
    pub(crate) on_this_machine: bool,
    seen: Seen,
    checks: Semaphore,
    look_ups: Semaphore,
    by_user: Mutex<Throttle<String>>,
    by_address: Mutex<Throttle<IpAddr>>,
    denied: mpsc::Sender<Denied>,
}

impl Caller {
    pub(crate) fn role(&self) -> Role {
        match self {
            Caller::Local | Caller::ApiToken => Role::Admin,
            Caller::Token { role, .. } | Caller::User { role, .. } => *role,
        }
    }

    /// As the audit shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Caller::Local => "local".to_owned(),
            Caller::ApiToken => "api token".to_owned(),
            Caller::Token { name, .. } => format!("token {name}"),
            Caller::User { name, .. } => format!("{name} (user)"),
        }
    }

    /// Whose queries alone are theirs to see; none: everybody's.
    pub(crate) fn sees_only(&self) -> Option<&str> {
        match self {
            Caller::User { name, role: Role::Viewer, .. } => Some(name),
            _ => None,
        }
    }
}

impl Callers {
    pub(crate) fn new(
        token: Option<&str>,
        users: watch::Receiver<Option<Arc<Users>>>,
        store: Store,
        on_this_machine: bool,
        denied: mpsc::Sender<Denied>,
    ) -> Callers {
        Callers {
            token: token.map(Arc::from),
            users,
            store,
            on_this_machine,
            seen: Seen::new(),
            checks: Semaphore::new(CHECKS),
            look_ups: Semaphore::new(LOOK_UPS),
            by_user: Mutex::new(Throttle::new(BY_USER.0, BY_USER.1, REMEMBERED)),
            by_address: Mutex::new(Throttle::new(BY_ADDRESS.0, BY_ADDRESS.1, REMEMBERED)),
            denied,
        }
    }

    /// Is anybody asked who they are?
    pub(crate) fn asks(&self) -> bool {
        self.token.is_some() || self.has_users()
    }

    /// Can people log in?
    pub(crate) fn has_users(&self) -> bool {
        self.users.borrow().is_some()
    }

    /// Who sends this.
    pub(crate) async fn caller(
        &self,
        method: &Method,
        headers: &HeaderMap,
        from: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        let page = page(headers);
        if !self.asks() {
            let by_page = headers.contains_key(header::ORIGIN) || page == Page::Foreign;
            let why = "requests from web pages need a bearer token; start with --api-token-file";
            return if by_page { Err(Refusal::Page { why, caller: None }) } else { Ok(Caller::Local) };
        }
        let values = |name| headers.get_all(name).into_iter().map(|value: &header::HeaderValue| value.as_bytes());
        match read(values(header::AUTHORIZATION), values(header::COOKIE), self.on_this_machine) {
            Sent::Nothing => Err(Refusal::NotLoggedIn),
            Sent::Unreadable => Err(self.wrong(from)),
            Sent::Bearer(token) => self.by_token(&token, from).await,
            Sent::Basic { user, password } => {
                let caller = self.by_basic(&user, &password, from).await?;
                // Browsers send these by themselves once they have been typed in.
                let why = "requests from web pages need the token as a bearer token, or a session";
                let by_page = headers.contains_key(header::ORIGIN) || page == Page::Foreign;
                if by_page { Err(Refusal::Page { why, caller: Some(caller) }) } else { Ok(caller) }
            }
            Sent::Cookie(secret) => {
                let caller = self.by_session(&secret, from).await?;
                let why = "a session is for pages of Warren's own; the browser says that another sends this";
                let may = matches!((page, method), (Page::Own, _) | (Page::None, &Method::GET | &Method::HEAD));
                if may { Ok(caller) } else { Err(Refusal::Page { why, caller: Some(caller) }) }
            }
        }
    }

    async fn by_token(&self, token: &str, from: Option<IpAddr>) -> Result<Caller, Refusal> {
        if self.is_api_token(token) {
            return Ok(Caller::ApiToken);
        }
        let Some(secret) = Secret::of_token(token) else { return Err(self.wrong(from)) };
        let Ok(_turn) = self.look_ups.acquire().await else { return Err(Refusal::NotLoggedIn) };
        let found = self.store.token(&secret.hash()).await.map_err(Refusal::Unknown)?;
        let Some((name, role)) = found else { return Err(self.wrong(from)) };
        Ok(Caller::Token { name, role })
    }

    /// Trino Gateway's clients send a token as the password of any user.
    async fn by_basic(&self, user: &str, password: &str, from: Option<IpAddr>) -> Result<Caller, Refusal> {
        if self.is_api_token(password) || Secret::of_token(password).is_some() {
            return self.by_token(password, from).await;
        }
        let role = self.password(user, password, from).await?;
        Ok(Caller::User { name: user.to_owned(), role, session: None })
    }

    async fn by_session(&self, secret: &str, from: Option<IpAddr>) -> Result<Caller, Refusal> {
        let Some(secret) = Secret::of_session(secret) else { return Err(self.wrong(from)) };
        let Ok(_turn) = self.look_ups.acquire().await else { return Err(Refusal::NotLoggedIn) };
        let found = self.store.session(&secret.hash()).await.map_err(Refusal::Unknown)?;
        // Who is not in the file any more is nobody, whatever the cookie says.
        let role = |name: &String| self.users.borrow().as_ref()?.role(name);
        match found.and_then(|name| Some((role(&name)?, name))) {
            Some((role, name)) => Ok(Caller::User { name, role, session: Some(secret.hash()) }),
            None => Err(self.wrong(from)),
        }
    }

    /// The role of whoever has this name and password. It takes as long whether the name or the password is wrong.
    ///
    /// # Errors
    /// Wrong, or wrong too often to be asked.
    pub(crate) async fn password(&self, user: &str, password: &str, from: Option<IpAddr>) -> Result<Role, Refusal> {
        let Some(users) = self.users.borrow().clone() else { return Err(self.wrong(from)) };
        let wrong = || Refusal::Wrong(users.role(user).map(|_| user.to_owned()));
        if let (Some(_), Some(role)) = (self.seen.get(user, password), users.role(user)) {
            return Ok(role);
        }
        self.take(Some(user), from)?;
        let Ok(_turn) = self.checks.acquire().await else { return Err(wrong()) };
        let (name, typed) = (user.to_owned(), password.to_owned());
        let known = users.clone();
        let right = tokio::task::spawn_blocking(move || known.verify(&name, &typed)).await.unwrap_or(false);
        match users.role(user).filter(|_| right) {
            Some(role) => {
                lock(&self.by_user).give_back(&user.to_owned());
                lock(&self.by_address).give_back(&network(from));
                self.seen.keep(user, password, user);
                Ok(role)
            }
            None => Err(wrong()),
        }
    }

    /// Takes note of a wrong attempt.
    fn wrong(&self, from: Option<IpAddr>) -> Refusal {
        match self.take(None, from) {
            Ok(()) => Refusal::Wrong(None),
            Err(throttled) => throttled,
        }
    }

    fn take(&self, user: Option<&str>, from: Option<IpAddr>) -> Result<(), Refusal> {
        let now = Instant::now();
        lock(&self.by_address).take(&network(from), now).map_err(Refusal::Throttled)?;
        match user {
            Some(user) => lock(&self.by_user).take(&user.to_owned(), now).map_err(Refusal::Throttled),
            None => Ok(()),
        }
    }

    fn is_api_token(&self, sent: &str) -> bool {
        self.token.as_ref().is_some_and(|token| bool::from(sent.as_bytes().ct_eq(token.as_bytes())))
    }

    /// Tells the audit, which does not keep the request waiting; what it cannot take in time is not in it.
    pub(crate) fn denied(&self, denied: Denied) {
        if self.denied.try_send(denied).is_err() {
            tracing::warn!("refused attempts come faster than the audit takes them");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose attempts are counted together: an address; of IPv6 the 64 bits that one customer gets at least.
fn network(from: Option<IpAddr>) -> IpAddr {
    match from.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
#[path = "callers_tests.rs"]
mod tests;
