use super::*;
use crate::snapshot::Resource as Packed;
use crate::xds::subscription::SETTLE;
use envoy_types::pb::google::protobuf::Any;
use envoy_types::pb::google::rpc::Status;
use std::time::Duration;

/// A snapshot with these resources: kind, name, version.
fn snapshot(version: &str, resources: &[(Kind, &str, &str)]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    version.clone_into(&mut snapshot.version);
    for (kind, name, version) in resources {
        snapshot.put(*kind, name, Packed { version: (*version).to_owned(), body: Default::default(), at_start: None });
    }
    snapshot
}

fn subscribe(kind: Kind, names: &[&str]) -> DeltaDiscoveryRequest {
    DeltaDiscoveryRequest {
        type_url: kind.type_url(),
        resource_names_subscribe: names.iter().map(|n| (*n).to_owned()).collect(),
        ..DeltaDiscoveryRequest::default()
    }
}

fn answer(response: &DeltaDiscoveryResponse, error: Option<&str>) -> DeltaDiscoveryRequest {
    DeltaDiscoveryRequest {
        type_url: response.type_url.clone(),
        response_nonce: response.nonce.clone(),
        error_detail: error.map(|message| Status { message: message.to_owned(), ..Status::default() }),
        ..DeltaDiscoveryRequest::default()
    }
}

/// `clusters +a +b -c`, for comparing.
fn shown(response: &DeltaDiscoveryResponse) -> String {
    let kind = Kind::of(&response.type_url).map_or("?", Kind::label);
    let added = response.resources.iter().map(|r| format!(" +{}", r.name));
    let removed = response.removed_resources.iter().map(|n| format!(" -{n}"));
    format!("{kind}{}", added.chain(removed).collect::<String>())
}

/// All that may go out now, each accepted at once.
fn drain(session: &mut Session, snapshot: &Snapshot, now: Instant) -> Vec<String> {
    let mut sent = Vec::new();
    while let Some(response) = session.next(snapshot, now, |_| true) {
        sent.push(shown(&response));
        session.on_request(&answer(&response, None), Instant::now());
        assert!(sent.len() < 50, "no end: {sent:?}");
    }
    sent
}

const EVERYTHING: &[(Kind, &str, &str)] = &[
    (Kind::Cluster, "a", "1"),
    (Kind::Endpoint, "a", "1"),
    (Kind::Listener, "l", "1"),
    (Kind::Filter, "f", "1"),
    (Kind::Route, "r", "1"),
];

fn subscribed_to_everything() -> Session {
    let mut session = Session::default();
    for (kind, names) in [
        (Kind::Cluster, &[][..]),
        (Kind::Endpoint, &["a"]),
        (Kind::Listener, &[]),
        (Kind::Filter, &["f"]),
        (Kind::Route, &["r"]),
    ] {
        assert_eq!(session.on_request(&subscribe(kind, names), Instant::now()), Event::Subscribed(kind));
    }
    session
}

#[test]
fn sends_what_is_named_before_what_names_it() {
    let mut session = subscribed_to_everything();
    let sent = drain(&mut session, &snapshot("s1", EVERYTHING), Instant::now());
    assert_eq!(sent, ["clusters +a", "endpoints +a", "listener +l", "rules +f", "routes +r"]);
}

#[test]
fn sends_only_what_changed() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    drain(&mut session, &snapshot("s1", EVERYTHING), now);
    let mut changed = EVERYTHING.to_vec();
    changed[1].2 = "2";
    assert_eq!(drain(&mut session, &snapshot("s2", &changed), now), ["endpoints +a"]);
    assert_eq!(drain(&mut session, &snapshot("s2", &changed), now), [""; 0]);
}

