//! Where PostgreSQL is, and whether the way there can be trusted.

use crate::tls;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::error::Error;

/// What is wrong with the certificates that a database's address names.
pub(crate) fn certificate_mistakes(url: &str) -> Vec<String> {
    let Ok(url) = url::Url::parse(url) else { return Vec::new() };
    let named = url.query_pairs().filter(|(key, _)| matches!(key.as_ref(), "sslrootcert" | "ssl-root-cert" | "ssl-ca"));
    named
        .filter_map(|(key, file)| {
            let read = std::fs::read(file.as_ref()).map_err(|error| format!("cannot be read: {error}"));
            let wrong = read.and_then(|pem| tls::certificates(&pem)).err()?;
            Some(format!("database_url: {key}: `{file}` {wrong}"))
        })
        .collect()
}

/// What to tell of a database on another machine of which nobody knows whether it is the right one.
pub(crate) fn unverified(url: &str) -> Option<String> {
    let options: PgConnectOptions = url.parse().ok()?;
    let host = options.get_host();
    let here = options.get_socket().is_some() || host.starts_with('/') || tls::is_here(host);
    if here || matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) {
        return None;
    }
    let what = match options.get_ssl_mode() {
        PgSslMode::VerifyCa => "it may be any machine that the CA signed for",
        PgSslMode::Require => "it may be anybody who says so",
        _ => "what is sent there may be read on the way, and it may be anybody who says so",
    };
    Some(format!(
        "PostgreSQL is on another machine ({host}), and {what}: add sslmode=verify-full and sslrootcert=FILE to --database-url"
    ))
}

/// An error of PostgreSQL, with what is wrong with its certificate in words.
pub(super) fn in_words(error: &(impl Error + 'static)) -> String {
    match tls::words::not_believed(error) {
        Some(wrong) => format!("{wrong} (sslmode, sslrootcert of --database-url)"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_machine_that_nobody_verifies_is_warned_of() {
        for here in [
            "postgres://localhost/w",
            "postgres://127.0.0.1:1/w",
            "postgres://[::1]/w",
            "postgres://w?host=/run/postgresql",
            "postgres://db.example/w?sslmode=verify-full",
        ] {
            assert_eq!(unverified(here), None, "{here}");
        }
        let add = "add sslmode=verify-full and sslrootcert=FILE to --database-url";
        for (mode, what) in [
            ("", "what is sent there may be read on the way, and it may be anybody who says so"),
            ("?sslmode=prefer", "what is sent there may be read on the way, and it may be anybody who says so"),
            ("?sslmode=require", "it may be anybody who says so"),
            ("?sslmode=verify-ca", "it may be any machine that the CA signed for"),
        ] {
            let said = format!("PostgreSQL is on another machine (db.example), and {what}: {add}");
            assert_eq!(unverified(&format!("postgres://u:secret@db.example/w{mode}")), Some(said));
        }
    }
}
