//! How a cluster's health and load are found out. Part of the cluster's row, and of the API.

use crate::credentials::CredentialBook;
use crate::duration::Span;
use crate::trino::metrics;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// By what means. All but `none` ask `/v1/info`, and run a query once a coordinator is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HealthKind {
    /// Load by Trino's metrics if Warren may read them.
    #[default]
    Auto,
    /// No load.
    Info,
    /// Load by Trino's metrics, which must be there and within their bounds.
    Metrics,
    /// Load by a query on `system.runtime`.
    Sql,
    /// Nothing is asked: always healthy.
    None,
}

/// What is not said has its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HealthSettings {
    pub(crate) kind: HealthKind,
    /// Entry of the file of `warren serve --credentials`; else the user of `--health-user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credentials: Option<String>,
    /// Time between two checks; else that of `--health-period`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<Span>,
    /// How long one answer may take; else 5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Span>,
    /// Failures in a row before it is unhealthy; else 2, and a refused connection is enough by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) down_after: Option<u32>,
    /// Good checks in a row before it is healthy again; else 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) up_after: Option<u32>,
    /// Metrics by name that must be at least this.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) minimum: BTreeMap<String, f64>,
    /// Metrics by name that must be at most this.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) maximum: BTreeMap<String, f64>,
}

impl HealthSettings {
    /// How long one answer may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.map_or(Duration::from_secs(5), |span| span.0)
    }

    /// All that is wrong with them.
    pub(crate) fn check(&self, credentials: &CredentialBook) -> Vec<String> {
        let mut errors = Vec::new();
        if let Err(error) = credentials.get(self.credentials.as_deref()) {
            errors.push(format!("health.credentials: {error}"));
        }
        for (name, times) in [("down_after", self.down_after), ("up_after", self.up_after)] {
            if times.is_some_and(|n| !(1..=100).contains(&n)) {
                errors.push(format!("health.{name}: {} is not a number from 1 to 100", times.unwrap_or_default()));
            }
        }
        let bounds = self.minimum.keys().chain(self.maximum.keys());
        if self.kind != HealthKind::Metrics && bounds.clone().next().is_some() {
            errors.push("health.minimum, health.maximum: they need health.kind `metrics`".to_owned());
        }
        for name in bounds.filter(|name| !is_metric(name)) {
            errors.push(format!("health: `{}` is not the name of a metric", name.escape_debug()));
        }
        errors
    }

    /// What is out of bounds, in words. Without bounds of its own a cluster needs one node that works, as with Trino Gateway.
    pub(crate) fn out_of_bounds(&self, samples: &BTreeMap<&str, f64>) -> Option<String> {
        let sample = |name: &str| samples.get(name).copied().ok_or_else(|| format!("metric {name} is not there"));
        let below = self.minimum.iter().map(|(name, least)| match sample(name) {
            Ok(value) if value >= *least => None,
            Ok(value) => Some(format!("metric {name} is {value}, below {least}")),
            Err(missing) => Some(missing),
        });
        let above = self.maximum.iter().map(|(name, most)| match sample(name) {
            Ok(value) if value <= *most => None,
            Ok(value) => Some(format!("metric {name} is {value}, above {most}")),
            Err(missing) => Some(missing),
        });
        let wrong: Vec<String> = below.chain(above).flatten().collect();
        if !wrong.is_empty() {
            return Some(wrong.join("; "));
        }
        if self.minimum.is_empty() && self.maximum.is_empty() {
            return match metrics::NODES.iter().find_map(|name| samples.get(name)) {
                Some(nodes) if *nodes >= 1.0 => None,
                Some(_) => Some("no node works there".to_owned()),
                None => Some("it does not say how many nodes work there".to_owned()),
            };
        }
        None
    }
}

fn is_metric(name: &str) -> bool {
    (1..=256).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_mistake() {
        let settings = HealthSettings {
            credentials: Some("etl".to_owned()),
            down_after: Some(0),
            up_after: Some(101),
            minimum: BTreeMap::from([("a b".to_owned(), 1.0)]),
            ..HealthSettings::default()
        };
        assert_eq!(
            settings.check(&CredentialBook::new("warren")),
            [
                "health.credentials: no credentials named `etl` in the file of --credentials; known: none",
                "health.down_after: 0 is not a number from 1 to 100",
                "health.up_after: 101 is not a number from 1 to 100",
                "health.minimum, health.maximum: they need health.kind `metrics`",
                "health: `a b` is not the name of a metric",
            ]
        );
    }

    #[test]
    fn bounds_name_the_metric_and_its_value() {
        let bounds = |name: &str, bound| BTreeMap::from([(name.to_owned(), bound)]);
        let own = HealthSettings { minimum: bounds("a", 2.0), maximum: bounds("b", 3.0), ..HealthSettings::default() };
        for (samples, want) in [
            (vec![("a", 2.0), ("b", 3.0)], None),
            (vec![("a", 1.0), ("b", 4.0)], Some("metric a is 1, below 2; metric b is 4, above 3")),
            (vec![("b", f64::NAN)], Some("metric a is not there; metric b is NaN, above 3")),
        ] {
            assert_eq!(own.out_of_bounds(&BTreeMap::from_iter(samples)).as_deref(), want);
        }
        let usual = HealthSettings::default();
        assert_eq!(usual.out_of_bounds(&BTreeMap::from([(metrics::NODES[1], 1.0)])), None);
        assert_eq!(
            usual.out_of_bounds(&BTreeMap::from([(metrics::NODES[0], 0.0)])).as_deref(),
            Some("no node works there")
        );
    }

    #[test]
    fn is_written_short() {
        let settings: HealthSettings = serde_json::from_str("{\"kind\":\"sql\",\"period\":\"5s\"}").unwrap();
        assert_eq!(serde_json::to_string(&settings).unwrap(), "{\"kind\":\"sql\",\"period\":\"5s\"}");
        assert_eq!(serde_json::to_string(&HealthSettings::default()).unwrap(), "{\"kind\":\"auto\"}");
    }
}
