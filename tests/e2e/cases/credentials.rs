//! A cluster that asks everyone for a password, Warren too.

use std::fs;

use anyhow::{Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::trino::{Trino, TrinoOptions};
use warren_tests::warren::{Warren, WarrenOptions};

use super::SOON;
use super::lifecycle::cluster;

pub(super) fn a_cluster_that_asks_for_a_password_is_checked_and_drained_with_one(stack: &Stack) -> Result<()> {
    let trino =
        Trino::start(&stack.programs, &stack.run, "closed", &TrinoOptions::with_passwords("PASSWORD", &["warren"]))?;
    trino.wait_started()?;
    let folder = stack.run.folder("credentials")?;
    let (password, book) = (folder.join("password"), folder.join("credentials.toml"));
    fs::write(&password, "open sesame\n")?;
    fs::write(&book, format!("[closed]\nuser = \"warren\"\npassword_file = \"{}\"\n", password.display()))?;
    let options = WarrenOptions {
        name: "warren-closed".to_owned(),
        database_url: stack.postgres.create_database("closed")?,
        listen: free_port()?,
        default_group: "adhoc".to_owned(),
        more: vec!["--credentials".to_owned(), book.display().to_string()],
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let url = trino.url();
    warren.cli(&["clusters", "add", "closed", "--url", &url, "--active"])?;
    let wait = |what: &str, reason: &str, load: bool| {
        eventually(SOON, what, || {
            let cluster = cluster(&warren, "closed")?;
            ensure!(cluster["healthy"] == true && cluster["reason"] == reason, "{cluster}");
            ensure!(cluster["load"].is_object() == load, "{cluster}");
            Ok(())
        })
    };
    wait(
        "it to be up, and nothing else to be known",
        "a test query was refused (403), so only /v1/info is looked at",
        false,
    )?;

    let said = warren.say(&["clusters", "update", "closed", "--credentials", "clsoed"])?;
    let want = "the cluster was not changed:\n  health.credentials: no credentials named `clsoed` in the file of --credentials; \
                known: `closed`";
    assert_eq!((said.code, said.stderr.trim()), (1, want));
    warren.cli(&["clusters", "update", "closed", "--credentials", "closed"])?;
    wait("a test query to succeed, and its load to be known", "", true)?;
    assert_eq!(warren.cli(&["clusters", "drain", "closed"])?.trim_end().lines().last(), Some("`closed` is drained"));
    let shown = format!("{}{}", warren.cli(&["audit", "--json"])?, fs::read_to_string(warren.process.log())?);
    ensure!(!shown.contains("open sesame"), "the password is shown");
    Ok(())
}
