//! Who gets anything from the xDS port.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::ports::free_port;
use warren_tests::raw::{self, Raw};
use warren_tests::stack::Stack;

use super::{certs_dev, move_in, secure_envoy, status, text, warren};

/// Envoy asks again after half a minute at most.
const ASKS_AGAIN: Duration = Duration::from_secs(60);
const ANYTHING: &[u8] = b"GET / HTTP/1.1\r\nhost: warren\r\nconnection: close\r\n\r\n";

pub(in super::super) fn an_envoy_without_a_certificate_of_the_ca_gets_nothing(stack: &Stack) -> Result<()> {
    let (ours, strangers) = (certs_dev(stack, "control-tls-ours")?, certs_dev(stack, "control-tls-strangers")?);
    let file = |name: &str| ours.join(name);
    let settings = [
        ("--xds-tls-certificate", text(&file("warren.pem"))?.to_owned()),
        ("--xds-tls-key", text(&file("warren.key"))?.to_owned()),
        ("--xds-client-ca", text(&file("ca.pem"))?.to_owned()),
        ("--xds-client-names", "envoy,spiffe://mesh/envoy/*".to_owned()),
    ];
    let settings: Vec<String> = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    let ports = [free_port()?, free_port()?, free_port()?];
    let warren = warren(stack, "control-tls", ports[0], None, &settings)?;

    // Everything: configuration, the filter's module, and the history on the way back.
    let (ca, certificate, key) = (file("ca.pem"), file("envoy-client.pem"), file("envoy-client.key"));
    let known = secure_envoy(stack, &warren, "tls-known", ports[0], [&ca, &certificate, &key])?;
    known.wait_live()?;
    runs_a_query(ports[0])?;
    let id = Session::user("alice").run(&format!("http://127.0.0.1:{}", ports[0]), "SELECT 1")?.success()?.id;
    eventually(Duration::from_secs(20), "the query to be in the history", || warren.cli(&["history", &id]).map(drop))?;

    // Nothing, for one without a certificate and for one with a certificate that others signed.
    let plain = Envoy::start(&stack.programs, &stack.run, "tls-plain", &warren.bootstrap("tls-plain", ports[1])?, 1)?;
    let folder = stack.run.folder("control-tls-stranger")?;
    let [certificate, key] = ["tls.crt", "tls.key"].map(|name| folder.join(name));
    fs::copy(strangers.join("envoy-client.pem"), &certificate)?;
    fs::copy(strangers.join("envoy-client.key"), &key)?;
    let stranger = secure_envoy(stack, &warren, "tls-stranger", ports[2], [&ca, &certificate, &key])?;
    for envoy in [&plain, &stranger] {
        eventually(Duration::from_secs(20), "it to try", || {
            ensure!(envoy.stat("cluster.warren-control.upstream_cx_total")? >= 2, "not yet");
            Ok(())
        })?;
        ensure!(envoy.admin("/ready").is_err(), "{} is ready", envoy.name());
        ensure!(!envoy.config_dump()?.to_string().contains("group/adhoc"), "{} was told something", envoy.name());
    }
    let envoys = status(&warren)?["envoys"].as_object().context("no Envoys")?.keys().cloned().collect::<Vec<_>>();
    assert_eq!(envoys, ["tls-known"]);
    let xds = format!("http://{}", warren.xds_address());
    ensure!(!matches!(raw::ask(&xds, ANYTHING), Ok(Some(_))), "plain HTTP was answered");
    let answered = Raw::connect_tls(&xds.replace("http:", "https:"), &ca).and_then(|mut raw| {
        raw.send(ANYTHING);
        raw.reply(false, Duration::from_secs(5))
    });
    ensure!(!matches!(answered, Ok(Some(_))), "TLS without a certificate was answered: {answered:?}");

    // A good one that is moved in counts, without a restart.
    move_in(&file("envoy-client.pem"), &certificate)?;
    move_in(&file("envoy-client.key"), &key)?;
    eventually(ASKS_AGAIN, "the renewed certificate to count", || stranger.admin("/ready").map(drop))?;
    runs_a_query(ports[2])
}

fn runs_a_query(port: u16) -> Result<()> {
    let url = format!("http://127.0.0.1:{port}");
    eventually(Duration::from_secs(60), "a query to run", || {
        Session::user("alice").run(&url, "SELECT 1")?.success().map(drop)
    })
}
