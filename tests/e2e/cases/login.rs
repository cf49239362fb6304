//! Who may run queries, and as whom.

pub(super) mod certificates;
pub(super) mod doors;
pub(super) mod passwords;
pub(super) mod tokens;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::http::{self, Reply};
use warren_tests::oidc::{AUDIENCE, OidcProvider};
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions};

const RULES: &str = r#"
rule("team", |q| if "groups" in q.claims && "team-of-alice" in q.claims.groups { route("etl") });
rule("jobs", |q| if q.principal == "airflow" { route("etl") });
otherwise(route("adhoc"));
"#;

/// An Envoy at which one has to log in, with a control service of its own, before the stack's Trinos.
struct Door {
    // Held so that it runs.
    _envoy: Envoy,
    port: u16,
    warren: Warren,
}

impl Door {
    /// Opens it with a file of who may come in, and more settings.
    fn open(stack: &Stack, name: &str, login: &str, more: &[&str]) -> Result<Door> {
        let port = free_port()?;
        let folder = stack.run.folder(name)?;
        let file = folder.join("login.toml");
        fs::write(&file, login)?;
        let rules = stack.run.folder(&format!("{name}/rules"))?;
        fs::write(rules.join("rules.rhai"), RULES)?;
        let settings = ["--show-rule", "--extra-paths", "/v1/thread", "--login", file.to_str().context("a path")?];
        let options = WarrenOptions {
            name: format!("warren-{name}"),
            database_url: stack.postgres.create_database(&name.replace('-', "_"))?,
            listen: port,
            default_group: "adhoc".to_owned(),
            rules: Some(rules),
            more: settings.iter().chain(more).map(|text| (*text).to_owned()).collect(),
            ..WarrenOptions::default()
        };
        let warren = Warren::start(&stack.run, &options)?;
        for (cluster, group) in [("etl-1", "etl"), ("adhoc-1", "adhoc")] {
            let url = stack.trino(cluster)?.url();
            warren.cli(&["clusters", "add", cluster, "--group", group, "--url", &url, "--active"])?;
        }
        let envoy = Envoy::start(&stack.programs, &stack.run, name, &warren.bootstrap(name, port)?, 1)?;
        envoy.wait_live()?;
        let healthy = |cluster: &str| format!("::127.0.0.1:{cluster}::health_flags::healthy");
        eventually(Duration::from_secs(60), "all clusters to be healthy in it", || {
            let clusters = envoy.admin("/clusters")?;
            for cluster in ["etl-1", "adhoc-1"] {
                let port = stack.trino(cluster)?.port().to_string();
                // In its group and by itself.
                let places = clusters.matches(&healthy(&port)).count();
                anyhow::ensure!(places >= 2, "{cluster} is healthy in {places} Envoy clusters, wanted 2");
            }
            Ok(())
        })?;
        Ok(Door { _envoy: envoy, port, warren })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Reply> {
        let body = if method == "POST" { "SELECT 1" } else { "" };
        http::send(method, &format!("{}{path}", self.url()), headers, body)
    }

    /// Status, and the error's message or the text of the answer to a query with these headers.
    fn said(&self, headers: &[(&str, &str)]) -> Result<(u16, String)> {
        let reply = self.ask("POST", "/v1/statement", headers)?;
        let json: Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let message = json["error"]["message"].as_str().or(json["id"].as_str().map(|_| "runs"));
        Ok((reply.status.as_u16(), message.map_or(reply.body.clone(), str::to_owned)))
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// `login.toml` for tokens of a provider whose keys are fetched every two seconds.
fn tokens_of(provider: &OidcProvider) -> String {
    format!(
        "[tokens.idp]\nissuer = \"{}\"\naudiences = [\"{AUDIENCE}\"]\nkeys_url = \"{}\"\nkeys_kept = \"2s\"\n",
        provider.issuer(),
        provider.keys_url()
    )
}

/// What a token of a provider says of somebody, if nothing is wrong with it.
fn claims(provider: &OidcProvider, name: &str) -> Value {
    json!({"iss": provider.issuer(), "sub": name, "aud": AUDIENCE, "iat": 1, "exp": 4_000_000_000_u64})
}

/// The user as whom a query ran, and its cluster, by the coordinators' own word.
fn ran_as(stack: &Stack, door: &Door, session: &Session) -> Result<(String, String)> {
    let query = session.run(&door.url(), "SELECT count(*) FROM tpch.tiny.nation")?.success()?;
    for trino in &stack.trinos {
        if let Some(known) = trino.queries()?.into_iter().find(|known| known.query_id == query.id) {
            return Ok((known.session.user, trino.name().to_owned()));
        }
    }
    anyhow::bail!("no coordinator knows {}", query.id)
}
