//! Whose page in a browser sends a request. Pure.

use axum::http::{HeaderMap, header};

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// No page says that it sends it: a program, or a browser that is told to open an address.
    None,
    /// A page of Warren's own.
    Own,
    /// Some other page.
    Foreign,
}

/// Browsers tell in headers that no script can set: `Sec-Fetch-Site` over TLS and on this machine, `Origin` with all that can
/// change something.
pub(crate) fn page(headers: &HeaderMap) -> Page {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some("same-origin"), _) => Page::Own,
        (Some("none") | None, None) => Page::None,
        (Some("none") | None, Some(origin)) => {
            let host = text(header::HOST.as_str());
            let origin = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if origin.is_some() && origin == host { Page::Own } else { Page::Foreign }
        }
        (Some(_), _) => Page::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_warrens_own_if_the_browser_says_so() {
        for (site, origin, want) in [
            (None, None, Page::None),
            (Some("none"), None, Page::None),
            (Some("same-origin"), None, Page::Own),
            (Some("same-origin"), Some("https://elsewhere"), Page::Own),
            (Some("same-site"), None, Page::Foreign),
            (Some("cross-site"), Some("https://warren:1"), Page::Foreign),
            (None, Some("https://warren:1"), Page::Own),
            (None, Some("http://warren:1"), Page::Own),
            (None, Some("https://warren"), Page::Foreign),
            (None, Some("https://evil.example"), Page::Foreign),
            (None, Some("null"), Page::Foreign),
            (None, Some("warren:1"), Page::Foreign),
        ] {
            let mut headers = HeaderMap::from_iter([(header::HOST, "warren:1".parse().unwrap())]);
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(page(&headers), want, "{site:?} {origin:?}");
        }
    }
}
