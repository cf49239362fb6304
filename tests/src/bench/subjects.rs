//! What is measured: nothing, a plain Envoy, Warren in several shapes, Trino Gateway as it comes and tuned.

use anyhow::Result;

use super::ground::Ground;
use super::kernel::move_to;
use super::trino_gateway::TrinoGateway;
use super::warren_envoy::{FIFTY, FIVE, SQL, WarrenEnvoy, plain_envoy};
use crate::envoy::Envoy;

/// One row of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    /// Short name, on the command line and of its logs.
    pub(super) key: &'static str,
    /// Name in the tables.
    pub(super) name: &'static str,
    kind: Kind,
    /// Runs on every core, which it then shares with the load, instead of on one alone.
    all_cores: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Nothing,
    PlainEnvoy,
    Warren { rules: &'static str, access_log: bool },
    TrinoGateway { tuned: bool },
}

/// The row that others are compared with.
pub(super) const PLAIN: &str = "plain";
/// Warren as it comes.
pub(super) const WARREN: &str = "warren-5";
/// The same on every core.
pub(super) const WARREN_ALL_CORES: &str = "warren-5-all-cores";
/// Trino Gateway at its best on one core.
pub(super) const TUNED: &str = "tgw-tuned";
/// The same on every core.
pub(super) const TUNED_ALL_CORES: &str = "tgw-tuned-all-cores";

/// All rows, in the order of the tables.
pub(super) const SUBJECTS: [Subject; 10] = [
    one_core("nothing", "nothing: straight to the upstream", Kind::Nothing),
    one_core(PLAIN, "plain Envoy route", Kind::PlainEnvoy),
    one_core(WARREN, "Warren, 5 rules", warren(FIVE, true)),
    one_core("warren-5-no-log", "Warren, 5 rules, no access log", warren(FIVE, false)),
    one_core("warren-50", "Warren, 50 rules", warren(FIFTY, true)),
    one_core("warren-sql", "Warren, 5 rules, 2 read SQL", warren(SQL, true)),
    one_core("tgw", "Trino Gateway, default, 5 rules", Kind::TrinoGateway { tuned: false }),
    one_core(TUNED, "Trino Gateway, tuned, 5 rules", Kind::TrinoGateway { tuned: true }),
    Subject { all_cores: true, ..one_core(WARREN_ALL_CORES, "Warren, 5 rules, all cores", warren(FIVE, true)) },
    Subject {
        all_cores: true,
        ..one_core(TUNED_ALL_CORES, "Trino Gateway, tuned, 5 rules, all cores", Kind::TrinoGateway { tuned: true })
    },
];

const fn one_core(key: &'static str, name: &'static str, kind: Kind) -> Subject {
    Subject { key, name, kind, all_cores: false }
}

const fn warren(rules: &'static str, access_log: bool) -> Kind {
    Kind::Warren { rules, access_log }
}

/// A subject that runs.
#[derive(Debug)]
pub(super) struct Running {
    /// What it is.
    pub(super) subject: Subject,
    /// Where the load goes.
    pub(super) url: String,
    program: Program,
}

#[derive(Debug)]
enum Program {
    Nothing,
    PlainEnvoy(Envoy),
    Warren(Box<WarrenEnvoy>),
    TrinoGateway(TrinoGateway),
}

impl Subject {
    /// Whether it is a Trino Gateway, which is fetched for the benchmark only.
    pub(super) fn is_trino_gateway(&self) -> bool {
        matches!(self.kind, Kind::TrinoGateway { .. })
    }

    /// Whether it has a core for itself.
    pub(super) fn is_alone(&self) -> bool {
        !self.all_cores
    }

    /// Whether its code is compiled while it runs, so that it needs a while under load to be at its best.
    pub(super) fn warms_up(&self) -> bool {
        self.is_trino_gateway()
    }

    /// Starts it on its cores; or, if it warms up, on all of them: its compiler is slow on the core that the load fills.
    pub(super) fn start(self, ground: &Ground) -> Result<Running> {
        let everywhere = self.all_cores || self.warms_up();
        let cores = if everywhere { ground.cores.all() } else { ground.cores.measured() };
        let concurrency = u32::try_from(cores.len())?;
        let (url, program) = match self.kind {
            Kind::Nothing => (ground.upstream_url(), Program::Nothing),
            Kind::PlainEnvoy => {
                let (envoy, url) = ground.cores.starting_on(cores, || plain_envoy(ground, self.key, concurrency))?;
                (url, Program::PlainEnvoy(envoy))
            }
            Kind::Warren { rules, access_log } => {
                let log = ["--access-log", if access_log { "true" } else { "false" }];
                let envoy = |bootstrap: &str| {
                    let start = || Envoy::start(&ground.programs, &ground.run, self.key, bootstrap, concurrency);
                    ground.cores.starting_on(cores, start)
                };
                let warren = WarrenEnvoy::start(ground, self.key, rules, &log, envoy)?;
                (warren.url(), Program::Warren(Box::new(warren)))
            }
            Kind::TrinoGateway { tuned } => {
                let start = || TrinoGateway::start(ground, self.key, tuned);
                let gateway = ground.cores.starting_on(cores, start)?;
                (gateway.url(), Program::TrinoGateway(gateway))
            }
        };
        Ok(Running { subject: self, url, program })
    }
}

impl Running {
    /// From now on it runs on its own cores only.
    pub(super) fn confine(&self, ground: &Ground) -> Result<()> {
        match self.pid() {
            Some(pid) if self.subject.is_alone() => move_to(ground.cores.measured(), pid),
            _ => Ok(()),
        }
    }

    /// Holds it still while others are measured: a Java program is at work even when nobody asks it anything.
    pub(super) fn hold(&self) -> Result<()> {
        match &self.program {
            Program::TrinoGateway(gateway) => gateway.process.pause(),
            _ => Ok(()),
        }
    }

    /// Lets it go on.
    pub(super) fn release(&self) -> Result<()> {
        match &self.program {
            Program::TrinoGateway(gateway) => gateway.process.resume(),
            _ => Ok(()),
        }
    }

    /// Process id of the measured program; `None` if there is nothing between the load and the upstream.
    pub(super) fn pid(&self) -> Option<u32> {
        match &self.program {
            Program::Nothing => None,
            Program::PlainEnvoy(envoy) => envoy.process.pid(),
            Program::Warren(warren) => warren.envoy.process.pid(),
            Program::TrinoGateway(gateway) => gateway.process.pid(),
        }
    }
}
