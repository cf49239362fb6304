use super::*;
use crate::trino::{Access, TrinoClients, TrinoTls};

#[test]
fn a_young_process_proves_itself_twice() {
    let now = Instant::now();
    for (proven, uptime, want) in [
        (Proven::No, 5.0, Proven::Once(now)),
        (Proven::Once(now), 7.0, Proven::Yes),
        (Proven::No, 60.0, Proven::Yes),
        (Proven::Yes, 5.0, Proven::Yes),
    ] {
        assert_eq!(proven.after(uptime, now), want, "{proven:?} after {uptime} s");
    }
}

#[tokio::test]
async fn one_slow_answer_takes_out_only_who_has_not_shown_that_it_runs_queries() {
    let slow = Failure::Other("no answer within 5s".to_owned());
    for (proven, handed_over, failure, checks) in [
        (Proven::Yes, false, &slow, 2),
        (Proven::No, true, &slow, 2),
        (Proven::No, false, &slow, 1),
        (Proven::Yes, false, &Failure::Refused, 1),
        (Proven::No, true, &Failure::Refused, 1),
    ] {
        let mut probe = healthy_so_far(proven, handed_over);
        let taken_out = (1..).find(|_| probe.failed(failure, None).is_some_and(|report| !report.health.healthy));
        assert_eq!(taken_out, Some(checks), "{proven:?}, handed over: {handed_over}, {failure}");
    }
}

fn healthy_so_far(proven: Proven, handed_over: bool) -> Probe {
    let health = Health { healthy: true, reason: String::new() };
    let credentials = CredentialBook::new("warren");
    let access = Access { clients: TrinoClients::default(), credentials: credentials.clone() };
    Probe {
        coordinator: access.coordinator("http://t:1", "t", &TrinoTls::default(), None, Duration::from_secs(5)).unwrap(),
        credentials,
        settings: HealthSettings::default(),
        proven,
        uptime: 0.0,
        failures: 0,
        successes: 0,
        note: String::new(),
        last: Some(Report { slug: "t".to_owned(), health, load: None, coordinator_id: None }),
        handed_over,
    }
}

#[test]
fn its_own_queries_are_no_load() {
    assert!(LOAD.contains(crate::trino::SOURCE), "{LOAD}");
}

#[test]
fn reads_trinos_durations() {
    for (text, want) in [
        ("1.50s", Some(1.5)),
        ("2.00m", Some(120.0)),
        ("1.00d", Some(86_400.0)),
        ("5", None),
        ("x", None),
        ("1w", None),
    ] {
        assert_eq!(seconds(text), want, "{text}");
    }
}

#[test]
fn checks_spread_by_a_tenth_of_the_period() {
    let all: Vec<u128> = (0..100).map(|n| jitter(Duration::from_secs(1), "a", n).as_millis()).collect();
    assert!(all.iter().all(|ms| (900..=1_100).contains(ms)), "{all:?}");
    assert!(all.iter().max() > all.iter().min());
}
