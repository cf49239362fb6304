//! What a Trino tells Warren itself, or whatever listens in its place.

use serde_json::Value;
use warren::foreign;

/// The input is the text of `/metrics`. Load is told of only with the number of running queries, and memory as a part of a
/// hundred; the order of the lines does not matter unless a name comes twice.
pub fn trino_metrics(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let load = foreign::trino_metrics(&text);
    if load.is_null() {
        return;
    }
    assert!(text.contains("trino_execution_name_QueryManager_RunningQueries "), "{load}");
    assert!(load["running"].is_u64() && load["queued"].is_u64(), "{load}");
    assert!(load["memory"].as_u64().is_none_or(|percent| percent <= 100), "{load}");
    let with_comments: String = text.lines().map(|line| format!("# TYPE x gauge\n{line}\n")).collect();
    assert_eq!(foreign::trino_metrics(&with_comments), load, "with comments between");
}

/// The input is a page of `/v1/statement`. Warren follows it to pages of queries of the same Trino, and nowhere else; why
/// not is said without the address, which is a secret.
pub fn trino_page(input: &[u8]) {
    match foreign::trino_page(input) {
        Ok(None) => {}
        Ok(Some(url)) => {
            let rest = url.strip_prefix("http://trino:8080/v1/statement/");
            let rest = rest.unwrap_or_else(|| unreachable!("it leads to {url:?}"));
            assert!(rest.bytes().all(|byte| (0x21..0x7f).contains(&byte)) && !rest.contains(['?', '#']), "{url:?}");
            assert!(!rest.split('/').any(|part| [".", ".."].contains(&part)), "{url:?}");
        }
        Err(why) => {
            let page: Option<Value> = serde_json::from_slice(input).ok();
            let next = page.as_ref().and_then(|page| page["nextUri"].as_str()).unwrap_or_default();
            assert!(!why.is_empty() && (next.len() < 40 || !why.contains(next)), "{why:?}");
        }
    }
}
