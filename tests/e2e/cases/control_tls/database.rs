//! PostgreSQL by TLS.

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::certificates::Certificates;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

use super::{status, text};

const SOON: Duration = Duration::from_secs(20);

pub(in super::super) fn only_the_right_postgresql_is_talked_to(stack: &Stack) -> Result<()> {
    let authority = Certificates::make_in(&stack.run, "database-authority")?;
    let strangers = Certificates::make_in(&stack.run, "database-strangers")?;
    let (certificate, key) = authority.server("database", &["localhost"])?;
    stack.postgres.use_tls(Some((&certificate, &key)))?;
    let asked = ask(stack, text(&authority.ca)?, text(&strangers.ca)?);
    stack.postgres.use_tls(None)?;
    asked
}

fn ask(stack: &Stack, ca: &str, stranger: &str) -> Result<()> {
    let port = stack.postgres.port();
    stack.postgres.create_database("verified")?;
    let warren = |name: &str, host: &str, ca: &str| {
        let url = format!("postgres://warren@{host}:{port}/verified?sslmode=verify-full&sslrootcert={ca}");
        let options = WarrenOptions {
            name: format!("warren-verified-{name}"),
            database_url: url,
            listen: 1,
            default_group: "adhoc".to_owned(),
            ..WarrenOptions::default()
        };
        Warren::start(&stack.run, &options)
    };
    let right = warren("right", "localhost", ca)?;
    eventually(SOON, "the state to be read", || {
        let status = status(&right)?;
        ensure!(status["snapshot"].is_string(), "{}", status["problems"]);
        Ok(())
    })?;
    let encrypted = stack.postgres.query(
        "SELECT bool_and(ssl), count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = 'verified'",
    )?;
    assert_eq!(encrypted, [[Some("t".to_owned()), Some("t".to_owned())]]);

    for (name, host, ca, wrong) in [
        ("stranger", "localhost", stranger, "its certificate was signed by nobody who is trusted"),
        ("name", "127.0.0.1", ca, "its certificate is not for 127.0.0.1, but for DnsName(\"localhost\")"),
    ] {
        let warren = warren(name, host, ca)?;
        let want = format!("PostgreSQL: migration: {wrong} (sslmode, sslrootcert of --database-url)");
        eventually(SOON, "it to be refused", || {
            let status = status(&warren)?;
            let said = status["problems"]["database"].as_str().unwrap_or_default();
            ensure!(said.starts_with(&want), "{said}, not {want}");
            ensure!(status["snapshot"].is_null(), "it was read all the same");
            Ok(())
        })?;
    }
    Ok(())
}
