//! PostgreSQL is not well. No query may notice.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use warren_tests::postgres_server::copy_all;

use super::change_is_in_force;
use crate::full_disk::SmallDisk;
use crate::scene::Scene;

pub(super) fn restarted(scene: &Scene) -> Result<()> {
    let postgres = &scene.stack.postgres;
    scene.fault();
    postgres.process.stop()?;
    scene.lasts(Duration::from_secs(5));
    postgres.start_again()?;
    change_is_in_force(scene, postgres)?;
    scene.settles()
}

pub(super) fn failed_over(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    let standby = scene.keep(stack.postgres.standby(&stack.run)?);
    scene.fault();
    stack.postgres.process.kill9()?;
    scene.lasts(Duration::from_secs(3));
    standby.sql("SELECT pg_promote()")?;
    stack.relays()?.database.turn_to(standby.port());
    change_is_in_force(scene, &standby)?;
    scene.settles()
}

pub(super) fn read_only(scene: &Scene) -> Result<()> {
    let postgres = &scene.stack.postgres;
    let switch = |to: &str| -> Result<()> {
        postgres.sql(&format!("ALTER SYSTEM SET default_transaction_read_only = {to}"))?;
        postgres.sql("SELECT pg_reload_conf()")
    };
    scene.fault();
    switch("on")?;
    let read = while_read_only(scene);
    switch("off")?;
    read?;
    change_is_in_force(scene, postgres)?;
    scene.settles()
}

fn while_read_only(scene: &Scene) -> Result<()> {
    let warren = &scene.stack.warren;
    scene.lasts(Duration::from_secs(2));
    let said = warren.say(&["clusters", "deactivate", "adhoc-1"])?;
    ensure!(said.code == 1 && said.stderr.contains("in a read-only transaction"), "{said:?}");
    // One that starts now, knowing nothing, has to make do with reading.
    warren.process.stop()?;
    fs::remove_file(warren.state_dir().join("last-good.json"))?;
    warren.start_again()?;
    scene.settles()?;
    let status = scene.stack.status()?;
    // The history cannot be written, and says so; nothing else is wrong.
    let problems = status["problems"].as_object().context("no problems")?;
    ensure!(problems.keys().all(|part| part == "history"), "{problems:?}");
    Ok(())
}

pub(super) fn disk_full(scene: &Scene) -> Result<()> {
    let stack = scene.stack;
    let postgres = &stack.postgres;
    let aside = stack.run.path().join("postgresql-aside");
    postgres.process.stop()?;
    copy_all(postgres.data(), &aside)?;
    let disk = SmallDisk::over(postgres.data(), "256m")?;
    copy_all(&aside, postgres.data())?;
    postgres.start_again()?;
    scene.fault();
    disk.fill()?;
    let folder = stack.run.folder("published-on-a-full-disk")?;
    let refused = (0..50).find_map(|number| publish_large(scene, &folder, number).transpose());
    let refused = match refused {
        Some(text) => text?,
        None => bail!("the disk is full and PostgreSQL took 50 rule sets"),
    };
    ensure!(refused.contains("No space left on device") || refused.contains("PostgreSQL: "), "{refused}");
    scene.lasts(Duration::from_secs(5));
    scene.settles()?;
    disk.free()?;
    // When it could not write its log it has ended, and whoever watches over it starts it again.
    postgres.start_again()?;
    change_is_in_force(scene, postgres)?;
    scene.settles()?;
    postgres.process.stop()?;
    disk.remove()?;
    postgres.start_again()
}

/// Publishes rules with a megabyte that does not compress; what was said if that failed.
fn publish_large(scene: &Scene, folder: &std::path::Path, number: u64) -> Result<Option<String>> {
    let mut state = number + 1;
    let noise: String = (0..60_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{state:016x}")
        })
        .collect();
    fs::write(folder.join("rules.rhai"), format!("// {noise}\notherwise(route(\"adhoc\"));\n"))?;
    let said = scene.stack.warren.say(&["rules", "publish", &folder.display().to_string()])?;
    Ok(if said.code == 0 { None } else { Some(said.stderr) })
}
