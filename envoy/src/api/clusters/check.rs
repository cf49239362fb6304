//! What is wrong with a cluster, by itself and when it is tried out.

use crate::api::Api;
use crate::state::{Address, Cluster};
use crate::trino::Failure;
use std::collections::BTreeSet;

/// Whoever answers there gets queries, passwords and results.
const NOT_VERIFIED: &str = "its certificate is not verified: whoever is in between can read and change everything";

/// All that is wrong with what was said of it.
pub(super) fn check(api: &Api, cluster: &Cluster) -> Vec<String> {
    let mut errors = mistakes(cluster);
    errors.extend(cluster.settings.health.check(&api.access.credentials));
    errors.extend(cluster.settings.tls.check());
    errors
}

/// Names are rows' keys, parts of paths, and shown in terminals.
pub(in crate::api) fn check_name(what: &str, name: &str) -> Option<String> {
    let fits = !name.is_empty() && name.len() <= 256 && !name.contains('/') && !name.chars().any(char::is_control);
    (!fits).then(|| format!("{what} `{}`: 1 to 256 characters, no slash, no line break", name.escape_debug()))
}

/// What is wrong with an address, which was given as `field`.
pub(in crate::api) fn check_url(field: &str, url: &str) -> Option<String> {
    let reason = Address::parse(url).err()?;
    Some(format!("{field} `{}` is not of the form http://HOST:PORT or https://HOST:PORT: {reason}", url.escape_debug()))
}

fn mistakes(cluster: &Cluster) -> Vec<String> {
    let checks =
        [check_name("name", &cluster.name), check_name("group", &cluster.group), check_url("url", &cluster.url)];
    let mut errors: Vec<String> = checks.into_iter().flatten().collect();
    let external = url::Url::parse(&cluster.external_url);
    // Without one of its own it is the address, of which enough was said.
    if cluster.external_url != cluster.url && !external.is_ok_and(|u| matches!(u.scheme(), "http" | "https")) {
        errors.push(format!("external_url `{}` is not an http or https address", cluster.external_url));
    }
    if !(1..=1000).contains(&cluster.settings.weight) {
        errors.push(format!("weight: {} is not a number from 1 to 1000", cluster.settings.weight));
    }
    if cluster.settings.max_running.is_some_and(|most| !(1..=1_000_000).contains(&most)) {
        errors.push("max_running: not a number from 1 to 1000000; leave it away for no bound".to_owned());
    }
    errors
}

/// Asks a new address what would else be found out when queries fail there. One that does not answer (yet) is no mistake.
pub(super) async fn try_out(api: &Api, cluster: &Cluster) -> Result<Vec<String>, String> {
    let health = &cluster.settings.health;
    let slug = warren_rules::slug(&cluster.name, &BTreeSet::new());
    let tls = &cluster.settings.tls;
    let coordinator =
        api.access.coordinator(&cluster.url, &slug, tls, health.credentials.as_deref(), health.timeout())?;
    let open = tls.believes_anybody(&cluster.url).then(|| NOT_VERIFIED.to_owned());
    let noted = |note: Vec<String>| Ok(open.iter().cloned().chain(note).collect());
    match coordinator.info().await {
        Ok(info) if !info.coordinator => return Err(format!("{} is a worker, not a coordinator", cluster.url)),
        Ok(info) if info.starting => return noted(vec!["it is starting, so it was not tried out".to_owned()]),
        Ok(_) => {}
        Err(failure @ Failure::Elsewhere(_)) => return Err(format!("{}: {failure}", cluster.url)),
        Err(failure) => return noted(vec![format!("it was not tried out: {failure}")]),
    }
    match coordinator.query("a test query", "SELECT 1").await {
        Ok(_) => noted(Vec::new()),
        Err(Failure::NotAllowed(status)) => {
            noted(vec![format!("a test query was refused ({status}), so it was not tried out; see health.credentials")])
        }
        Err(failure) if failure.says_unfit() => Err(format!("{}: {failure}", cluster.url)),
        Err(failure) => noted(vec![failure.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::ClusterSettings;

    #[test]
    fn names_every_mistake_of_a_cluster() {
        let cluster = Cluster {
            name: "a/b".into(),
            url: "trino".into(),
            external_url: "ftp://x".into(),
            settings: ClusterSettings { weight: 0, max_running: Some(0), ..ClusterSettings::default() },
            ..Cluster::default()
        };
        assert_eq!(
            mistakes(&cluster),
            [
                "name `a/b`: 1 to 256 characters, no slash, no line break",
                "group ``: 1 to 256 characters, no slash, no line break",
                "url `trino` is not of the form http://HOST:PORT or https://HOST:PORT: relative URL without a base",
                "external_url `ftp://x` is not an http or https address",
                "weight: 0 is not a number from 1 to 1000",
                "max_running: not a number from 1 to 1000000; leave it away for no bound",
            ]
        );
    }
}
