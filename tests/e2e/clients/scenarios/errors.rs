//! What the user gets to read.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use warren_tests::clients::{Client, Step};

use crate::world::{Door, Told, World};

pub(super) fn an_error_is_shown(world: &World, client: Client) -> Result<String> {
    let told = world.ask(client, Door::Plain, &[Step::Query("SELECT nothing_of_this_name".to_owned())])?;
    shown(&told, "Column 'nothing_of_this_name' cannot be resolved")
}

pub(super) fn a_denial_is_shown(world: &World, client: Client) -> Result<String> {
    let told = world.ask_as("intern", client, Door::Plain, &[Step::Query("SELECT 1".to_owned())])?;
    assert_eq!(told.queries.len(), 0, "a coordinator got it");
    shown(&told, "interns read the dashboards")
}

/// With 503 clients may wait for a cluster to come back; how long they do is theirs to say.
pub(super) fn nothing_serving_is_waited_for(world: &World, client: Client) -> Result<String> {
    let told = world.ask_as("nobody", client, Door::Balancer, &[Step::Query("SELECT 1".to_owned())])?;
    assert_eq!(told.queries.len(), 0, "a coordinator got it");
    let passed = world.passed(&told)?;
    ensure!(passed.iter().all(|passed| passed.status == 503), "{passed:?}");
    let waited = match (told.took.as_secs(), passed.len()) {
        (110..=150, _) => "tries again for 2 minutes".to_owned(),
        (0..=20, 1) => "does not try again".to_owned(),
        (0..=20, tries) => format!("{tries} tries within seconds"),
        (seconds, tries) => bail!("{tries} tries in {seconds} s"),
    };
    ensure!(!told.error().is_empty(), "no error, but there cannot be a result: {:?}", told.seen);
    Ok(format!("{waited}, then “{}”", told.error()))
}

pub(super) fn nothing_serving_is_shown(world: &World, client: Client) -> Result<String> {
    let told = world.ask_as("nobody", client, Door::Tls, &[Step::Query("SELECT 1".to_owned())])?;
    assert_eq!(told.queries.len(), 0, "a coordinator got it");
    ensure!(told.took < Duration::from_secs(20), "it took {:?}", told.took);
    shown(&told, "no cluster of the group is serving; try again, or ask who runs the clusters")
}

fn shown(told: &Told, message: &str) -> Result<String> {
    let error = told.error();
    ensure!(error.contains(message), "`{message}` is not in what the user reads: {error}");
    Ok(format!("“{error}”"))
}
