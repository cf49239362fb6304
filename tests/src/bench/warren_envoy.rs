//! A `warren` with an Envoy of its own, and an Envoy without Warren.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::ground::{GROUP, Ground, ask};
use crate::envoy::Envoy;
use crate::eventually::eventually;
use crate::ports::free_port;
use crate::warren::{Warren, WarrenOptions};

const PLAIN: &str = include_str!("plain_envoy.yaml");

/// The five rules in Lua.
const LUA: &str = include_str!("five_rules.lua");

const SERVING: Duration = Duration::from_secs(60);

/// Five rules on headers.
pub(super) const FIVE: &str = include_str!("../../../rules/benches/five.rhai");

/// The same after 45 others.
pub(super) const FIFTY: &str =
    concat!(include_str!("../../../rules/benches/forty_five.rhai"), include_str!("../../../rules/benches/five.rhai"));

/// The same after 495 others: the 45, under other names, eleven times.
pub(super) fn five_hundred() -> String {
    let others = include_str!("../../../rules/benches/forty_five.rhai");
    let others = (0..11).map(|time| others.replace("rule(\"other ", &format!("rule(\"other {time} ")));
    others.chain([FIVE.to_owned()]).collect()
}

/// Five rules, three of them on what the query's text says.
pub(super) const SQL_FACTS: &str = include_str!("../../../rules/benches/sql_facts.rhai");

/// Five rules, two of them on the query's text.
pub(super) const SQL: &str = include_str!("../../../rules/benches/sql.rhai");

/// A control service and its Envoy.
#[derive(Debug)]
pub(super) struct WarrenEnvoy {
    /// The data plane: what is measured.
    pub(super) envoy: Envoy,
    /// The control service.
    pub(super) warren: Warren,
    /// Name of the database.
    pub(super) database: String,
    port: u16,
}

impl WarrenEnvoy {
    /// Starts `warren` with these rules on a database of its own, with the upstream as its only cluster. `start_envoy` starts the
    /// Envoy from its bootstrap. Returns when a query has come through.
    pub(super) fn start(
        ground: &Ground,
        name: &str,
        rules: &str,
        more: &[&str],
        start_envoy: impl FnOnce(&str) -> Result<Envoy>,
    ) -> Result<Self> {
        let folder = ground.run.folder(&format!("{name}-rules"))?;
        fs::write(folder.join("rules.rhai"), rules).context("the rules cannot be written")?;
        let database = name.replace('-', "_");
        let port = free_port()?;
        let options = WarrenOptions {
            name: format!("{name}-warren"),
            database_url: ground.postgres.create_database(&database)?,
            listen: port,
            rules: Some(folder),
            default_group: "adhoc".to_owned(),
            more: more.iter().map(|&argument| argument.to_owned()).collect(),
            ..WarrenOptions::default()
        };
        let warren = Warren::start(&ground.run, &options)?;
        warren.cli(&["clusters", "add", "bench-1", "--url", &ground.upstream_url(), "--group", GROUP])?;
        warren.cli(&["clusters", "activate", "bench-1"])?;
        let envoy = start_envoy(&warren.bootstrap(name, port)?)?;
        let started = Self { envoy, warren, database, port };
        eventually(SERVING, &format!("a query through {name}"), || ask(&started.url()))?;
        Ok(started)
    }

    /// Where its clients go.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// An Envoy that only forwards, with its address.
pub(super) fn plain_envoy(ground: &Ground, name: &str, concurrency: u32) -> Result<(Envoy, String)> {
    start(ground, name, PLAIN, concurrency)
}

/// The same with the five rules in its Lua filter, which name the Envoy cluster.
pub(super) fn lua_envoy(ground: &Ground, name: &str, concurrency: u32) -> Result<(Envoy, String)> {
    let code = LUA.lines().map(|line| format!("                  {line}\n")).collect::<String>();
    let filter = format!(
        "http_filters:
          - name: envoy.filters.http.lua
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
              default_source_code:
                inline_string: |\n{code}"
    );
    let bootstrap = PLAIN
        .replace("http_filters:", &filter)
        .replace("cluster: trino, timeout", "cluster_header: x-cluster, timeout");
    start(ground, name, &bootstrap, concurrency)
}

fn start(ground: &Ground, name: &str, bootstrap: &str, concurrency: u32) -> Result<(Envoy, String)> {
    let port = free_port()?;
    let bootstrap = bootstrap
        .replace("$ADMIN_PORT", &free_port()?.to_string())
        .replace("$UPSTREAM_PORT", &ground.upstream_port().to_string())
        .replace("$PORT", &port.to_string());
    let envoy = Envoy::start(&ground.programs, &ground.run, name, &bootstrap, concurrency)?;
    envoy.wait_live()?;
    Ok((envoy, format!("http://127.0.0.1:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_rules_as_the_names_say() {
        let count = |rules: &str| rules.lines().filter(|line| line.starts_with("rule(")).count();
        assert_eq!((count(FIVE), count(SQL), count(SQL_FACTS), count(FIFTY)), (5, 5, 5, 50));
        assert_eq!(count(&five_hundred()), 500);
    }
}
