//! What is measured: nothing, a plain Envoy, Warren in several shapes, Trino Gateway as it comes and tuned.

use anyhow::Result;

use super::ground::Ground;
use super::kernel::move_to;
use super::trino_gateway;
use super::warren_envoy::{FIFTY, FIVE, SQL, SQL_FACTS, WarrenEnvoy, five_hundred, lua_envoy, plain_envoy};
use crate::envoy::Envoy;
use crate::trino_gateway::TrinoGateway;

/// One row of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    /// Short name, on the command line and of its logs.
    pub(super) key: &'static str,
    /// Name in the tables.
    pub(super) name: &'static str,
    kind: Kind,
    cores: On,
}

/// Where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// On one core, alone, from its start.
    One,
    /// On every core until it is warm, then on one.
    OneOnceWarm,
    /// On every core, which it shares with the load.
    Every,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Nothing,
    PlainEnvoy,
    Lua,
    Warren { rules: fn() -> String, more: &'static [&'static str] },
    TrinoGateway { tuned: bool },
}

/// The row that others are compared with.
pub(super) const PLAIN: &str = "plain";
/// Warren without a history.
pub(super) const WARREN: &str = "warren-5";
/// The same with one: Warren as it comes.
pub(super) const WARREN_HISTORY: &str = "warren-5-history";
/// The same on every core.
pub(super) const WARREN_ALL_CORES: &str = "warren-5-all-cores";
/// Trino Gateway, tuned, as one core runs it.
pub(super) const TUNED: &str = "tgw-tuned";
/// The same at its best: its compiler had every core.
pub(super) const TUNED_HOT: &str = "tgw-tuned-hot";
/// The same on every core.
pub(super) const TUNED_ALL_CORES: &str = "tgw-tuned-all-cores";

/// Whoever writes it shares a core with the load, so that where there is one, fewer queries are asked.
const NO_HISTORY: &[&str] = &["--history", "false"];
const NO_LOG: &[&str] = &["--history", "false", "--access-log", "false"];

const TUNED_GATEWAY: Kind = Kind::TrinoGateway { tuned: true };

/// All rows, in the order of the tables.
pub(super) const SUBJECTS: [Subject; 16] = [
    one_core("nothing", "nothing: straight to the upstream", Kind::Nothing),
    one_core(PLAIN, "plain Envoy route", Kind::PlainEnvoy),
    one_core("lua-5", "Envoy's Lua filter, 5 rules", Kind::Lua),
    one_core(WARREN, "Warren, 5 rules", warren(five, NO_HISTORY)),
    one_core(WARREN_HISTORY, "Warren, 5 rules, history", warren(five, &[])),
    one_core(
        "warren-5-history-no-text",
        "Warren, 5 rules, history without text",
        warren(five, &["--history-text", "off"]),
    ),
    one_core("warren-5-no-log", "Warren, 5 rules, no access log", warren(five, NO_LOG)),
    one_core("warren-50", "Warren, 50 rules", warren(|| FIFTY.to_owned(), NO_HISTORY)),
    one_core("warren-500", "Warren, 500 rules", warren(five_hundred, NO_HISTORY)),
    one_core("warren-sql", "Warren, 5 rules, 2 read SQL", warren(|| SQL.to_owned(), NO_HISTORY)),
    one_core("warren-sql-facts", "Warren, 5 rules, 3 ask SQL facts", warren(|| SQL_FACTS.to_owned(), NO_HISTORY)),
    one_core("tgw", "Trino Gateway, default, 5 rules", Kind::TrinoGateway { tuned: false }),
    one_core(TUNED, "Trino Gateway, tuned, 5 rules", TUNED_GATEWAY),
    Subject { cores: On::OneOnceWarm, ..one_core(TUNED_HOT, "Trino Gateway, tuned, 5 rules, hot", TUNED_GATEWAY) },
    Subject { cores: On::Every, ..one_core(WARREN_ALL_CORES, "Warren, 5 rules, all cores", warren(five, NO_HISTORY)) },
    Subject {
        cores: On::Every,
        ..one_core(TUNED_ALL_CORES, "Trino Gateway, tuned, 5 rules, all cores", TUNED_GATEWAY)
    },
];

const fn one_core(key: &'static str, name: &'static str, kind: Kind) -> Subject {
    Subject { key, name, kind, cores: On::One }
}

fn five() -> String {
    FIVE.to_owned()
}

const fn warren(rules: fn() -> String, more: &'static [&'static str]) -> Kind {
    Kind::Warren { rules, more }
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
        self.cores != On::Every
    }

    /// Whether its code is compiled while it runs, so that it needs a while under load to be at its best.
    pub(super) fn warms_up(&self) -> bool {
        self.is_trino_gateway()
    }

    /// Starts it on the cores where it warms up.
    pub(super) fn start(self, ground: &Ground) -> Result<Running> {
        let cores = if self.cores == On::One { ground.cores.measured() } else { ground.cores.all() };
        let concurrency = u32::try_from(cores.len())?;
        let (url, program) = match self.kind {
            Kind::Nothing => (ground.upstream_url(), Program::Nothing),
            Kind::PlainEnvoy => {
                let (envoy, url) = ground.cores.starting_on(cores, || plain_envoy(ground, self.key, concurrency))?;
                (url, Program::PlainEnvoy(envoy))
            }
            Kind::Lua => {
                let (envoy, url) = ground.cores.starting_on(cores, || lua_envoy(ground, self.key, concurrency))?;
                (url, Program::PlainEnvoy(envoy))
            }
            Kind::Warren { rules, more } => {
                let envoy = |bootstrap: &str| {
                    let start = || Envoy::start(&ground.programs, &ground.run, self.key, bootstrap, concurrency);
                    ground.cores.starting_on(cores, start)
                };
                let warren = WarrenEnvoy::start(ground, self.key, &rules(), more, envoy)?;
                (warren.url(), Program::Warren(Box::new(warren)))
            }
            Kind::TrinoGateway { tuned } => {
                let start = || trino_gateway::start(ground, self.key, tuned);
                let gateway = ground.cores.starting_on(cores, start)?;
                (gateway.url(), Program::TrinoGateway(gateway))
            }
        };
        Ok(Running { subject: self, url, program })
    }
}

impl Running {
    /// It is warm: from now on it runs on the cores where it is measured.
    pub(super) fn confine(&self, ground: &Ground) -> Result<()> {
        match self.pid() {
            Some(pid) if self.subject.cores == On::OneOnceWarm => move_to(ground.cores.measured(), pid),
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
