//! The parts that control: PostgreSQL, `warren`, the Envoys that ask it, and what is between them.

use std::path::Path;

use anyhow::Result;

use super::StackOptions;
use crate::clock::Clock;
use crate::envoy::Envoy;
use crate::fetch::Programs;
use crate::postgres_server::PostgresServer;
use crate::progress::Progress;
use crate::relay::Relay;
use crate::routing_service::RoutingService;
use crate::run_dir::RunDir;
use crate::trino_gateway::TrinoGateway;
use crate::warren::{Warren, WarrenOptions};

/// The stretches of network between the parts that control.
#[derive(Debug)]
pub struct Relays {
    /// From `warren` to PostgreSQL.
    pub database: Relay,
    /// From Envoys to `warren`.
    pub xds: Relay,
}

/// All of them, running.
pub(super) struct Control {
    pub(super) postgres: PostgresServer,
    pub(super) relays: Option<Relays>,
    pub(super) clock: Option<Clock>,
    pub(super) trino_gateway: Option<TrinoGateway>,
    /// How `warren` was started.
    pub(super) warren_options: WarrenOptions,
    pub(super) warren: Warren,
    pub(super) envoys: Vec<Envoy>,
    pub(super) service: RoutingService,
}

impl Control {
    /// Starts them. `listen` names each Envoy and its port.
    pub(super) fn start(
        run: &RunDir,
        programs: &Programs,
        options: &StackOptions,
        listen: &[(String, u16)],
        rules: &Path,
        progress: &Progress,
    ) -> Result<Self> {
        let clock = if options.clock { Some(Clock::new(run)?) } else { None };
        let environment = clock.as_ref().map(Clock::environment).unwrap_or_default();
        let postgres = progress.part("PostgreSQL").run(|| PostgresServer::start(programs, run))?;
        let trino_gateway = match &options.trino_gateway {
            Some(gateway) => {
                let start = || TrinoGateway::start(programs, run, &postgres, "trino-gateway", gateway);
                Some(progress.part("Trino Gateway").run(start)?)
            }
            None => None,
        };
        let database = if options.relays { Some(Relay::start(postgres.port())?) } else { None };
        let service = RoutingService::start()?;
        let services = ["--services".to_owned(), service.write_services(run)?.display().to_string()];
        let warren_options = WarrenOptions {
            database_url: database.as_ref().map_or_else(|| postgres.url(), |relay| postgres.url_through(relay)),
            listen: listen.first().map_or(0, |(_, port)| *port),
            rules: Some(rules.to_owned()),
            default_group: options.default_group.clone(),
            more: services.iter().chain(&options.warren).cloned().collect(),
            environment: environment.clone(),
            ..WarrenOptions::default()
        };
        let warren = progress.part("warren").run(|| Warren::start(run, &warren_options))?;
        let relays = match database {
            Some(database) => Some(Relays { database, xds: Relay::start(warren.xds_port())? }),
            None => None,
        };
        let mut envoys = Vec::new();
        for (name, port) in listen {
            let bootstrap = match &relays {
                Some(relays) => warren.bootstrap_through(&relays.xds, name, *port)?,
                None => warren.bootstrap(name, *port)?,
            };
            let start = || Envoy::start_in(programs, run, name, &with_runtime(&bootstrap), 2, environment.clone());
            envoys.push(progress.part(&format!("Envoy {name}")).run(start)?);
        }
        Ok(Self { postgres, relays, clock, trino_gateway, warren_options, warren, envoys, service })
    }
}

/// Lets a case change Envoy's runtime values, which the product's bootstrap has no need of.
fn with_runtime(bootstrap: &str) -> String {
    format!("{bootstrap}layered_runtime: {{layers: [{{name: admin, admin_layer: {{}}}}]}}\n")
}
