use super::*;
use envoy_types::pb::envoy::data::accesslog::v3::{HttpRequestProperties, HttpResponseProperties};
use envoy_types::pb::google::protobuf::{Any, Duration, Timestamp, UInt32Value};
use warren_rules::Comparison;

const ROUTED: &str = r#","user":"ann","source":"dbt","rules":"7","rule":"etl","group":"etl","tags":["by-tag"],"client_tags":"a,b","catalog":"lake""#;
const DENIED: &str = r#","user":"intern","source":"","rules":"7","rule":"interns","denied":true"#;
const REFUSED: &str = r#","user":"ann","source":"","rules":"7","rule":"nowhere""#;

fn entry(states: &[(&str, &[u8])], body_bytes: u64) -> HttpAccessLogEntry {
    let bytes = |value: &[u8]| BytesValue { value: value.to_vec() }.encode_to_vec();
    let any = |value| Any { type_url: BytesValue::type_url(), value: bytes(value) };
    HttpAccessLogEntry {
        common_properties: Some(AccessLogCommon {
            start_time: Some(Timestamp { seconds: 1_764_000_000, nanos: 123_456_789 }),
            duration: Some(Duration { seconds: 1, nanos: 5_000_000 }),
            filter_state_objects: states.iter().map(|(name, value)| ((*name).to_owned(), any(value))).collect(),
            upstream_cluster: "cluster/etl-1".to_owned(),
            ..AccessLogCommon::default()
        }),
        request: Some(HttpRequestProperties {
            request_body_bytes: body_bytes,
            path: "/c/etl-1/v1/statement/queued/id/secret/1".to_owned(),
            ..HttpRequestProperties::default()
        }),
        response: Some(HttpResponseProperties {
            response_code: Some(UInt32Value { value: 200 }),
            ..HttpResponseProperties::default()
        }),
        ..HttpAccessLogEntry::default()
    }
}

fn own_id() -> String {
    "none_1".to_owned()
}

fn with_text(text: &[u8], body_bytes: u64, kept: KeptText) -> Row {
    Row::read(
        &entry(&[(QUERY_STATE, ROUTED.as_bytes()), (TEXT_STATE, text)], body_bytes),
        kept,
        &Places::default(),
        own_id,
    )
    .unwrap()
}

#[test]
fn a_query_is_kept_with_all_that_the_filter_and_envoy_know() {
    let shadow = Shadow {
        candidate: 3,
        comparison: Comparison::Differs,
        from: "etl".into(),
        rule: Some("new".into()),
        to: "adhoc".into(),
    };
    let told = serde_json::to_vec(&shadow).unwrap();
    let states = [
        (QUERY_STATE, ROUTED.as_bytes()),
        (QUERY_ID_STATE, b"20261124_090507_00001_abcde"),
        (TEXT_STATE, b"SELECT 1"),
        (SHADOW_STATE, told.as_slice()),
    ];
    let hashes = body_hashes("SELECT 1");
    let want = Row {
        id: "20261124_090507_00001_abcde".into(),
        created: 1_764_000_000_123,
        user: "ann".into(),
        source: "dbt".into(),
        tags: vec!["by-tag".into()],
        rule: Some("etl".into()),
        rules: "7".into(),
        group: Some("etl".into()),
        slug: Some("etl-1".into()),
        text: Some("SELECT 1".into()),
        text_cut: Some(false),
        user_query_hash: Some(hashes.user_query_hash),
        generic_query_hash: Some(hashes.generic_query_hash),
        outcome: Outcome::Accepted,
        status: 200,
        flags: String::new(),
        latency_ms: 1005,
        client: Client { client_tags: "a,b".into(), catalog: "lake".into(), schema: String::new() },
        shadow: Some(shadow),
    };
    assert_eq!(Row::read(&entry(&states, 8), KeptText::Full, &Places::default(), own_id), Some(want));
}

#[test]
fn what_the_filter_did_not_see_is_no_query() {
    assert_eq!(Row::read(&entry(&[], 0), KeptText::Full, &Places::default(), own_id), None);
    assert_eq!(Row::read(&entry(&[(QUERY_STATE, b"not JSON")], 0), KeptText::Full, &Places::default(), own_id), None);
    assert_eq!(Row::read(&HttpAccessLogEntry::default(), KeptText::Full, &Places::default(), own_id), None);
}

#[test]
fn a_query_without_an_id_says_why() {
    for (fields, want) in [(DENIED, Outcome::Denied), (REFUSED, Outcome::Refused), (ROUTED, Outcome::Failed)] {
        let row = Row::read(&entry(&[(QUERY_STATE, fields.as_bytes())], 0), KeptText::Full, &Places::default(), own_id)
            .unwrap();
        assert_eq!((row.outcome, row.id.as_str()), (want, "none_1"));
    }
}

#[test]
fn a_text_that_was_cut_has_no_hashes_and_ends_with_a_whole_letter() {
    for (sent, body_bytes, text, cut) in [
        (&b"SELECT 1"[..], 8, "SELECT 1", false),
        (b"SELECT 1", 9, "SELECT 1", true),
        ("SELECT 'ä".as_bytes(), 20, "SELECT 'ä", true),
        (b"SELECT '\xc3", 20, "SELECT '", true),
        (b"SELECT '\xff'", 10, "SELECT '\u{fffd}'", false),
        (b"a\0b", 3, "a\u{fffd}b", false),
        (b"", 0, "", false),
    ] {
        let row = with_text(sent, body_bytes, KeptText::Full);
        assert_eq!((row.text.as_deref(), row.text_cut), (Some(text), Some(cut)), "{sent:?}");
        assert_eq!((row.user_query_hash.is_some(), row.generic_query_hash.is_some()), (!cut, !cut), "{sent:?}");
    }
}

#[test]
fn as_much_of_the_text_is_kept_as_is_wanted() {
    let row = with_text(b"SELECT 1", 8, KeptText::Hashed);
    assert_eq!((row.text, row.text_cut), (None, Some(false)));
    assert_eq!(row.user_query_hash, Some(body_hashes("SELECT 1").user_query_hash));
    let row = with_text(b"SELECT 1", 8, KeptText::Off);
    assert_eq!((row.text, row.text_cut, row.user_query_hash), (None, None, None));
}

#[test]
fn names_fit_trino_gateways_columns() {
    let user = format!("ä\\u0000{}", "x".repeat(300));
    let fields = ROUTED.replace("ann", &user);
    let row =
        Row::read(&entry(&[(QUERY_STATE, fields.as_bytes())], 0), KeptText::Full, &Places::default(), own_id).unwrap();
    assert_eq!(row.user, format!("ä\u{fffd}{}", "x".repeat(253)));
}

#[test]
fn flags_have_envoys_short_names() {
    let set = ResponseFlags { no_healthy_upstream: true, no_cluster_found: true, ..ResponseFlags::default() };
    assert_eq!(flags(&set), "UH,NC");
    assert_eq!(flags(&ResponseFlags::default()), "");
}

#[test]
fn nothing_of_the_path_is_kept() {
    let row = with_text(b"SELECT 1", 8, KeptText::Full);
    assert!(!format!("{row:?}").contains("secret"), "{row:?}");
}
