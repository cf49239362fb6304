//! Certificates of a running Warren: its files are read again every few moments, and what is good in them counts for the
//! connections that come after.

use super::server::{Contents, ServerFiles, Shown, day};
use crate::status::Status;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::watch;

/// How often the files are read. Small ones, and no file events: Kubernetes swaps symbolic links, others move files.
const LOOK: Duration = Duration::from_secs(2);

/// A port's certificate, good when it was read.
#[derive(Clone)]
pub(crate) struct Certificate {
    files: ServerFiles,
    contents: Contents,
    shown: Shown,
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// All that is wrong with its files.
    pub(crate) fn load(files: ServerFiles) -> Result<Certificate, Vec<String>> {
        let contents = files.read()?;
        let shown = files.understand(&contents, OffsetDateTime::now_utc())?;
        Ok(Certificate { files, contents, shown })
    }

    /// TLS with it, for connections to come.
    pub(crate) fn tls(&self) -> Arc<ServerConfig> {
        self.shown.tls.clone()
    }

    /// Looks at the files for ever. What is wrong with new ones is told, and the last good ones go on.
    pub(crate) async fn renew(mut self, current: watch::Sender<Arc<ServerConfig>>, status: Arc<Status>) {
        let part = format!("{} certificate", self.files.port.name());
        let mut last = Ok(self.contents.clone());
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.files.read();
            // Certificate and key are moved in one after the other: only what two looks in a row agree on counts.
            if now != last {
                last = now;
                continue;
            }
            let taken = last.as_ref().map_err(Clone::clone).and_then(|contents| self.take(contents, &current));
            let problem =
                taken.err().map(|mistakes| format!("{}; the last good certificate is shown", mistakes.join("; ")));
            let overdue = || {
                let until = day(self.shown.until);
                let late = self.shown.overdue(OffsetDateTime::now_utc());
                late.then(|| format!("`{}` is valid until {until}: renew it", self.files.certificate.display()))
            };
            status.problem(&part, problem.or_else(overdue));
        }
    }

    /// Shows the certificate in these files, if it is another and good.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn take(&mut self, contents: &Contents, current: &watch::Sender<Arc<ServerConfig>>) -> Result<(), Vec<String>> {
        if *contents == self.contents {
            return Ok(());
        }
        let shown = self.files.understand(contents, OffsetDateTime::now_utc())?;
        tracing::info!(port = self.files.port.name(), until = day(shown.until), "a new certificate is shown");
        current.send_replace(shown.tls.clone());
        (self.contents, self.shown) = (contents.clone(), shown);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::server::Port;
    use super::*;
    use crate::xds::nodes::Nodes;
    use rcgen::{CertificateParams, KeyPair};
    use std::path::Path;

    /// A certificate and its key, moved into place one after the other.
    fn put(folder: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.join("server.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn new_files_are_taken_and_bad_ones_are_told_while_the_last_good_ones_go_on() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "first");
        let (certificate, key) = (folder.path().join("server.pem"), folder.path().join("server.key"));
        let files = ServerFiles { port: Port::Api, certificate: certificate.clone(), key, clients: None };
        let loaded = Certificate::load(files).ok().unwrap();
        let first = loaded.tls();
        let (sender, current) = watch::channel(first.clone());
        let status = Arc::new(Status::new(Arc::new(Nodes::default()), Vec::new(), None));
        let task = tokio::spawn(loaded.renew(sender, status.clone()));
        let two_looks = Duration::from_secs(7);

        std::fs::write(&certificate, "half of a certific").unwrap();
        tokio::time::sleep(two_looks).await;
        assert!(Arc::ptr_eq(&first, &current.borrow()));
        let wrong = format!(
            "api_tls_certificate: `{}` holds no certificate in PEM; the last good certificate is shown",
            certificate.display()
        );
        assert_eq!(status.report().problems.get("api certificate"), Some(&wrong));

        put(folder.path(), "second");
        tokio::time::sleep(two_looks).await;
        assert!(!Arc::ptr_eq(&first, &current.borrow()));
        assert_eq!(status.report().problems.get("api certificate"), None);
        task.abort();
    }
}
