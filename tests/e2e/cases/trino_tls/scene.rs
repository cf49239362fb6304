//! A Trino with HTTPS, and a Warren and an Envoy of its own before it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use warren_tests::certificates::Certificates;
use warren_tests::client::{Query, Session};
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http::{self, Reply};
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::trino::{CoordinatorQuery, Trino, TrinoOptions};
use warren_tests::warren::{Warren, WarrenOptions};

use super::super::SOON;
use super::super::lifecycle::cluster;

/// What Trino's certificate is for, beside its address.
pub(super) const NAME: &str = "etl.trino.test";
/// Alice's, and Warren's.
const PASSWORD: &str = "open sesame";

const RULES: &str = r#"
rule("asks", |q| if q.source == "asks" { external("router").or("mixed") });
rule("asked in vain", |q| if q.source == "asks" { route("mixed") });
rule("secure", |q| if q.source == "secure" { route("secure").only() });
rule("mixed", |q| if q.source == "mixed" { route("mixed").only() });
otherwise(deny("say where"));
"#;

pub(super) struct Scene {
    pub(super) certificates: Certificates,
    pub(super) trino: Trino,
    pub(super) warren: Warren,
    pub(super) envoy: Envoy,
    https: u16,
    base: String,
}

impl Scene {
    pub(super) fn start(stack: &Stack) -> Result<Scene> {
        let certificates = Certificates::make_in(&stack.run, "trino-tls")?;
        let folder = stack.run.folder("trino-tls")?;
        let (certificate, key) = certificates.server("trino", &[NAME, "127.0.0.1"])?;
        let keystore = folder.join("keystore.pem");
        fs::write(&keystore, format!("{}{}", fs::read_to_string(key)?, fs::read_to_string(certificate)?))?;
        let https = free_port()?;
        let options = trino_options(https, &text(&keystore)?, &text(&certificates.ca)?);
        let trino = Trino::start(&stack.programs, &stack.run, "secure", &options)?;

        let (password, book) = (folder.join("password"), folder.join("credentials.toml"));
        fs::write(&password, format!("{PASSWORD}\n"))?;
        fs::write(&book, format!("[closed]\nuser = \"warren\"\npassword_file = \"{}\"\n", password.display()))?;
        let services = folder.join("services.toml");
        let url = format!("https://127.0.0.1:{https}/v1/info");
        let ca = text(&certificates.ca)?;
        fs::write(&services, format!("[router]\nurl = \"{url}\"\nca_file = \"{ca}\"\n"))?;
        let rules = stack.run.folder("trino-tls/rules")?;
        fs::write(rules.join("rules.rhai"), RULES)?;
        let port = free_port()?;
        // Trino takes passwords only if its client spoke TLS: as a load balancer in front of Envoy says.
        let more = ["--trusted-hops", "1", "--credentials", &text(&book)?, "--services", &text(&services)?];
        let options = WarrenOptions {
            name: "warren-trino-tls".to_owned(),
            database_url: stack.postgres.create_database("trino_tls")?,
            listen: port,
            default_group: "secure".to_owned(),
            rules: Some(rules),
            more: more.map(str::to_owned).to_vec(),
            ..WarrenOptions::default()
        };
        let warren = Warren::start(&stack.run, &options)?;
        // Rules name both groups.
        warren.cli(&["groups", "set", "mixed"])?;
        let bootstrap = warren.bootstrap("envoy-trino-tls", port)?;
        let envoy = Envoy::start(&stack.programs, &stack.run, "envoy-trino-tls", &bootstrap, 1)?;
        envoy.wait_live()?;
        trino.wait_started()?;
        Ok(Scene { certificates, trino, warren, envoy, https, base: format!("http://127.0.0.1:{port}") })
    }

    /// Its address with TLS.
    pub(super) fn https(&self) -> String {
        format!("https://127.0.0.1:{}", self.https)
    }

    /// Changes the cluster; gives what was noted.
    pub(super) fn update(&self, arguments: &[&str]) -> Result<String> {
        let said = self.warren.say(&[&["clusters", "update", "secure"], arguments].concat())?;
        ensure!(said.code == 0, "{arguments:?}: {}", said.stderr);
        Ok(said.stderr)
    }

    pub(super) fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Value) -> Result<T>) -> Result<T> {
        eventually(SOON, what, || look(&cluster(&self.warren, "secure")?))
    }

    pub(super) fn wait(&self, what: &str, healthy: bool, reason: &str) -> Result<()> {
        self.wait_for(what, |cluster| {
            ensure!(cluster["healthy"] == healthy && cluster["reason"] == reason, "{cluster}");
            Ok(())
        })
    }

    /// Runs a query as alice, to the end.
    pub(super) fn ask(&self, source: &str) -> Result<Query> {
        let mut query = self.begin(source, "SELECT name FROM tpch.tiny.nation")?;
        self.finish(&mut query)?;
        query.success()
    }

    /// Begins one.
    pub(super) fn begin(&self, source: &str, sql: &str) -> Result<Query> {
        let mut session = Session::user("alice").source(source).header("Authorization", &basic("alice", PASSWORD));
        for (name, value) in BEHIND {
            session = session.header(name, value);
        }
        session.start(&self.base, sql)
    }

    /// Follows it to its end. Its addresses begin with `https://`, as those of the load balancer that is not there.
    pub(super) fn finish(&self, query: &mut Query) -> Result<()> {
        query.finish_at(&self.base)
    }

    /// The answer to a query of alice's, with this password.
    pub(super) fn post(&self, source: &str, password: Option<&str>) -> Result<Reply> {
        let authorization = password.map(|password| basic("alice", password));
        let mut headers = vec![("X-Trino-User", "alice"), ("X-Trino-Source", source)];
        headers.extend(authorization.as_deref().map(|basic| ("Authorization", basic)));
        headers.extend(BEHIND);
        http::send("POST", &format!("{}/v1/statement", self.base), &headers, "SELECT 1")
    }

    /// What Trino itself knows of.
    pub(super) fn known(&self) -> Result<Vec<CoordinatorQuery>> {
        let url = format!("{}/v1/query", self.trino.url());
        let basic = basic("warren", PASSWORD);
        let text = http::get(&url, &[("Authorization", &basic), ("X-Forwarded-Proto", "https")])?.success(&url)?;
        serde_json::from_str(&text).context("its queries cannot be read")
    }

    /// No query comes to the cluster: none is answered, and no connection came so far that one could be sent.
    pub(super) fn gets_no_query(&self, when: &str) -> Result<()> {
        for _ in 0..10 {
            let reply = self.post("secure", Some(PASSWORD))?;
            ensure!(
                reply.status == 503 || reply.body.contains("\"error\""),
                "{when}: {}: {}",
                reply.status,
                reply.body
            );
        }
        assert_eq!(self.envoy.stat("cluster.group/secure.ssl.handshake")?, 0, "{when}");
        Ok(())
    }
}

/// What a load balancer that ends TLS tells.
const BEHIND: [(&str, &str); 2] = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")];

fn trino_options(https: u16, keystore: &str, ca: &str) -> TrinoOptions {
    let mut options = TrinoOptions::with_passwords("PASSWORD,CERTIFICATE", &["alice", "warren"]);
    let more = [
        "http-server.authentication.certificate.user-mapping.pattern=.*CN=([^,]*).*",
        "http-server.https.enabled=true",
        &format!("http-server.https.port={https}"),
        &format!("http-server.https.keystore.path={keystore}"),
        &format!("http-server.https.truststore.path={ca}"),
    ];
    options.config.extend(more.map(str::to_owned));
    options
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A path as text.
pub(super) fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{}: not text", path.display()))
}
