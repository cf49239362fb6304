//! The faults, in the order in which they are tried.

mod control;
mod coordinators;
mod database;
mod envoys;

use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::postgres_server::PostgresServer;

use crate::scene::Scene;

/// How long a change may take to be in force.
const SOON: Duration = Duration::from_secs(30);

/// One fault.
pub(crate) struct Row {
    /// Name of the test.
    pub(crate) name: &'static str,
    /// What is done, for the table.
    pub(crate) what: &'static str,
    /// Tried by `make test`, not only by `make test-full`.
    pub(crate) quick: bool,
    /// Breaks something under load, and returns when clients are answered as if nothing had happened.
    pub(crate) run: fn(&Scene) -> Result<()>,
}

const fn quick(name: &'static str, what: &'static str, run: fn(&Scene) -> Result<()>) -> Row {
    Row { name, what, quick: true, run }
}

const fn slow(name: &'static str, what: &'static str, run: fn(&Scene) -> Result<()>) -> Row {
    Row { name, what, quick: false, run }
}

pub(crate) const ROWS: &[Row] = &[
    quick("coordinator_killed", "a coordinator is killed, and started later", coordinators::killed),
    slow(
        "coordinator_stopped",
        "a coordinator is stopped without a word (SIGTERM), and started",
        coordinators::stopped,
    ),
    slow(
        "coordinator_deactivated_and_restarted",
        "a coordinator is deactivated, stopped when its last query has ended, started, activated",
        coordinators::deactivated_and_restarted,
    ),
    slow("coordinator_paused", "a coordinator is held (SIGSTOP) for 20 s", coordinators::paused),
    quick("coordinator_refuses", "a coordinator refuses connections for 10 s", coordinators::refuses),
    slow(
        "coordinator_is_not_http",
        "something that is not HTTP answers in a coordinator's place",
        coordinators::not_http,
    ),
    slow("coordinator_is_a_web_page", "a web page answers in a coordinator's place", coordinators::web_page),
    slow(
        "coordinator_starting_for_ever",
        "a coordinator says `starting: true` for ever",
        coordinators::starting_for_ever,
    ),
    quick("warren_killed_in_mid_push", "`warren` is killed in mid-push, ten times", control::warren_killed_in_mid_push),
    slow("two_warrens", "two `warren`s: Envoys go back and forth ten times, then one is killed", control::two_warrens),
    slow("stream_cut", "the xDS stream is cut 100 times", control::stream_cut),
    slow(
        "clock_moved",
        "the clock of `warren` and Envoys: three days ahead, three days back, a minute ahead",
        control::clock_moved,
    ),
    slow("last_good_disk_full", "the disk of the last good state is full", control::last_good_disk_full),
    slow(
        "last_good_torn",
        "PostgreSQL is away, the last good state is torn, `warren` is started",
        control::last_good_torn,
    ),
    quick("rules_published", "rules are published 50 times, 13 of them broken", control::rules_published),
    quick("postgresql_restarted", "PostgreSQL stops, and starts 5 s later", database::restarted),
    slow("postgresql_failed_over", "PostgreSQL is killed, its standby is promoted", database::failed_over),
    slow("postgresql_read_only", "PostgreSQL takes no writes; `warren` is started meanwhile", database::read_only),
    slow("postgresql_disk_full", "the disk of PostgreSQL is full", database::disk_full),
    quick("envoy_killed", "an Envoy is killed, and starts 3 s later", envoys::killed),
    slow("envoy_hot_restarted", "an Envoy is hot-restarted", envoys::hot_restarted),
    slow("envoy_drained", "an Envoy is drained, ends, and is started again", envoys::drained),
];

/// Adds a group with a cluster at which nobody listens.
fn add_spare(postgres: &PostgresServer, name: &str) -> Result<()> {
    postgres.sql(&format!(
        "INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) \
         VALUES ('{name}', '{name}', 'http://127.0.0.1:9', 'http://127.0.0.1:9', true)"
    ))
}

/// Changes something in the database and waits until every Envoy has it: nothing is stuck.
fn change_is_in_force(scene: &Scene, postgres: &PostgresServer) -> Result<()> {
    let wait = |what: &str, wanted: bool| {
        eventually(SOON, what, || {
            for envoy in &scene.stack.envoys {
                ensure!(
                    envoy.admin("/clusters")?.contains("group/change") == wanted,
                    "{} does not have it",
                    envoy.name()
                );
            }
            Ok(())
        })
    };
    add_spare(postgres, "change")?;
    wait("a change to be in force", true)?;
    postgres.sql("DELETE FROM gateway_backend WHERE name = 'change'")?;
    wait("the change to be undone", false)
}
