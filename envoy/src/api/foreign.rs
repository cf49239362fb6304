//! Bodies of requests, read as handlers read them, for the fuzzer ([`crate::foreign`]).

use super::clusters::{check_name, check_url};
use super::trino_gateway::Backend;
use super::{Begin, ClusterChange, GroupSettings, NewCluster, Publish, Rename, groups};
use crate::credentials::CredentialBook;
use crate::health::HealthSettings;
use crate::trial;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the body says, written anew, or every mistake. None if there is no such kind of body.
pub(crate) fn body(kind: &str, body: &[u8]) -> Option<Result<Value, Vec<String>>> {
    let said = match kind {
        "cluster" => read(body, |new: &NewCluster| {
            let checks = [check_name("name", &new.name), check_url("url", &new.url)];
            [checks.into_iter().flatten().collect(), health(new.health.as_ref())].concat()
        }),
        "cluster-change" => read(body, |change: &ClusterChange| {
            let url = change.url.as_deref().and_then(|url| check_url("url", url));
            [url.into_iter().collect(), health(change.health.as_ref())].concat()
        }),
        "rename" => read(body, |to: &Rename| check_name("name", &to.name).into_iter().collect()),
        "operation" => read(body, |_: &Begin| Vec::new()),
        "group" => {
            read(body, |settings: &GroupSettings| groups::mistakes("g", settings, &BTreeSet::from(["h".to_owned()])))
        }
        "rules" => read(body, |new: &Publish| trial::compile(&new.files, "adhoc").err().unwrap_or_default()),
        "backend" => {
            let backend = Backend::read(body).and_then(|backend| backend.cluster());
            backend.map(|cluster| json!(cluster)).map_err(|refused| vec![format!("{refused:?}")])
        }
        _ => return None,
    };
    Some(said)
}

fn read<T: DeserializeOwned + Serialize>(
    body: &[u8],
    mistakes: impl Fn(&T) -> Vec<String>,
) -> Result<Value, Vec<String>> {
    let read: T = serde_json::from_slice(body).map_err(|error| vec![error.to_string()])?;
    let mistakes = mistakes(&read);
    if mistakes.is_empty() { Ok(json!(read)) } else { Err(mistakes) }
}

fn health(settings: Option<&HealthSettings>) -> Vec<String> {
    settings.map(|settings| settings.check(&CredentialBook::new("warren"))).unwrap_or_default()
}
