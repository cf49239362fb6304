//! The playground: the page of `make playground`, read once at the start. It asks nothing of the API, so it needs no login.

use super::endpoints::{Endpoints, Need};
use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::Redirect;
use axum::routing::get;
use std::path::Path;

/// Where it is.
const PATH: &str = "/playground/";

/// The files of the page.
const FILES: [(&str, &str); 7] = [
    ("index.html", "text/html; charset=utf-8"),
    ("page.css", "text/css"),
    ("page.js", "text/javascript"),
    ("worker.js", "text/javascript"),
    ("samples.json", "application/json"),
    ("engine/warren_playground.js", "text/javascript"),
    ("engine/warren_playground_bg.wasm", "application/wasm"),
];

/// Nothing from elsewhere, and no script in the page's text; the editor writes its style into the page. The same as in
/// rules/playground/test/serve.mjs.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self'; worker-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The files of a folder that `make playground` made, each with its type.
pub(crate) type Page = Vec<(&'static str, &'static str, Bytes)>;

/// Reads the page.
///
/// # Errors
/// Which file cannot be read, and what to do.
pub(crate) fn read(folder: &Path) -> Result<Page, String> {
    let read = |(name, kind): (&'static str, &'static str)| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path);
        let bytes = bytes.map_err(|e| format!("cannot read {}: {e}; `make playground` makes it", path.display()))?;
        Ok((name, kind, Bytes::from(bytes)))
    };
    FILES.into_iter().map(read).collect()
}

/// Its paths.
pub(super) fn add(endpoints: Endpoints, page: Page) -> Endpoints {
    if page.is_empty() {
        return endpoints;
    }
    let moved = get(async || Redirect::permanent(PATH));
    let bare = endpoints.plain(Need::Nobody, Method::GET, &[PATH.trim_end_matches('/').to_owned()], moved);
    page.into_iter().fold(bare, |endpoints, (name, kind, bytes)| {
        let path = if name == "index.html" { PATH.to_owned() } else { format!("{PATH}{name}") };
        let headers = [
            (CONTENT_TYPE, kind),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            // A new Warren has a new page.
            (CACHE_CONTROL, "no-cache"),
        ];
        endpoints.plain(Need::Nobody, Method::GET, &[path], get(async move || (headers, bytes)))
    })
}
