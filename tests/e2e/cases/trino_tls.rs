//! TLS towards Trino: a real Trino with HTTPS and its own passwords, behind Warren.

mod scene;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use warren_tests::certificates::Certificates;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::SOON;
use scene::{NAME, Scene, text};

const NOBODY: &str = "its certificate was signed by nobody who is trusted";
const OTHER: &str = "other.trino.test";
const WARNING: &str = "its certificate is not verified: whoever is in between can read and change everything";

/// One story, since a Trino takes long to start.
pub(super) fn a_trino_behind_tls_and_a_password_is_served_and_only_the_right_one(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack)?;
    let strangers = text(&Certificates::make_in(&stack.run, "trino-strangers")?.ca)?;
    let ca = text(&scene.certificates.ca)?;
    a_stranger_gets_no_query(&scene, &strangers)?;
    a_wrong_name_gets_no_query(&scene, &ca)?;
    trinos_own_passwords_work_over_tls(&scene)?;
    a_client_certificate_is_shown(&scene)?;
    who_is_not_verified_is_warned_of(&scene, &strangers, &ca)?;
    a_group_may_have_clusters_with_tls_and_without(&scene)?;
    other_settings_cost_no_query(&scene)?;
    a_query_ends_at_an_address_whose_cluster_speaks_no_tls_any_more(&scene)?;
    a_routing_service_is_asked_over_tls(&scene)
}

fn a_stranger_gets_no_query(scene: &Scene, strangers: &str) -> Result<()> {
    let said = scene.warren.say(&[
        "clusters",
        "add",
        "secure",
        "--url",
        &scene.https(),
        "--group",
        "secure",
        "--credentials",
        "closed",
        "--active",
        "--tls-server-name",
        NAME,
        "--tls-ca",
        strangers,
    ])?;
    assert_eq!((said.code, said.stderr.trim()), (0, format!("note: it was not tried out: {NOBODY}").as_str()));
    scene.wait("it to be known as a stranger", false, NOBODY)?;
    scene.gets_no_query("Warren knows that it is a stranger")?;
    // Envoy is not told so, and finds out by itself.
    scene.update(&["--health", "none"])?;
    scene.wait("it not to be checked", true, "not checked")?;
    scene.gets_no_query("Envoy has to find out")?;
    ensure!(scene.envoy.stat("cluster.group/secure.ssl.fail_verify_error")? > 0, "Envoy has verified nothing");
    Ok(())
}

fn a_wrong_name_gets_no_query(scene: &Scene, ca: &str) -> Result<()> {
    scene.update(&["--health", "auto", "--tls-reset", "--tls-ca", ca, "--tls-server-name", OTHER])?;
    let what = scene.wait_for("its name to be wrong", |cluster| {
        let reason = cluster["reason"].as_str().unwrap_or_default().to_owned();
        ensure!(cluster["healthy"] == false && reason.starts_with("its certificate is not for"), "{cluster}");
        Ok(reason)
    })?;
    let want = ["its certificate is not for other.trino.test, but for ", NAME];
    ensure!(want.iter().all(|part| what.contains(part)), "{what}");
    scene.gets_no_query("Warren knows that its name is wrong")?;
    let before = scene.envoy.stat("cluster.group/secure.ssl.fail_verify_san")?;
    scene.update(&["--health", "none"])?;
    scene.wait("it not to be checked", true, "not checked")?;
    scene.gets_no_query("Envoy has to find out its name")?;
    ensure!(scene.envoy.stat("cluster.group/secure.ssl.fail_verify_san")? > before, "Envoy has verified no name");
    scene.update(&["--health", "auto", "--tls-server-name", NAME])?;
    scene.wait("it to be healthy", true, "")
}

fn trinos_own_passwords_work_over_tls(scene: &Scene) -> Result<()> {
    let query = eventually(SOON, "a query to run over TLS", || scene.ask("secure"))?;
    assert_eq!((query.rows.len(), query.slug()), (25, "secure"));
    let known = scene.known()?;
    let seen = known.iter().find(|known| known.query_id == query.id);
    assert_eq!(seen.map(|known| known.session.user.as_str()), Some("alice"));
    for envoy_cluster in ["group/secure", "cluster/secure"] {
        let handshakes = scene.envoy.stat(&format!("cluster.{envoy_cluster}.ssl.handshake"))?;
        ensure!(handshakes > 0, "{envoy_cluster}: no TLS was spoken");
    }
    let reply = scene.post("secure", Some("wrong"))?;
    ensure!(reply.status == 401 && reply.body.contains("Access Denied: Invalid credentials"), "{reply:?}");
    let reply = scene.post("secure", None)?;
    ensure!(reply.status == 401 && reply.header("www-authenticate").is_some(), "{reply:?}");
    Ok(())
}

