//! PostgreSQL as it was an hour ago.

use std::fs;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::postgres_server::copy_all;
use warren_tests::stack::Stack;

use super::SOON;
use super::clusters::{finish, running_on};

pub(super) fn a_database_restored_from_a_backup_is_served_as_it_is_and_running_queries_finish(
    stack: &Stack,
) -> Result<()> {
    let backup = stack.run.path().join("postgresql-backup");
    stack.postgres.process.stop()?;
    copy_all(stack.postgres.data(), &backup)?;
    stack.postgres.start_again()?;

    let running = running_on(stack, "etl-1")?;
    let url = stack.trino("adhoc-1")?.url();
    stack.warren.cli(&["clusters", "add", "since-then", "--url", &url, "--group", "etl", "--active"])?;
    stack.warren.cli(&["clusters", "deactivate", "etl-2"])?;
    let lives = || -> Result<String> {
        let all: serde_json::Value = serde_json::from_str(&stack.warren.cli(&["clusters", "list", "--json"])?)?;
        let shown = |c: &serde_json::Value| format!("{}={}", c["name"], c["life"]).replace('"', "");
        Ok(all
            .as_array()
            .into_iter()
            .flatten()
            .filter(|c| c["retired"] == false)
            .map(shown)
            .collect::<Vec<_>>()
            .join(" "))
    };
    eventually(SOON, "the changes to be served", || {
        let lives = lives()?;
        ensure!(lives.contains("since-then=serving") && !lives.contains("etl-2=serving"), "{lives}");
        Ok(())
    })?;

    stack.postgres.process.stop()?;
    fs::remove_dir_all(stack.postgres.data())?;
    copy_all(&backup, stack.postgres.data())?;
    stack.postgres.start_again()?;
    eventually(SOON, "the backup to be served", || {
        let lives = lives()?;
        ensure!(lives == "adhoc-1=serving etl-1=serving etl-2=serving", "{lives}");
        Ok(())
    })?;
    finish(running, stack, "etl-1")
}
