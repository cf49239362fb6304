//! Facts of a query, from headers and text.

use std::rc::Rc;
use std::sync::OnceLock;

use warren_rules::api::{Type, table};
use warren_rules::{Query, RuleFile, RuleSet, header_text, is_list_header, limits, merge_list_header};

/// More of it is left out: a request has 2 MB of headers.
const HEADER_BYTES: usize = 2 << 20;
/// A rule may run out of these, and fail for no other reason.
const BUDGET: &str = "operations";

thread_local! {
    // A rule set is not `Send`, and takes longer to compile than to ask.
    static RULES: Rc<RuleSet> = Rc::new(rules());
}

/// The input is lines of `name: value`, or `name*1000: value` for a value so many times; after an empty line, the query's
/// text. Every fact that a rule can read is there, of its type, and within the limits; what a rule adds to a list header
/// wins, and the client's other entries stay.
pub fn headers(input: &[u8]) {
    let (headers, text) = parse(input);
    let query = Query::new("POST", "/v1/statement", headers.clone()).body(header_text(text.to_vec())).now(0);
    assert_eq!(query.user(), query.user().trim_matches(|c| c <= ' '), "a user without blanks around");
    lists(&headers);

    let decision = RULES.with(Rc::clone).decide(Rc::new(query));
    for (rule, why) in decision.failed_rules() {
        assert!(why.contains(BUDGET), "rule `{rule}`: {why}");
    }
    assert_eq!(decision.rule.as_deref(), Some("otherwise"), "a fact is not within its limits");
}

/// One rule a fact; it decides when the fact is not as it should be.
fn rules() -> RuleSet {
    let source = RULES_SOURCE.get_or_init(|| {
        let mut source = String::from(
            "fn is_blank(t) { t.trimmed() == \"\" || t.trimmed() != t || t.contains(\",\") }\n\
             rule(\"tags\", |q| if q.client_tags.some(|t| is_blank(t)) { deny(\"tag\") });\n\
             rule(\"has_tag\", |q| { let l = q.client_tags; if l.some(|t| !q.has_tag(t)) { deny(\"has_tag\") } });\n\
             rule(\"catalog\", |q| if q.catalog != q.catalog.to_lower() { deny(\"catalog\") });\n\
             rule(\"transaction\", |q| if q.transaction.to_lower() == \"none\" { deny(\"transaction\") });\n\
             rule(\"bucket\", |q| { let b = q.bucket(q.user, 100); if b < 0 || b > 99 { deny(\"bucket\") } });\n\
             rule(\"matches\", |q| if !q.matches(q.user, \"^[\\\\s\\\\S]*$\") { deny(\"matches\") });\n",
        );
        for fact in table().filter(|entry| entry.owner == Some(Type::Query) && entry.parameters.is_none()) {
            let wrong = match fact.returns {
                Type::String => format!("v.len() > {}", limits::STRING_BYTES),
                Type::List | Type::Strings => format!("v.len() > {}", limits::ARRAY_ELEMENTS),
                Type::Map => format!("v.len() > {} || v.keys().some(|k| k == \"\")", limits::MAP_ENTRIES),
                Type::Number => "v < 0".to_owned(),
                _ => continue,
            };
            let name = fact.name;
            source.push_str(&format!(
                "rule(\"q.{name}\", |q| {{ let v = q.{name}; if {wrong} {{ deny(\"{name}\") }} }});\n"
            ));
        }
        source.push_str("otherwise(route(\"g\"));\n");
        source
    });
    let file = RuleFile { name: "facts.rhai".to_owned(), source: source.clone() };
    RuleSet::compile(&[file]).unwrap_or_else(|errors| unreachable!("{errors}\n{source}"))
}

static RULES_SOURCE: OnceLock<String> = OnceLock::new();

/// Headers that hold lists, each merged with what a rule might add.
fn lists(headers: &[(String, String)]) {
    for (name, _) in headers.iter().filter(|(name, _)| is_list_header(name)) {
        let existing: Vec<&str> =
            headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| &**v).collect();
        // The rule's: a key that the client may have too, and one of the client's own.
        let borrowed = existing.last().and_then(|value| entries(value).last().map(key)).unwrap_or_default();
        let ours = format!("query_max_run_time=4h,{borrowed}=ours");
        let merged = merge_list_header(&existing, &ours);
        let merged: Vec<&str> = entries(&merged).collect();
        let wanted: Vec<&str> = entries(&ours).collect();
        assert!(merged.ends_with(&wanted), "the rule's own come last, as they are: {merged:?}");
        let theirs: Vec<&str> = existing
            .iter()
            .flat_map(|value| entries(value))
            .filter(|entry| !wanted.iter().any(|own| key(own) == key(entry)))
            .collect();
        assert_eq!(merged.get(..merged.len() - wanted.len()), Some(&*theirs), "the client's others stay, in order");
    }
}

fn entries(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn key(entry: &str) -> &str {
    entry.split('=').next().unwrap_or_default().trim()
}

fn parse(input: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let (mut headers, mut rest, mut bytes) = (Vec::new(), input, 0);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
        rest = after;
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            if line.is_empty() {
                break;
            }
            continue;
        };
        let name = String::from_utf8_lossy(line.get(..colon).unwrap_or_default()).into_owned();
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let (name, times) = match name.rsplit_once('*') {
            Some((name, times)) => (name.to_owned(), times.parse().unwrap_or(1)),
            None => (name, 1),
        };
        let times: usize = times.min(HEADER_BYTES / value.len().max(1));
        bytes += value.len() * times;
        if bytes <= HEADER_BYTES {
            headers.push((name, header_text(value.repeat(times))));
        }
    }
    (headers, rest)
}
