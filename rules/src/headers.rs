//! Headers that a rule may set, and how a rule's list header joins the client's.

/// Names that a rule must not set: who the user is, where the query goes, and what frames the request.
const REFUSED: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
    "x-trino-extra-credential",
    "x-trino-original-roles",
    "x-trino-original-user",
    "x-trino-transaction-id",
    "x-trino-user",
];

/// Beginnings of names that a rule must not set.
const REFUSED_PREFIXES: &[&str] = &[":", "proxy-", "x-envoy-", "x-forwarded-", "x-warren-"];

/// Request headers of Trino that hold `key=value` pairs or words, separated by commas
/// (`io.trino.client.ProtocolHeaders`, `HttpRequestSessionContextFactory`).
const LIST_HEADERS: &[&str] = &[
    "x-trino-client-capabilities",
    "x-trino-client-tags",
    "x-trino-prepared-statement",
    "x-trino-resource-estimate",
    "x-trino-role",
    "x-trino-session",
];

/// Why a rule may not set this header, in words that follow "header `x` …"; nothing if it may.
pub(crate) fn refuse_name(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if REFUSED.contains(&lower.as_str()) || REFUSED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return Some("says who the user is or where the query goes, so rules may not set it");
    }
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (name.is_empty() || !name.bytes().all(token)).then_some("is not a header name")
}

/// Why this value cannot be sent; nothing if it can. Every control character is refused, a tab excepted.
pub(crate) fn refuse_value(value: &str) -> Option<&'static str> {
    value
        .bytes()
        .any(|b| (b < 0x20 && b != b'\t') || b == 0x7f)
        .then_some("has a line break or another control character in its value")
}

/// Does this request header hold a list, so that a rule adds to it instead of replacing it?
pub fn is_list_header(name: &str) -> bool {
    LIST_HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What to send for a list header: the client's entries, less those whose key the rule sets, then the rule's.
///
/// `existing` has the header's values in order, one for each time it was sent. Entries without `=` are their own key.
pub fn merge_list_header(existing: &[&str], ours: &str) -> String {
    let entries = |text: &'_ str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
    };
    let key = |entry: &str| entry.split('=').next().unwrap_or_default().trim().to_owned();
    let ours = entries(ours);
    let keys: Vec<String> = ours.iter().map(|entry| key(entry)).collect();
    let mut merged: Vec<String> =
        existing.iter().flat_map(|value| entries(value)).filter(|entry| !keys.contains(&key(entry))).collect();
    merged.extend(ours);
    merged.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_headers_that_steer_or_name_the_user() {
        for name in [
            "X-Trino-User",
            "x-trino-original-user",
            "Authorization",
            "Proxy-Authorization",
            "cookie",
            "Host",
            ":authority",
            "X-Forwarded-For",
            "Forwarded",
            "X-Warren-Group",
            "x-envoy-retry-on",
            "X-Trino-Transaction-Id",
            "content-length",
            "Transfer-Encoding",
            "connection",
            "te",
            "Upgrade",
        ] {
            assert_eq!(
                refuse_name(name),
                Some("says who the user is or where the query goes, so rules may not set it"),
                "{name}"
            );
        }
        for name in ["", "a b", "x\n", "ä", "a:b"] {
            assert_eq!(refuse_name(name), Some("is not a header name"), "{name:?}");
        }
        for name in ["X-Trino-Session", "x-trino-source", "X-Team"] {
            assert_eq!(refuse_name(name), None, "{name}");
        }
    }

    #[test]
    fn refuses_values_that_would_split_the_request() {
        for value in ["a\r\nx: y", "a\n", "\0", "\u{7f}"] {
            assert!(refuse_value(value).is_some(), "{value:?}");
        }
        for value in ["", "a=b,c=d", "a\tb", "Zürich"] {
            assert_eq!(refuse_value(value), None, "{value:?}");
        }
    }

    #[test]
    fn the_rules_value_wins_per_key() {
        let table: &[(&[&str], &str, &str)] = &[
            (&[], "a=1", "a=1"),
            (&["a=0,b=2"], "a=1", "b=2,a=1"),
            (&["a=0", " b = 2 , ,c=3"], "a=1,d=4", "b = 2,c=3,a=1,d=4"),
            (&["x,y"], "y,z", "x,y,z"),
            (&["a=0"], "", "a=0"),
        ];
        for (existing, ours, want) in table {
            assert_eq!(merge_list_header(existing, ours), *want, "{existing:?} {ours}");
        }
    }
}