fn a_client_certificate_is_shown(scene: &Scene) -> Result<()> {
    let pem = text(&scene.certificates.client("alice")?)?;
    scene.update(&["--tls-client-certificate", &pem, "--tls-client-key", &pem])?;
    eventually(SOON, "Trino to take the certificate for a login", || {
        let reply = scene.post("secure", None)?;
        ensure!(reply.status == 200, "{}: {}", reply.status, reply.body);
        Ok(())
    })?;
    scene.update(&["--tls-reset", "--tls-server-name", NAME, "--tls-ca", &text(&scene.certificates.ca)?])?;
    eventually(SOON, "it not to be shown any more", || {
        let reply = scene.post("secure", None)?;
        ensure!(reply.status == 401, "{}: {}", reply.status, reply.body);
        Ok(())
    })
}

fn who_is_not_verified_is_warned_of(scene: &Scene, strangers: &str, ca: &str) -> Result<()> {
    let said = scene.update(&["--tls-ca", strangers, "--tls-verify=false"])?;
    assert_eq!(said.trim(), format!("note: {WARNING}"));
    scene.wait_for("a query to run unverified, with a warning", |cluster| {
        ensure!(cluster["healthy"] == true, "{cluster}");
        scene.ask("secure").map(drop)
    })?;
    let status = scene.warren.say(&["status"])?.stdout;
    ensure!(status.contains("NOT verified"), "{status}");
    let said = scene.update(&["--tls-ca", ca, "--tls-verify=true"])?;
    assert_eq!(said, "");
    scene.wait("it to be verified again", true, "")
}

fn a_group_may_have_clusters_with_tls_and_without(scene: &Scene) -> Result<()> {
    let url = scene.trino.url();
    scene.warren.cli(&[
        "clusters",
        "add",
        "plain",
        "--url",
        &url,
        "--group",
        "mixed",
        "--credentials",
        "closed",
        "--active",
    ])?;
    scene.update(&["--group", "mixed"])?;
    let mut took = BTreeSet::new();
    eventually(SOON, "both to get queries", || {
        took.insert(scene.ask("mixed")?.slug().to_owned());
        ensure!(took.len() == 2, "{took:?}");
        Ok(())
    })
}

fn other_settings_cost_no_query(scene: &Scene) -> Result<()> {
    for round in 0..6 {
        scene.update(&[if round % 2 == 0 { "--tls-verify=false" } else { "--tls-verify=true" }])?;
        for _ in 0..12 {
            scene.ask("mixed")?;
        }
    }
    Ok(())
}

fn a_query_ends_at_an_address_whose_cluster_speaks_no_tls_any_more(scene: &Scene) -> Result<()> {
    let mut running = eventually(SOON, "one to begin over TLS", || {
        let running = scene.begin("mixed", "SELECT * FROM tpch.sf1.orders LIMIT 100000")?;
        ensure!(running.slug() == "secure", "it began at {}", running.slug());
        Ok(running)
    })?;
    let before = scene.envoy.stat("cluster.cluster/secure.upstream_rq_total")?;
    scene.update(&["--url", &scene.trino.url(), "--tls-reset"])?;
    // At the same address: two of a group at one address are one endpoint to Envoy.
    scene.warren.cli(&["clusters", "deactivate", "plain"])?;
    eventually(Duration::from_secs(60), "it to take queries at its new address", || {
        let slug = scene.ask("mixed")?.slug().to_owned();
        ensure!(slug.starts_with("secure-"), "{slug}");
        Ok(())
    })?;
    scene.finish(&mut running)?;
    assert_eq!(running.success()?.rows.len(), 100_000);
    ensure!(scene.envoy.stat("cluster.cluster/secure.upstream_rq_total")? > before, "it did not end over TLS");
    Ok(())
}

fn a_routing_service_is_asked_over_tls(scene: &Scene) -> Result<()> {
    // It is no routing service, which a rule gets over; that TLS was spoken is what counts.
    scene.ask("asks")?;
    for count in ["ssl.handshake", "upstream_rq_total"] {
        ensure!(scene.envoy.stat(&format!("cluster.service/router.{count}"))? > 0, "{count} is none");
    }
    assert_eq!(scene.envoy.stat("cluster.service/router.ssl.fail_verify_error")?, 0);
    Ok(())
}