#[test]
fn removes_only_when_all_else_was_answered() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let mut both = EVERYTHING.to_vec();
    both.push((Kind::Cluster, "b", "1"));
    drain(&mut session, &snapshot("s1", &both), now);
    let mut without_b = EVERYTHING.to_vec();
    without_b[4].2 = "2";
    let without_b = snapshot("s2", &without_b);
    let later = now + SETTLE;
    let routes = session.next(&without_b, later, |_| true).unwrap();
    assert_eq!(shown(&routes), "routes +r");
    assert_eq!(
        session.next(&without_b, later, |_| true),
        None,
        "the routes that no longer name `b` are not in force yet"
    );
    session.on_request(&answer(&routes, None), Instant::now());
    assert_eq!(session.next(&without_b, later, |_| true).map(|r| shown(&r)), Some("clusters -b".to_owned()));
}

#[test]
fn never_has_two_unanswered_responses_of_one_kind() {
    let mut session = Session::default();
    session.on_request(&subscribe(Kind::Cluster, &[]), Instant::now());
    let first = session.next(&snapshot("s1", &[(Kind::Cluster, "a", "1")]), Instant::now(), |_| true).unwrap();
    let second = snapshot("s2", &[(Kind::Cluster, "a", "2")]);
    assert_eq!(session.next(&second, Instant::now(), |_| true), None);
    assert_eq!(
        session.on_request(&answer(&first, None), Instant::now()),
        Event::Accepted { kind: Kind::Cluster, snapshot: "s1".to_owned(), names: vec!["a".to_owned()] }
    );
    assert_eq!(session.next(&second, Instant::now(), |_| true).map(|r| shown(&r)), Some("clusters +a".to_owned()));
}

#[test]
fn a_refused_version_is_not_sent_again_until_it_changes() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let bad = snapshot("s1", &[(Kind::Cluster, "a", "1")]);
    let response = session.next(&bad, now, |_| true).unwrap();
    let event = session.on_request(&answer(&response, Some("no such thing")), Instant::now());
    assert_eq!(
        event,
        Event::Rejected {
            kind: Kind::Cluster,
            snapshot: "s1".to_owned(),
            names: vec!["a".to_owned()],
            error: "no such thing".to_owned(),
        }
    );
    let sent: Vec<String> = drain(&mut session, &bad, now).into_iter().filter(|s| s.starts_with("clusters")).collect();
    assert_eq!(sent, [""; 0]);
    let good = snapshot("s2", &[(Kind::Cluster, "a", "2")]);
    assert_eq!(session.next(&good, now, |_| true).map(|r| shown(&r)), Some("clusters +a".to_owned()));
}

#[test]
fn says_at_once_that_a_name_does_not_exist() {
    let mut session = Session::default();
    session.on_request(&subscribe(Kind::Endpoint, &["nowhere"]), Instant::now());
    let empty = snapshot("s1", &[]);
    assert_eq!(drain(&mut session, &empty, Instant::now()), ["endpoints -nowhere"]);
    let there = snapshot("s2", &[(Kind::Endpoint, "nowhere", "1")]);
    assert_eq!(drain(&mut session, &there, Instant::now()), ["endpoints +nowhere"]);
}

#[test]
fn a_first_request_is_answered_even_with_nothing() {
    let mut session = Session::default();
    session.on_request(&subscribe(Kind::Cluster, &[]), Instant::now());
    assert_eq!(drain(&mut session, &snapshot("s1", &[]), Instant::now()), ["clusters"]);
}

#[test]
fn an_envoy_that_comes_back_gets_only_the_difference() {
    let mut session = Session::default();
    let mut request = subscribe(Kind::Cluster, &[]);
    request.initial_resource_versions =
        [("a", "1"), ("b", "1"), ("gone", "1")].map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    session.on_request(&request, Instant::now());
    let now = snapshot("s2", &[(Kind::Cluster, "a", "1"), (Kind::Cluster, "b", "2")]);
    assert_eq!(drain(&mut session, &now, Instant::now()), ["clusters +b", "clusters -gone"]);
}

