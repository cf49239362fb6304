//! What browsers are told about everything that the API port gives out.

use axum::http::HeaderMap;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::Response;

/// JSON is no page: nothing in it is run, shown in a frame, kept, or taken for another type. Pages say more themselves.
const USUAL: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// Adds them where they are missing.
pub(super) async fn add(mut response: Response) -> Response {
    add_to(response.headers_mut());
    response
}

fn add_to(headers: &mut HeaderMap) {
    for (name, value) in USUAL {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_says_more_is_left_as_it_is() {
        let page = HeaderValue::from_static("default-src 'self'");
        let mut headers = HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, page.clone())]);
        add_to(&mut headers);
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY), Some(&page));
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(headers.len(), USUAL.len());
    }
}
