//! A directory (LDAP) that knows people and their passwords: found with a search, proved with a bind (RFC 4511, RFC 4513).

use super::Checked;
use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, ldap_escape};
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What stands for the user's name in the filter.
const USER: &str = "${USER}";
/// A wrong password (RFC 4511: `invalidCredentials`).
const INVALID_CREDENTIALS: u32 = 49;

/// How it is asked.
pub(crate) struct Directory {
    pub(crate) url: String,
    /// Speak TLS from the first message on `ldap://`, too.
    pub(crate) starttls: bool,
    /// Whom Warren trusts to be it.
    pub(crate) tls: Arc<ClientConfig>,
    /// Who searches; nobody in particular if there is none.
    pub(crate) search_as: Option<(String, String)>,
    /// Where people are.
    pub(crate) base: String,
    /// Whom to look for, with `${USER}` for the name that was sent.
    pub(crate) filter: String,
    /// Its value is the principal: names are the same in any case there, and not for rules.
    pub(crate) user_attribute: String,
}

impl Directory {
    /// Whose name and password these are.
    pub(crate) async fn check(&self, user: &str, password: &str) -> Checked {
        match tokio::time::timeout(PATIENCE * 2, self.ask(user, password)).await {
            Ok(Ok(checked)) => checked,
            Ok(Err(error)) => Checked::Unknown(format!("{}: {error}", self.url)),
            Err(_) => Checked::Unknown(format!("{} takes too long", self.url)),
        }
    }

    async fn ask(&self, user: &str, password: &str) -> Result<Checked, LdapError> {
        let settings = LdapConnSettings::new().set_conn_timeout(PATIENCE).set_starttls(self.starttls);
        let settings = settings.set_config(self.tls.clone());
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, &self.url).await?;
        tokio::spawn(async move { connection.drive().await });
        if let Some((dn, password)) = &self.search_as {
            ldap.simple_bind(dn, password).await?.success()?;
        }
        let filter = self.filter.replace(USER, &ldap_escape(user));
        let wanted = vec![self.user_attribute.as_str()];
        let (found, _) = ldap.search(&self.base, Scope::Subtree, &filter, wanted).await?.success()?;
        let mut entries = found.into_iter().map(SearchEntry::construct);
        // Two of one name: it is not known which is meant.
        let (Some(SearchEntry { dn, attrs, .. }), None) = (entries.next(), entries.next()) else {
            return Ok(Checked::Wrong);
        };
        // The one attribute that was asked for.
        let name = attrs.into_values().flatten().next().filter(|name| !name.is_empty());
        let Some(principal) = name else { return Ok(Checked::Wrong) };
        let bound = ldap.simple_bind(&dn, password).await?;
        let _ = ldap.unbind().await;
        match bound.rc {
            0 => Ok(Checked::Is(principal)),
            INVALID_CREDENTIALS => Ok(Checked::Wrong),
            _ => bound.success().map(|_| Checked::Wrong),
        }
    }
}
