//! The API by TLS.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::certificates::Certificates;
use warren_tests::eventually::eventually;
use warren_tests::raw::Raw;
use warren_tests::stack::Stack;
use warren_tests::warren::warren_alone;

use super::{move_in, status, text, warren};

const SOON: Duration = Duration::from_secs(20);

pub(in super::super) fn the_api_speaks_tls_and_takes_new_certificates(stack: &Stack) -> Result<()> {
    let authority = Certificates::make_in(&stack.run, "api-authority")?;
    let strangers = Certificates::make_in(&stack.run, "api-strangers")?;
    let (certificate, key) = (&authority.certificate, &authority.key);
    let settings = ["--api-tls-certificate", text(certificate)?, "--api-tls-key", text(key)?].map(str::to_owned);
    let warren = warren(stack, "api-tls", 1, Some(&authority.ca), &settings)?;
    eventually(SOON, "the cluster to be listed", || {
        ensure!(warren.cli(&["clusters", "list"])?.contains("adhoc-1"), "not yet");
        Ok(())
    })?;

    let url = warren.api_url();
    let said = warren.say(&["status", "--api-ca", text(&strangers.ca)?])?;
    let want = format!(
        "{url} is not talked to: its certificate was signed by nobody who is trusted; \
         --api-ca (WARREN_API_CA) names the file with who signed it\n"
    );
    assert_eq!((said.code, said.stderr), (1, want));
    let plain = warren.say(&["status", "--api", &url.replace("https:", "http:")])?;
    ensure!(plain.code == 1 && plain.stderr.starts_with("no answer from http://"), "{}", plain.stderr);

    let shown = || Raw::connect_tls(&url, &authority.ca)?.certificate.context("no certificate");
    let first = shown()?;
    let (second, second_key) = authority.server("second", &["127.0.0.1"])?;
    move_in(&second, certificate)?;
    // A certificate without its key is told of, and the last good one goes on.
    eventually(SOON, "the missing key to be told", || {
        let told = status(&warren)?["problems"]["api certificate"].to_string();
        ensure!(told.contains("is not the key of the certificate in"), "{told}");
        Ok(())
    })?;
    assert_eq!(shown()?, first);
    move_in(&second_key, key)?;
    eventually(SOON, "the second certificate to be shown", || {
        ensure!(shown()? != first, "still the first one");
        ensure!(status(&warren)?["problems"].get("api certificate").is_none(), "still a problem");
        Ok(())
    })?;
    every_mistake_is_told_at_the_start(stack)
}

fn every_mistake_is_told_at_the_start(stack: &Stack) -> Result<()> {
    let folder = stack.run.folder("api-mistakes")?;
    fs::write(folder.join("nonsense.pem"), "nonsense")?;
    let (none, nonsense) = (folder.join("none.pem"), folder.join("nonsense.pem"));
    let (none, nonsense) = (text(&none)?, text(&nonsense)?);
    let said = warren_alone(
        &[
            "serve",
            "--database-url",
            "postgres://db/w",
            "--api-tls-certificate",
            nonsense,
            "--api-tls-key",
            nonsense,
            "--xds-tls-certificate",
            none,
            "--xds-tls-key",
            none,
            "--xds-client-ca",
            none,
        ],
        "",
    )?;
    let missing = "cannot be read: No such file or directory (os error 2)";
    let want = format!(
        "xds_tls_certificate: `{none}` {missing}\nxds_tls_key: `{none}` {missing}\nxds_client_ca: `{none}` {missing}\n\
         api_tls_certificate: `{nonsense}` holds no certificate in PEM\n\
         api_tls_key: `{nonsense}` holds no private key in PEM\n"
    );
    assert_eq!((said.code, said.stderr), (64, want));
    Ok(())
}
