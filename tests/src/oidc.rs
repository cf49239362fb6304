//! A real OIDC provider: `oidc-provider`, in Node, for tests of logging in.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::clients::installed_node;
use crate::fetch::Programs;
use crate::http;
use crate::ports::free_port;
use crate::process::Process;
use crate::progress::Progress;
use crate::run_dir::RunDir;

/// Whom its tokens are meant for.
pub const AUDIENCE: &str = "urn:trino";

const FILES: &[(&str, &str)] = &[
    ("server.mjs", include_str!("../oidc/server.mjs")),
    ("package.json", include_str!("../oidc/package.json")),
    ("package-lock.json", include_str!("../oidc/package-lock.json")),
];

/// A running provider. Started again, it has other keys.
#[derive(Debug)]
pub struct OidcProvider {
    /// The program.
    pub process: Process,
    port: u16,
}

impl OidcProvider {
    /// Starts one that knows these people, and waits until it answers. Needs Node with npm.
    pub fn start(programs: &Programs, run: &RunDir, people: &[&str]) -> Result<Self> {
        let folder = installed_node(programs, "oidc", FILES, &Progress::on_stderr())?;
        let port = free_port()?;
        let people: Vec<String> = people.iter().map(|name| (*name).to_owned()).collect();
        let process = Process::new("oidc", run.log("oidc"), move || {
            let mut command = Command::new("node");
            command.current_dir(&folder).arg("server.mjs").arg(port.to_string()).args(&people);
            command
        });
        let provider = Self { process, port };
        provider.start_again()?;
        Ok(provider)
    }

    /// Starts it again, with new keys.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        let url = self.keys_url();
        self.process.wait_until(Duration::from_secs(30), "its keys", || http::get(&url, &[])?.success(&url).map(drop))
    }

    /// Who signs its tokens.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where its public keys are.
    pub fn keys_url(&self) -> String {
        format!("{}/jwks", self.issuer())
    }

    /// A token for one of its people, as its token endpoint gives it out.
    pub fn token(&self, name: &str) -> Result<String> {
        let url = format!("{}/token", self.issuer());
        let body = format!("grant_type=client_credentials&client_id={name}&client_secret=secret-of-{name}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let said = http::send("POST", &url, &form, &body)?.json(&url)?;
        Ok(said.get("access_token").and_then(Value::as_str).with_context(|| format!("no token: {said}"))?.to_owned())
    }

    /// What it would never sign, signed by its key, or however `wish` says.
    pub fn forged(&self, wish: &Value) -> Result<String> {
        let url = format!("{}/forge", self.issuer());
        http::send("POST", &url, &[("content-type", "application/json")], &wish.to_string())?.success(&url)
    }
}
