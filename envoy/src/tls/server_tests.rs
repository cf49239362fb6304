use super::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use std::fs;
use time::Duration;

/// Files in a folder: a certificate of some days from now, its key, and a CA.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(from: i64, until: i64) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = OffsetDateTime::UNIX_EPOCH + Duration::days(from);
        params.not_after = OffsetDateTime::UNIX_EPOCH + Duration::days(until);
        folder.put("server.pem", &params.self_signed(&key).unwrap().pem());
        folder.put("server.key", &key.serialize_pem());
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        folder.put("ca.pem", &ca.self_signed(&KeyPair::generate().unwrap()).unwrap().pem());
        folder
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn files(&self) -> ServerFiles {
        let path = |name: &str| self.0.path().join(name);
        let clients = Some(Clients { ca: path("ca.pem"), names: Vec::new() });
        ServerFiles { port: Port::Xds, certificate: path("server.pem"), key: path("server.key"), clients }
    }

    /// What is said of them, with the folder's name taken out.
    fn mistakes(&self) -> Vec<String> {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(100);
        let understood = self.files().read().and_then(|contents| self.files().understand(&contents, now));
        let folder = format!("{}/", self.0.path().display());
        understood.err().unwrap_or_default().iter().map(|mistake| mistake.replace(&folder, "")).collect()
    }
}

#[test]
fn good_files_are_taken() {
    assert_eq!(Folder::new(90, 110).mistakes(), Vec::<String>::new());
}

#[test]
fn all_files_that_are_not_there_are_named_at_once() {
    let folder = Folder::new(90, 110);
    for name in ["server.pem", "server.key", "ca.pem"] {
        fs::remove_file(folder.0.path().join(name)).unwrap();
    }
    assert_eq!(
        folder.mistakes(),
        [
            "xds_tls_certificate: `server.pem` cannot be read: No such file or directory (os error 2)",
            "xds_tls_key: `server.key` cannot be read: No such file or directory (os error 2)",
            "xds_client_ca: `ca.pem` cannot be read: No such file or directory (os error 2)",
        ]
    );
}

#[test]
fn what_is_no_pem_is_named() {
    let folder = Folder::new(90, 110);
    for name in ["server.pem", "server.key", "ca.pem"] {
        folder.put(name, "nonsense");
    }
    assert_eq!(
        folder.mistakes(),
        [
            "xds_tls_certificate: `server.pem` holds no certificate in PEM",
            "xds_tls_key: `server.key` holds no private key in PEM",
            "xds_client_ca: `ca.pem` holds no certificate in PEM",
        ]
    );
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = Folder::new(90, 110);
    folder.put("server.key", &KeyPair::generate().unwrap().serialize_pem());
    let said = folder.mistakes();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("xds_tls_key: `server.key` is not the key of the certificate in `") && {
            said[0].ends_with("server.pem`")
        },
        "{said:?}"
    );
}

#[test]
fn a_certificate_counts_from_its_first_day_to_its_last() {
    let said = |from, until| Folder::new(from, until).mistakes();
    assert_eq!(
        said(80, 99),
        ["xds_tls_certificate: `server.pem` has expired: it was valid until 1970-04-10 00:00:00 UTC"]
    );
    assert_eq!(said(101, 110), ["xds_tls_certificate: `server.pem` is not valid before 1970-04-12 00:00:00 UTC"]);
}

#[test]
fn a_certificate_is_overdue_when_a_fifth_of_its_time_is_left() {
    let folder = Folder::new(90, 100);
    let day = |day| OffsetDateTime::UNIX_EPOCH + Duration::days(day);
    let shown = folder.files().read().and_then(|contents| folder.files().understand(&contents, day(95))).ok().unwrap();
    assert_eq!([97, 98, 99, 101].map(|now| shown.overdue(day(now))), [false, false, true, true]);
}
