//! What a routing service answers.

use warren_rules::{ExternalAnswer, ExternalService};

/// The input is the body of an answer. Whatever it is, it gives an answer or a reason, and no header that a rule must not set.
pub fn external_answer(input: &[u8]) {
    for propagate_errors in [false, true] {
        let service = ExternalService {
            envoy_cluster: "service/router".to_owned(),
            authority: "router".to_owned(),
            path: "/".to_owned(),
            timeout_ms: 1_000,
            exclude_headers: vec!["x-secret".to_owned()],
            propagate_errors,
            cache_seconds: 0,
        };
        match service.answer("200", input) {
            Err(why) => assert!(why.starts_with("its answer cannot be read: "), "{why}"),
            Ok(ExternalAnswer::Errors(errors)) => assert!(propagate_errors && !errors.is_empty()),
            Ok(ExternalAnswer::Group { headers, .. }) => {
                for (name, value) in headers {
                    let steers = ["x-secret", "x-trino-user", "authorization"].contains(&name.as_str())
                        || name.starts_with("x-warren-")
                        || name.starts_with("x-forwarded-");
                    assert!(!steers && name == name.to_ascii_lowercase(), "{name}");
                    assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
                }
            }
        }
    }
}
