//! Who Warren is to a cluster: users and passwords by name, from a file of the operator's. Clusters name an entry; no password
//! is in PostgreSQL, in the API or in a log.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A user, with a password when the cluster asks for one.
#[derive(Clone)]
pub(crate) struct Credentials {
    user: Arc<str>,
    password: Option<Arc<str>>,
}

/// All entries, and who Warren is where a cluster names none.
#[derive(Clone)]
pub(crate) struct CredentialBook {
    default: Credentials,
    entries: Arc<BTreeMap<String, Credentials>>,
}

/// `[NAME]`, `user = "…"`, `password_file = "…"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    user: String,
    password_file: Option<PathBuf>,
}

impl Credentials {
    /// On a request. Trino takes a password over TLS only, or with a proxy's word that there was TLS.
    pub(crate) fn on(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.password {
            None => request.header("X-Trino-User", self.user.as_ref()),
            Some(password) => request.basic_auth(&self.user, Some(password)).header("X-Forwarded-Proto", "https"),
        }
    }

    /// The user's name, for messages.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

/// Without the password.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

impl CredentialBook {
    /// With no entries.
    pub(crate) fn new(default_user: &str) -> CredentialBook {
        let default = Credentials { user: Arc::from(default_user), password: None };
        CredentialBook { default, entries: Arc::default() }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// Every mistake, without what was written: it may be a password in the wrong place.
    pub(crate) fn read(self, text: &str) -> Result<CredentialBook, Vec<String>> {
        let written: BTreeMap<String, Written> = toml::from_str(text).map_err(|e| vec![e.message().to_owned()])?;
        let mut entries = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, Written { user, password_file }) in written {
            let password = password_file.map(|path| {
                std::fs::read_to_string(&path)
                    .map(|text| Arc::from(text.trim_end_matches(['\n', '\r'])))
                    .map_err(|error| format!("`{name}`: cannot read password_file `{}`: {error}", path.display()))
            });
            match password.transpose() {
                Ok(password) => drop(entries.insert(name, Credentials { user: Arc::from(user), password })),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(CredentialBook { entries: Arc::new(entries), ..self }) } else { Err(errors) }
    }

    /// Those of this name; the default ones without a name.
    ///
    /// # Errors
    /// When there is no such entry, in words.
    pub(crate) fn get(&self, name: Option<&str>) -> Result<Credentials, String> {
        let Some(name) = name else { return Ok(self.default.clone()) };
        self.entries.get(name).cloned().ok_or_else(|| {
            let known = warren_rules::known(self.entries.keys().map(String::as_str));
            format!("no credentials named `{name}` in the file of --credentials; known: {known}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_its_password_from_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p");
        std::fs::write(&file, "s3cret\n").unwrap();
        let text = format!("[etl]\nuser = \"w\"\npassword_file = \"{}\"\n[adhoc]\nuser = \"v\"\n", file.display());
        let book = CredentialBook::new("warren").read(&text).unwrap();
        let etl = book.get(Some("etl")).unwrap();
        assert_eq!((etl.user(), etl.password.as_deref()), ("w", Some("s3cret")));
        assert_eq!(format!("{etl:?}"), "Credentials(w)");
        assert_eq!(book.get(None).unwrap().user(), "warren");
        assert_eq!(
            book.get(Some("elt")).unwrap_err(),
            "no credentials named `elt` in the file of --credentials; known: `adhoc`, `etl`"
        );
    }

    #[test]
    fn mistakes_do_not_show_what_was_written() {
        let read = |text: &str| CredentialBook::new("warren").read(text).map(drop).unwrap_err();
        assert_eq!(
            read("[etl]\nuser = \"w\"\npassword = \"s3cret\"\n"),
            ["unknown field `password`, expected `user` or `password_file`"]
        );
        assert_eq!(
            read("[etl]\nuser = \"w\"\npassword_file = \"/no/such\"\n"),
            ["`etl`: cannot read password_file `/no/such`: No such file or directory (os error 2)"]
        );
    }
}
