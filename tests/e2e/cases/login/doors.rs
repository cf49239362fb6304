//! What is open to whoever comes, and who is believed.

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::stack::Stack;

use super::{Door, ran_as};

pub(in super::super) fn a_proxy_in_front_is_believed_and_nobody_else(stack: &Stack) -> Result<()> {
    let login = "[header]\nname = \"X-Auth-User\"\nfrom = [\"127.0.0.1\"]\nuser_pattern = \"([^@]+)@corp\"\n";
    let door = Door::open(stack, "login-header", login, &[])?;
    let alice = ("X-Auth-User", "alice@corp");
    let session = Session::user("alice").header(alice.0, alice.1);
    assert_eq!(ran_as(stack, &door, &session)?, ("alice".to_owned(), "adhoc-1".to_owned()));
    let log_in = (401, "log in first".to_owned());
    for forged in ["X-Warren-Proxy-User", "X-Warren-Principal", "x_auth_user", "X-Warren-Peer"] {
        assert_eq!(door.said(&[(forged, "alice@corp")])?, log_in, "{forged}");
        let both = door.said(&[(forged, "root@corp"), alice, ("X-Trino-User", "root")])?;
        assert_eq!(both, (200, "Access Denied: User alice cannot impersonate user root".to_owned()), "{forged}");
    }
    let several = door.said(&[alice, ("X-Auth-User", "root@corp"), ("X-Trino-User", "root")])?;
    assert_ne!(several.1, "runs", "two values of the header");
    let presto = door.said(&[alice, ("X-Presto-User", "root")])?;
    assert_eq!(presto, (200, "runs".to_owned()), "the other name of the header is not sent on");
    let pattern = (401, "header X-Auth-User names nobody who may come in".to_owned());
    assert_eq!(door.said(&[("X-Auth-User", "alice@corp.evil")])?, pattern);
    only_follow_ups_and_health_are_open(&door, alice)?;
    drop(door);

    let elsewhere = "[header]\nname = \"X-Auth-User\"\nfrom = [\"10.9.9.9\", \"spiffe://mesh/gateway\"]\n";
    let door = Door::open(stack, "login-elsewhere", elsewhere, &["--trusted-hops", "1"])?;
    let disbelieved = (401, "header X-Auth-User is not believed from here".to_owned());
    for (name, value) in [("X-Forwarded-For", "10.9.9.9"), ("X-Warren-Peer-Uri", "spiffe://mesh/gateway")] {
        assert_eq!(door.said(&[("X-Auth-User", "alice"), (name, value)])?, disbelieved, "{name}");
    }
    Ok(())
}

fn only_follow_ups_and_health_are_open(door: &Door, who: (&str, &str)) -> Result<()> {
    let mut query = Session::user("alice").header(who.0, who.1).start(&door.url(), "SELECT 1")?;
    let next = query.next_uri.clone().context("a query with a next page")?;
    let path = next.strip_prefix(&door.url()).context("an address of this Envoy")?.to_owned();
    let slug = query.slug().to_owned();
    query.finish()?;
    let id = query.id.clone();
    for (method, path, open) in [
        ("GET", path.as_str(), true),
        ("GET", "/v1/info", true),
        ("GET", "/v1/status", true),
        ("HEAD", "/v1/statement", false),
        ("GET", &format!("/v1/query/{id}"), false),
        ("DELETE", &format!("/v1/query/{id}"), false),
        ("GET", &format!("/c/{slug}/v1/query/{id}"), false),
        ("GET", "/v1/thread", false),
        ("POST", "/v1/thread", false),
    ] {
        let without = door.ask(method, path, &[])?;
        ensure!((without.status.as_u16() == 401) != open, "{method} {path}: {}", without.status);
        let with = door.ask(method, path, &[who])?;
        ensure!(with.status.as_u16() != 401, "{method} {path}: {} {}", with.status, with.body);
    }
    Ok(())
}
