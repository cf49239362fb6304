//! Slugs: what stands for a coordinator's address in URLs and transaction ids, `[a-z0-9-]`, unique and stored.

use std::collections::BTreeSet;

/// Longest slug, in bytes: a DNS label, since a cluster's UI may have a host of its own.
const MAX: usize = 63;

/// Request header from which Trino takes the beginning of the addresses that it hands out (`X-Forwarded-Prefix`;
/// `ExternalUriInfo`).
pub const PREFIX_HEADER: &str = "x-forwarded-prefix";

/// What the addresses of a cluster's follow-ups begin with: by it Envoy finds the cluster again.
pub fn prefix(slug: &str) -> String {
    format!("/c/{slug}")
}

/// Makes a slug of a cluster's name that is not taken yet: `ETL 1` becomes `etl-1`, then `etl-1-2`.
pub fn slug(name: &str, taken: &BTreeSet<String>) -> String {
    let mut base = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => base.push(c),
            _ if base.ends_with('-') || base.is_empty() => {}
            _ => base.push('-'),
        }
    }
    // Room for a number behind it.
    base.truncate(MAX - 8);
    let base = base.trim_end_matches('-');
    let base = if base.is_empty() { "cluster" } else { base };
    if !taken.contains(base) {
        return base.to_owned();
    }
    (2..).map(|n: u32| format!("{base}-{n}")).find(|s| !taken.contains(s)).unwrap_or_else(|| base.to_owned())
}

/// Is this a slug: 1 to 63 of `[a-z0-9-]`?
pub fn is_slug(text: &str) -> bool {
    (1..=MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_slugs_that_fit_a_url_and_a_dns_label() {
        let taken = BTreeSet::from(["etl-1".to_owned(), "etl-1-2".to_owned()]);
        for (name, want) in [
            ("adhoc", "adhoc"),
            ("ETL 1", "etl-1-3"),
            ("--Ünïcode--", "n-code"),
            ("///", "cluster"),
            (&"x".repeat(100), &"x".repeat(55)),
        ] {
            assert_eq!(slug(name, &taken), want, "{name}");
        }
    }
}
