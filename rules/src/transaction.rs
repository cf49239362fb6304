//! Transactions: `<uuid>@<slug>`, which a client sends back in `X-Trino-Transaction-Id`.
//!
//! Trino's own id is a bare UUID; Warren adds the cluster's slug to `X-Trino-Started-Transaction-Id` on the way out.

use crate::slug::is_slug;

/// What `X-Trino-Transaction-Id` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction<'a> {
    /// No header, an empty one, or `NONE`: any cluster will do.
    None,
    /// The query belongs to the cluster of this slug.
    Pinned {
        /// Trino's own id: what the cluster must be sent.
        id: &'a str,
        /// Slug of the cluster. Whether it is known is for the caller to say.
        slug: &'a str,
    },
    /// Neither: a bare UUID too, since no cluster can be told from it.
    Invalid,
}

/// Takes the header's value apart. `None` is an absent header.
pub fn parse_transaction(header: Option<&str>) -> Transaction<'_> {
    let value = header.map(str::trim).unwrap_or_default();
    if value.is_empty() || value.eq_ignore_ascii_case("NONE") {
        return Transaction::None;
    }
    match value.split_once('@') {
        Some((id, slug)) if is_uuid(id) && is_slug(slug) => Transaction::Pinned { id, slug },
        _ => Transaction::Invalid,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b3c";

    #[test]
    fn takes_a_transaction_apart() {
        let pinned = format!("{ID}@etl-1");
        assert_eq!(parse_transaction(Some(&pinned)), Transaction::Pinned { id: ID, slug: "etl-1" });
        for none in [None, Some(""), Some("  "), Some("NONE"), Some("none")] {
            assert_eq!(parse_transaction(none), Transaction::None, "{none:?}");
        }
    }

    #[test]
    fn refuses_what_names_no_cluster() {
        let long = format!("{ID}@{}", "a".repeat(64));
        for value in [
            ID,
            "x@etl-1",
            "1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b3c@",
            "1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b3c@ETL",
            "1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b3c@a@b",
            "1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b3c@a/b",
            "1f7c7a6e93c4-4d0a-8d5a-0f6f3a1f2b3c00@a",
            "{1f7c7a6e-93c4-4d0a-8d5a-0f6f3a1f2b}@a",
            &long,
        ] {
            assert_eq!(parse_transaction(Some(value)), Transaction::Invalid, "{value}");
        }
    }
}
