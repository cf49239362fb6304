//! "did you mean": the nearest of the names that exist.

/// Names further away than this (1 = the same) are no suggestion.
#[cfg(feature = "sources")]
const NEAR: f64 = 0.7;

/// The nearest known name, if one is near.
#[cfg(feature = "sources")]
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

/// Nobody reads suggestions where rules are only run.
#[cfg(not(feature = "sources"))]
pub(crate) fn nearest<'a>(_: &str, _: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    None
}

/// ``did you mean `x`?``, or a list of all that is known if nothing is near.
pub(crate) fn help<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(name) = nearest(word, known.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    (!known.is_empty()).then(|| format!("known: {}", list(known)))
}

/// `` `a`, `b` ``
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The same of all that is known; `none` if there is nothing.
pub fn known<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let list = list(names);
    if list.is_empty() { "none".to_owned() } else { list }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_name_or_lists_all() {
        for (word, want) in [
            ("route_too", "did you mean `route`?"),
            ("Deny", "did you mean `deny`?"),
            ("xyz", "known: `deny`, `otherwise`, `route`"),
        ] {
            assert_eq!(help(word, ["route", "deny", "otherwise"]).as_deref(), Some(want), "{word}");
        }
        assert_eq!(help("x", []), None);
    }
}
