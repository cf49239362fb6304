//! Certificates for 127.0.0.1 and `localhost`, made anew for each run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::run_dir::RunDir;

/// Files in PEM.
#[derive(Debug)]
pub struct Certificates {
    /// Who signed the certificate: what clients trust.
    pub ca: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    folder: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    /// Makes a certificate authority of one day and a server's certificate that it signed.
    pub fn make(run: &RunDir) -> Result<Self> {
        Self::make_in(run, "certificates")
    }

    /// The same in another folder: another authority.
    pub fn make_in(run: &RunDir, folder: &str) -> Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "Warren's tests");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let folder = run.folder(folder)?;
        let (certificate, key) = server(&folder, &authority, "server", &["127.0.0.1", "localhost"])?;
        Ok(Self { ca: put(&folder, "ca.pem", authority.pem())?, certificate, key, folder, authority })
    }

    /// Another server's certificate for these host names and addresses, and its key.
    pub fn server(&self, name: &str, hosts: &[&str]) -> Result<(PathBuf, PathBuf)> {
        server(&self.folder, &self.authority, name, hosts)
    }

    /// A client's certificate with its key, in one file.
    pub fn client(&self, name: &str) -> Result<PathBuf> {
        let key = KeyPair::generate()?;
        let mut client = CertificateParams::default();
        client.distinguished_name.push(DnType::CommonName, name);
        let certificate = client.signed_by(&key, &self.authority)?;
        put(&self.folder, &format!("{name}.pem"), format!("{}{}", key.serialize_pem(), certificate.pem()))
    }
}

fn server(
    folder: &Path,
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    hosts: &[&str],
) -> Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate()?;
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let certificate = CertificateParams::new(hosts)?.signed_by(&key, authority)?;
    let certificate = put(folder, &format!("{name}.pem"), certificate.pem())?;
    Ok((certificate, put(folder, &format!("{name}.key"), key.serialize_pem())?))
}

fn put(folder: &Path, name: &str, text: String) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, text).with_context(|| format!("{}: cannot be written", file.display()))?;
    Ok(file)
}
