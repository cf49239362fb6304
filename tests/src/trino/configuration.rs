//! A Trino's files: `etc` and `plugin`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Role, TrinoOptions};
use crate::fetch::Programs;

/// Writes them into `folder`, where Trino is started.
pub(super) fn write(programs: &Programs, folder: &Path, name: &str, port: u16, options: &TrinoOptions) -> Result<()> {
    let catalogs = folder.join("etc/catalog");
    let plugins = folder.join("plugin");
    for new in [&catalogs, &plugins] {
        fs::create_dir_all(new).with_context(|| format!("{}: cannot be made", new.display()))?;
    }
    for plugin in &options.plugins {
        let (jars, link) = (programs.trino_own_plugins()?.join(plugin), plugins.join(plugin));
        symlink(&jars, &link).with_context(|| format!("{}: cannot be made", link.display()))?;
    }
    let connectors = if options.newest.is_none() { programs.trino_plugins()? } else { Vec::new() };
    for (connector, jars) in connectors {
        let link = plugins.join(connector);
        symlink(&jars, &link).with_context(|| format!("{}: cannot be made", link.display()))?;
        let catalog = catalogs.join(format!("{connector}.properties"));
        fs::write(&catalog, format!("connector.name={connector}\n"))
            .with_context(|| format!("{}: cannot be written", catalog.display()))?;
    }
    let mut config = format!(
        "node.environment=test\n\
         node.id={name}\n\
         node.internal-address=127.0.0.1\n\
         node.bind-ip=127.0.0.1\n\
         http-server.http.port={port}\n\
         http-server.log.enabled=false\n\
         plugin.dir=plugin\n\
         query.max-memory=200MB\n\
         query.max-memory-per-node=200MB\n\
         memory.heap-headroom-per-node=200MB\n\
         query.max-history=10000\n"
    );
    if options.forwarded {
        config.push_str("http-server.process-forwarded=true\n");
    }
    config.push_str(&match &options.role {
        Role::Worker(coordinator) => format!("coordinator=false\ndiscovery.uri={coordinator}\n"),
        role => format!(
            "coordinator=true\ndiscovery.uri=http://127.0.0.1:{port}\nnode-scheduler.include-coordinator={}\n",
            *role == Role::Alone
        ),
    });
    for line in &options.config {
        config.push_str(line);
        config.push('\n');
    }
    let config = [("config.properties".to_owned(), config)];
    for (name, text) in config.iter().chain(&options.files) {
        let file = folder.join("etc").join(name);
        fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
    }
    Ok(())
}
