//! ECDS: how often queries may come, as the rules say it, counted by Envoy's own `local_ratelimit`.
//!
//! A resource of its own, so that buckets stay as full as they are when clusters, routes or the listener change.

use super::{LIMITS, any, bool_value, duration, u32_value};
use envoy_types::pb::envoy::config::core::v3::{RuntimeFractionalPercent, TypedExtensionConfig};
use envoy_types::pb::envoy::config::route::v3::RateLimit;
use envoy_types::pb::envoy::config::route::v3::rate_limit::Action;
use envoy_types::pb::envoy::config::route::v3::rate_limit::action::{ActionSpecifier, RequestHeaders};
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::LocalRateLimitDescriptor;
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::rate_limit_descriptor::Entry;
use envoy_types::pb::envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;
use envoy_types::pb::envoy::r#type::v3::fractional_percent::DenominatorType::Hundred;
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, TokenBucket};
use std::time::Duration;
use warren_rules::{LIMIT_HEADER, LIMIT_WHOSE_HEADER, Limit};

/// Buckets of one limit that an Envoy keeps. Past that, whoever asked the longest ago is forgotten, and finds a full one.
const BUCKETS: u32 = 10_000;

/// The keys of a descriptor: which limit, and whose bucket.
const KEYS: [(&str, &str); 2] = [("limit", LIMIT_HEADER), ("whose", LIMIT_WHOSE_HEADER)];

/// The limits of a rule set, each by its name. Without any, nothing is looked at.
pub(crate) fn limits(limits: &[Limit]) -> TypedExtensionConfig {
    let mut config = LocalRateLimit { stat_prefix: "warren_limits".to_owned(), ..LocalRateLimit::default() };
    if !limits.is_empty() {
        config.descriptors = limits.iter().map(descriptor).collect();
        config.rate_limits = vec![RateLimit { actions: KEYS.map(from_header).to_vec(), ..RateLimit::default() }];
        config.max_dynamic_descriptors = u32_value(BUCKETS);
        config.filter_enabled = always("warren.limits_enabled");
        config.filter_enforced = always("warren.limits_enforced");
        config.always_consume_default_token_bucket = bool_value(false);
    }
    TypedExtensionConfig { name: LIMITS.to_owned(), typed_config: Some(any(&config)) }
}

/// A bucket for each value of `whose` that comes along: an entry without a value.
fn descriptor(limit: &Limit) -> LocalRateLimitDescriptor {
    let entry = |key: &str, value: String| Entry { key: key.to_owned(), value };
    let [(which, _), (whose, _)] = KEYS;
    LocalRateLimitDescriptor {
        entries: vec![entry(which, limit.name()), entry(whose, String::new())],
        token_bucket: Some(TokenBucket {
            max_tokens: limit.rate.queries,
            tokens_per_fill: u32_value(limit.rate.queries),
            fill_interval: Some(duration(Duration::from_secs(limit.rate.seconds.into()))),
        }),
        ..LocalRateLimitDescriptor::default()
    }
}

/// The filter names a limit, or the query has none: then there is no descriptor.
fn from_header((key, header): (&str, &str)) -> Action {
    Action {
        action_specifier: Some(ActionSpecifier::RequestHeaders(RequestHeaders {
            header_name: header.to_owned(),
            descriptor_key: key.to_owned(),
            ..RequestHeaders::default()
        })),
    }
}

fn always(runtime_key: &str) -> Option<RuntimeFractionalPercent> {
    Some(RuntimeFractionalPercent {
        default_value: Some(FractionalPercent { numerator: 100, denominator: Hundred.into() }),
        runtime_key: runtime_key.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use warren_rules::{LimitBy, Rate};

    fn read(resource: &TypedExtensionConfig) -> LocalRateLimit {
        LocalRateLimit::decode(resource.typed_config.as_ref().unwrap().value.as_slice()).unwrap()
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let config = read(&limits(&[]));
        assert_eq!((config.filter_enabled, config.descriptors.len(), config.rate_limits.len()), (None, 0, 0));
    }

    #[test]
    fn each_limit_is_a_bucket_for_whoever_comes() {
        let rate = Rate { queries: 100, seconds: 60 };
        let limit = Limit { by: LimitBy::User, rate, file: "bi.rhai".to_owned(), line: 4 };
        let config = read(&limits(&[limit]));
        let [descriptor] = config.descriptors.as_slice() else { panic!("{config:?}") };
        let entries: Vec<_> = descriptor.entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
        assert_eq!(entries, [("limit", "100/m for each user (bi.rhai, line 4)"), ("whose", "")]);
        let bucket = descriptor.token_bucket.unwrap();
        assert_eq!((bucket.max_tokens, bucket.fill_interval.unwrap().seconds), (100, 60));
    }
}