#[test]
fn a_name_asked_for_again_is_sent_again() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let all = snapshot("s1", EVERYTHING);
    drain(&mut session, &all, now);
    session.on_request(&subscribe(Kind::Endpoint, &["a"]), Instant::now());
    assert_eq!(drain(&mut session, &all, now), ["endpoints +a"]);
}

#[test]
fn holds_rules_and_routes_back_for_a_second_and_says_when_to_ask_again() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    drain(&mut session, &snapshot("s1", EVERYTHING), now);
    let mut changed = EVERYTHING.to_vec();
    changed[3].2 = "2";
    let changed = snapshot("s2", &changed);
    assert_eq!(session.wake_at(&changed), Some(now + SETTLE));
    assert_eq!(session.next(&changed, now + SETTLE / 2, |_| true), None);
    assert_eq!(session.next(&changed, now + SETTLE, |_| true).map(|r| shown(&r)), Some("rules +f".to_owned()));
}

#[test]
fn a_stale_answer_and_a_foreign_type_change_nothing() {
    let mut session = Session::default();
    session.on_request(&subscribe(Kind::Cluster, &[]), Instant::now());
    let response = session.next(&snapshot("s1", &[]), Instant::now(), |_| true).unwrap();
    let stale = DeltaDiscoveryRequest { response_nonce: "77".to_owned(), ..answer(&response, None) };
    assert_eq!(session.on_request(&stale, Instant::now()), Event::Ignored);
    let foreign =
        DeltaDiscoveryRequest { type_url: "type.googleapis.com/x.Y".to_owned(), ..DeltaDiscoveryRequest::default() };
    assert_eq!(session.on_request(&foreign, Instant::now()), Event::Ignored);
}

#[test]
fn nothing_is_removed_that_refused_routes_may_still_name() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let mut both = EVERYTHING.to_vec();
    both.push((Kind::Cluster, "b", "1"));
    drain(&mut session, &snapshot("s1", &both), now);
    let mut without_b = EVERYTHING.to_vec();
    without_b[4].2 = "2";
    let later = now + SETTLE;
    let routes = session.next(&snapshot("s2", &without_b), later, |_| true).unwrap();
    session.on_request(&answer(&routes, Some("bad regex")), Instant::now());
    assert_eq!(
        session.next(&snapshot("s2", &without_b), later, |_| true),
        None,
        "the old routes are in force and may name `b`"
    );
    without_b[4].2 = "3";
    let sent = drain(&mut session, &snapshot("s3", &without_b), later + SETTLE);
    assert_eq!(sent, ["routes +r", "clusters -b"]);
}

#[test]
fn does_not_ask_to_be_woken_while_an_answer_is_due() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    drain(&mut session, &snapshot("s1", EVERYTHING), now);
    let changed = snapshot("s2", &[(Kind::Cluster, "a", "2"), (Kind::Filter, "f", "2"), (Kind::Endpoint, "a", "1")]);
    let clusters = session.next(&changed, now + SETTLE, |_| true).unwrap();
    assert_eq!((shown(&clusters).as_str(), session.wake_at(&changed)), ("clusters +a", None));
}

#[test]
fn a_new_module_waits_for_its_turn_and_nothing_else_does() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let with = |filter: &'static str, route: &'static str| {
        let mut all = EVERYTHING.to_vec();
        all[3].2 = filter;
        all[4].2 = route;
        snapshot(filter, &all)
    };
    drain(&mut session, &with("1.old", "1"), now);
    let later = now + SETTLE;
    let new = with("2.new", "2");
    let sent = session.next(&new, later, |module| module != "new").unwrap();
    assert_eq!(shown(&sent), "routes +r");
    session.on_request(&answer(&sent, None), Instant::now());
    assert_eq!(session.next(&new, later, |module| module != "new"), None);
    assert_eq!((session.waits_for_turn(), session.wake_at(&new)), (true, None));
    assert_eq!(session.next(&new, later, |module| module == "new").map(|r| shown(&r)), Some("rules +f".to_owned()));
    assert!(!session.waits_for_turn());
}

