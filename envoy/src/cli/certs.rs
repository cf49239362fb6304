//! `warren certs dev`: certificates to try TLS with.

use super::Outcome;
use crate::tls::server::day;
use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

/// Long enough to try things, too short to be forgotten in production.
const VALID: Duration = Duration::days(30);
/// Clocks of other machines may be late.
const CLOCKS_DIFFER: Duration = Duration::hours(1);
/// Names by which programs on one machine find each other.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

#[derive(clap::Subcommand)]
pub(crate) enum CertsCommand {
    /// Make a CA and certificates of 30 days, for development; production has cert-manager or SPIFFE for that
    Dev(DevArgs),
}

#[derive(clap::Args)]
pub(crate) struct DevArgs {
    /// Folder for them; what is there is not overwritten
    dir: PathBuf,
    /// Further host name or address of Envoy and Warren, beside localhost, 127.0.0.1 and ::1; as often as needed
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
}

/// A file to be: name, text, who may read it.
type NewFile = (&'static str, String, u32);

pub(super) fn run(command: &CertsCommand) -> Result<Outcome> {
    let CertsCommand::Dev(args) = command;
    let until = OffsetDateTime::now_utc() + VALID;
    let files = match make(&args.host, until) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("--host: {error}");
            return Ok(Outcome::Usage);
        }
    };
    let there: Vec<&str> =
        files.iter().map(|(name, ..)| *name).filter(|name| args.dir.join(name).symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        eprintln!(
            "{}: nothing was made: {} would be overwritten; name another folder, or remove them",
            args.dir.display(),
            there.join(", ")
        );
        return Ok(Outcome::Findings);
    }
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {}", args.dir.display()))?;
    for (name, text, mode) in &files {
        let path = args.dir.join(name);
        new_file(&path, *mode)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let dir = std::path::absolute(&args.dir).unwrap_or_else(|_| args.dir.clone());
    say!("{}", told(&dir, until));
    Ok(Outcome::Good)
}

/// Never through a file or link that is there.
fn new_file(path: &Path, mode: u32) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// The CA's certificate, and three more with their keys. The CA's own key is kept nowhere: nobody can sign more with it.
fn make(hosts: &[String], until: OffsetDateTime) -> Result<Vec<NewFile>, rcgen::Error> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "Warren, for development only");
    (ca.not_before, ca.not_after) = (until - VALID - CLOCKS_DIFFER, until);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let sign = |name: &str, hosts: Vec<String>, usage: ExtendedKeyUsagePurpose| {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (until - VALID - CLOCKS_DIFFER, until);
        Ok::<_, rcgen::Error>((params.signed_by(&key, &ca)?.pem(), key.serialize_pem()))
    };
    let servers = |own: &str| [&[own.to_owned()], HERE.map(str::to_owned).as_slice(), hosts].concat();
    let envoy = sign("envoy", servers("envoy"), ExtendedKeyUsagePurpose::ServerAuth)?;
    let warren = sign("warren", servers("warren"), ExtendedKeyUsagePurpose::ServerAuth)?;
    let client = sign("envoy", vec!["envoy".to_owned()], ExtendedKeyUsagePurpose::ClientAuth)?;
    Ok(vec![
        ("ca.pem", ca.pem(), PUBLIC),
        ("envoy.pem", envoy.0, PUBLIC),
        ("envoy.key", envoy.1, PRIVATE),
        ("warren.pem", warren.0, PUBLIC),
        ("warren.key", warren.1, PRIVATE),
        ("envoy-client.pem", client.0, PUBLIC),
        ("envoy-client.key", client.1, PRIVATE),
    ])
}

fn told(dir: &Path, until: OffsetDateTime) -> String {
    let text = r"DIR holds certificates for development, valid until UNTIL:
  ca.pem                who signed the others; its own key is kept nowhere
  envoy.pem, .key       Envoy, to Trino's clients
  warren.pem, .key      Warren, to Envoys and to clients of its API
  envoy-client.pem, .key  an Envoy, to Warren

warren serve \
  --tls-certificate DIR/envoy.pem --tls-key DIR/envoy.key \
  --xds-tls-certificate DIR/warren.pem --xds-tls-key DIR/warren.key --xds-client-ca DIR/ca.pem \
  --api-tls-certificate DIR/warren.pem --api-tls-key DIR/warren.key …
warren bootstrap --folder envoy --xds-ca DIR/ca.pem \
  --xds-certificate DIR/envoy-client.pem --xds-key DIR/envoy-client.key …
warren status --api https://127.0.0.1:18080 --api-ca DIR/ca.pem
trino --server https://localhost:8080 --truststore-path DIR/ca.pem

In production let cert-manager, SPIFFE or your own CA make and renew them: all of these files may be replaced while they are used.";
    text.replace("DIR", &dir.display().to_string()).replace("UNTIL", &day(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::server::{Clients, Port, ServerFiles};
    use std::os::unix::fs::PermissionsExt;

    fn dev(dir: &Path) -> Outcome {
        let args = DevArgs { dir: dir.to_owned(), host: vec!["trino.example".to_owned()] };
        run(&CertsCommand::Dev(args)).unwrap()
    }

    #[test]
    fn what_is_made_can_be_served_with_and_keys_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("new");
        assert!(matches!(dev(&dir), Outcome::Good));
        for name in ["warren", "envoy", "envoy-client"] {
            let path = |end: &str| dir.join(format!("{name}.{end}"));
            let clients = Some(Clients { ca: dir.join("ca.pem"), names: Vec::new() });
            let files = ServerFiles { port: Port::Xds, certificate: path("pem"), key: path("key"), clients };
            let shown = files.read().and_then(|contents| files.understand(&contents, OffsetDateTime::now_utc()));
            assert_eq!(shown.err(), None);
            assert_eq!(path("key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("warren.key"), "mine").unwrap();
        assert!(matches!(dev(folder.path()), Outcome::Findings));
        let there: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(there, ["warren.key"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("warren.key")).unwrap(), "mine");
    }
}
