//! TLS of the control service: towards Envoys, clients of its API and PostgreSQL; and of Envoy's listener, as it is renewed.

pub(super) mod api;
pub(super) mod database;
pub(super) mod envoys;
pub(super) mod listener;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use warren_tests::envoy::Envoy;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions, warren_alone};

/// Certificates as `warren certs dev` makes them, in a folder of this name.
fn certs_dev(stack: &Stack, name: &str) -> Result<PathBuf> {
    let folder = stack.run.path().join(name);
    let made = warren_alone(&["certs", "dev", text(&folder)?], "")?;
    ensure!(made.code == 0, "{}", made.stderr);
    Ok(folder)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path")
}

/// A control service of its own, before one of the stack's Trinos.
fn warren(stack: &Stack, name: &str, listen: u16, api_ca: Option<&Path>, more: &[String]) -> Result<Warren> {
    let options = WarrenOptions {
        name: format!("warren-{name}"),
        database_url: stack.postgres.create_database(&name.replace('-', "_"))?,
        listen,
        default_group: "adhoc".to_owned(),
        api_ca: api_ca.map(Path::to_owned),
        more: more.to_vec(),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let url = stack.trino("adhoc-1")?.url();
    warren.cli(&["clusters", "add", "adhoc-1", "--group", "adhoc", "--url", &url, "--active"])?;
    Ok(warren)
}

/// An Envoy whose bootstrap `warren bootstrap` writes, with its way to the control service by TLS.
fn secure_envoy(
    stack: &Stack,
    warren: &Warren,
    name: &str,
    listen: u16,
    [ca, certificate, key]: [&Path; 3],
) -> Result<Envoy> {
    let folder = stack.run.path().join(format!("{name}-bootstrap"));
    let listen = format!("127.0.0.1:{listen}");
    let (xds, admin) = (warren.xds_address(), format!("127.0.0.1:{}", warren_tests::ports::free_port()?));
    warren.cli(&[
        "bootstrap",
        "--xds",
        &xds,
        "--node-id",
        name,
        "--admin",
        &admin,
        "--listen",
        &listen,
        "--folder",
        text(&folder)?,
        "--xds-ca",
        text(ca)?,
        "--xds-certificate",
        text(certificate)?,
        "--xds-key",
        text(key)?,
    ])?;
    Envoy::start(&stack.programs, &stack.run, name, &fs::read_to_string(folder.join("envoy.yaml"))?, 1)
}

/// What `warren status` says.
fn status(warren: &Warren) -> Result<Value> {
    let said = warren.say(&["status", "--json"])?;
    serde_json::from_str(&said.stdout).with_context(|| said.stderr)
}

/// Moves a copy of a file into another's place, as those who renew certificates do.
fn move_in(from: &Path, to: &Path) -> Result<()> {
    let new = to.with_extension("new");
    fs::copy(from, &new).with_context(|| format!("{}: cannot be copied", from.display()))?;
    fs::rename(&new, to).with_context(|| format!("{}: cannot be moved", new.display()))
}