#[test]
fn a_first_module_and_new_rules_of_the_same_one_wait_for_nobody() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    for (version, when) in [("1.old", now), ("2.old", now + SETTLE)] {
        let mut all = EVERYTHING.to_vec();
        all[3].2 = version;
        let all = snapshot(version, &all);
        let mut sent = Vec::new();
        while let Some(response) = session.next(&all, when, |_| false) {
            sent.push(shown(&response));
            session.on_request(&answer(&response, None), Instant::now());
        }
        assert!(sent.contains(&"rules +f".to_owned()), "{version}: {sent:?}");
    }
}

#[test]
fn a_filter_that_was_refused_is_offered_a_few_times_more_and_what_serves_stays_known() {
    let mut session = subscribed_to_everything();
    let mut now = Instant::now();
    let with = |filter: &'static str| {
        let mut all = EVERYTHING.to_vec();
        all[3].2 = filter;
        snapshot(filter, &all)
    };
    drain(&mut session, &with("1.old"), now);
    now += SETTLE;
    let new = with("2.new");
    let mut waited = Vec::new();
    loop {
        let offered = session.next(&new, now, |module| module == "new").unwrap();
        assert_eq!(shown(&offered), "rules +f");
        let event = session.on_request(&answer(&offered, Some("Unable to create Wasm plugin")), now);
        if event != Event::NotYet {
            assert!(matches!(event, Event::Rejected { kind: Kind::Filter, .. }), "{event:?}");
            break;
        }
        assert_eq!(session.next(&new, now, |_| true), None, "it is too early");
        let at = session.wake_at(&new).unwrap();
        waited.push((at - now).as_millis());
        now = at;
    }
    assert_eq!(waited, [100, 400, 1_500, 5_000]);
    assert_eq!(session.next(&new, now + SETTLE, |_| true), None);
    assert_eq!(session.next(&with("3.new"), now + SETTLE, |_| true).map(|r| shown(&r)), Some("rules +f".to_owned()));
}

#[test]
fn other_rules_do_not_wait_for_those_that_are_to_be_offered_again() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let with = |filter: &'static str| {
        let mut all = EVERYTHING.to_vec();
        all[3].2 = filter;
        snapshot(filter, &all)
    };
    drain(&mut session, &with("1.m"), now);
    let mut later = now + SETTLE;
    for _ in 0..4 {
        let offered = session.next(&with("2.m"), later, |_| true).unwrap();
        assert_eq!(session.on_request(&answer(&offered, Some("no")), later), Event::NotYet);
        later = session.wake_at(&with("2.m")).unwrap();
    }
    // Seven seconds in, the fourth wait is five seconds long.
    let good = with("3.m");
    let soon = later - Duration::from_secs(4);
    assert_eq!(session.next(&good, soon, |_| true).map(|r| shown(&r)), Some("rules +f".to_owned()));
}

#[test]
fn an_envoy_that_starts_gets_the_form_for_that() {
    let mut session = subscribed_to_everything();
    let now = Instant::now();
    let form = |text: &str| Any { type_url: text.to_owned(), ..Any::default() };
    let with = |version: &str| {
        let mut all = snapshot(version, &EVERYTHING[..3]);
        let (version, body, at_start) = (version.to_owned(), form("running"), Some(form("start")));
        all.put(Kind::Filter, "f", Packed { version, body, at_start });
        all
    };
    for (version, when, want) in [("1", now, "start"), ("2", now + SETTLE, "running")] {
        let mut sent = Vec::new();
        while let Some(response) = session.next(&with(version), when, |_| true) {
            sent.extend(response.resources.iter().filter(|r| r.name == "f").filter_map(|r| r.resource.clone()));
            session.on_request(&answer(&response, None), when);
        }
        assert_eq!(sent, [form(want)], "{version}");
    }
}
