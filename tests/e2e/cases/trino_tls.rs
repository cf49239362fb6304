//! TLS towards Trino, cluster by cluster.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use warren_tests::certificates::Certificates;
use warren_tests::client::{Query, Session};
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::trino::{Trino, TrinoOptions};
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;
use super::lifecycle::cluster;

/// `open sesame`, as Trino's own file of passwords has it.
const PASSWORDS: &str =
    "alice:10000:0123456789abcdef:fba11ab9cb888bae5eafbd4db9992147f1443432f4f88e32fefd19b14f4a3755\n";

/// Asks for a password, on its TLS port.
fn options(keystore: &Path, port: u16) -> TrinoOptions {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    TrinoOptions {
        plugins: vec!["password-authenticators".to_owned()],
        config: vec![
            "http-server.https.enabled=true".to_owned(),
            format!("http-server.https.port={port}"),
            format!("http-server.https.keystore.path={}", keystore.display()),
            "http-server.authentication.type=PASSWORD".to_owned(),
            "internal-communication.shared-secret=of-this-test".to_owned(),
        ],
        files: vec![
            file(
                "password-authenticator.properties",
                "password-authenticator.name=file\nfile.password-file=etc/passwords\n",
            ),
            file("passwords", PASSWORDS),
        ],
        ..TrinoOptions::default()
    }
}

struct Behind {
    // Held so that it runs.
    _envoy: Envoy,
    base: String,
    warren: Warren,
}

impl Behind {
    /// Waits until the cluster `secure` is healthy, or not, for this reason.
    fn becomes(&self, healthy: bool, reason: &str) -> Result<()> {
        eventually(SOON, &format!("it to be healthy: {healthy}, {reason:?}"), || {
            let cluster = cluster(&self.warren, "secure")?;
            ensure!(cluster["healthy"] == healthy, "{cluster}");
            ensure!(cluster["reason"].as_str().is_some_and(|said| said.contains(reason)), "{cluster}");
            Ok(())
        })
    }

    /// Runs a query with a password, as behind a load balancer that ended TLS: Trino takes passwords over TLS only.
    fn ask(&self, password: &str) -> Result<Query> {
        let basic = format!("Basic {}", STANDARD.encode(format!("alice:{password}")));
        let session = Session::user("alice").header("Authorization", &basic).header("X-Forwarded-Proto", "https");
        let session = session.header("X-Forwarded-For", "203.0.113.7");
        let mut query = session.start(&self.base, "SELECT count(*) FROM tpch.tiny.nation")?;
        query.finish_at(&self.base)?;
        query.success()
    }

    fn is_asked(&self) -> Result<()> {
        eventually(SOON, "a query to be answered", || {
            let query = self.ask("open sesame")?;
            ensure!(query.value() == Some(&25.into()), "{:?}", query.value());
            Ok(())
        })
    }
}

pub(super) fn a_trino_behind_tls_and_a_password_is_served_and_only_the_right_one(stack: &Stack) -> Result<()> {
    let certificates = Certificates::make(&stack.run)?;
    let (certificate, key) = certificates.server("trino", &["127.0.0.1", "trino.internal"])?;
    let folder = stack.run.folder("trino-tls")?;
    let keystore = folder.join("keystore.pem");
    fs::write(&keystore, format!("{}{}", fs::read_to_string(key)?, fs::read_to_string(certificate)?))?;
    let tls_port = free_port()?;
    let trino = Trino::start(&stack.programs, &stack.run, "secure", &options(&keystore, tls_port))?;
    let port = free_port()?;
    let warren = WarrenOptions {
        name: "warren-trino-tls".to_owned(),
        database_url: stack.postgres.create_database("trino_tls")?,
        listen: port,
        default_group: "secure".to_owned(),
        more: ["--trusted-hops", "1"].map(str::to_owned).to_vec(),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &warren)?;
    let name = "envoy-trino-tls";
    let envoy = Envoy::start(&stack.programs, &stack.run, name, &warren.bootstrap(name, port)?, 1)?;
    let behind = Behind { _envoy: envoy, base: format!("http://127.0.0.1:{port}"), warren };
    trino.wait_started()?;

    let url = format!("https://127.0.0.1:{tls_port}");
    let ca = certificates.ca.display().to_string();
    behind.warren.cli(&["clusters", "add", "secure", "--url", &url, "--tls-ca", &ca, "--active"])?;
    behind.becomes(true, "")?;
    behind.is_asked()?;
    let refused = behind.ask("wrong").err().context("any password did")?.to_string();
    ensure!(refused.contains("401") && refused.contains("Invalid credentials"), "{refused}");

    // The name of the certificate is another than the address's.
    let update = |flag: &str, value: &str| behind.warren.cli(&["clusters", "update", "secure", flag, value]);
    update("--tls-server-name", "evil.example")?;
    behind.becomes(false, "its certificate is not for evil.example")?;
    let reply = http::send("POST", &format!("{}/v1/statement", behind.base), &[("X-Trino-User", "alice")], "SELECT 1")?;
    assert_eq!(reply.status, 503, "{}", reply.body);
    update("--tls-server-name", "trino.internal")?;
    behind.becomes(true, "")?;
    behind.is_asked()?;

    let strangers = Certificates::make_in(&stack.run, "strangers-trino-tls")?.ca.display().to_string();
    update("--tls-ca", &strangers)?;
    behind.becomes(false, "its certificate was signed by nobody who is trusted")?;
    update("--tls-verify", "false")?;
    behind.becomes(true, "")?;
    behind.is_asked()?;
    let shown = behind.warren.cli(&["clusters", "list"])?;
    ensure!(shown.contains("NOT verified"), "{shown}");
    update("--tls-verify", "true")?;
    behind.becomes(false, "signed by nobody")?;
    update("--tls-ca", &ca)?;
    behind.becomes(true, "")?;

    // In one group with a Trino that speaks no TLS.
    let open = stack.trino("etl-1")?.url();
    behind.warren.cli(&["clusters", "add", "open", "--url", &open, "--active"])?;
    let headers = [("X-Trino-User", "alice"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.7")];
    eventually(SOON, "both to be asked", || {
        let ask =
            || Ok(http::send("POST", &format!("{}/v1/statement", behind.base), &headers, "SELECT 1")?.status.as_u16());
        let said: BTreeSet<u16> = (0..6).map(|_| ask()).collect::<Result<_>>()?;
        // One asks for no password, one does.
        ensure!(said == BTreeSet::from([200, 401]), "{said:?}");
        Ok(())
    })?;
    Ok(())
}
