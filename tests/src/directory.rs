//! A real directory (OpenLDAP's `slapd`) with a few people, for tests of logging in.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::certificates::Certificates;
use crate::ports::free_port;
use crate::process::Process;
use crate::run_dir::RunDir;

/// Under which everybody is.
pub const BASE: &str = "dc=warren,dc=test";
/// Who may search.
pub const SEARCHER: &str = "cn=searcher,dc=warren,dc=test";
/// The searcher's password.
pub const SEARCHERS_PASSWORD: &str = "looking-for-people";
const INSTALL: &str = "install OpenLDAP's server (Debian: apt-get install slapd)";

/// A running directory.
#[derive(Debug)]
pub struct Directory {
    /// The program.
    pub process: Process,
    port: u16,
}

impl Directory {
    /// Starts one over TLS that knows these people: name, team, password.
    pub fn start(run: &RunDir, certificates: &Certificates, people: &[(&str, &str, &str)]) -> Result<Self> {
        let folder = run.folder("directory")?;
        let data = run.folder("directory/data")?;
        let port = free_port()?;
        let settings = folder.join("slapd.conf");
        let put = |path: &Path, text: String| fs::write(path, text).with_context(|| format!("{}", path.display()));
        put(&settings, slapd_conf(&data, certificates))?;
        let everybody = folder.join("people.ldif");
        put(&everybody, ldif(people))?;
        let mut add = slapd("slapadd");
        let added = add.arg("-f").arg(&settings).arg("-l").arg(&everybody).output().context(INSTALL)?;
        ensure!(added.status.success(), "slapadd: {}", String::from_utf8_lossy(&added.stderr));
        let process = Process::new("slapd", run.log("slapd"), move || {
            let mut command = slapd("slapd");
            // In the foreground.
            command.args(["-d", "0", "-h", &format!("ldaps://127.0.0.1:{port}")]).arg("-f").arg(&settings);
            command
        });
        let directory = Self { process, port };
        directory.start_again()?;
        Ok(directory)
    }

    /// Starts it again with what it knew.
    pub fn start_again(&self) -> Result<()> {
        self.process.start()?;
        let address = ("127.0.0.1", self.port);
        self.process.wait_until(Duration::from_secs(30), "it to listen", || {
            std::net::TcpStream::connect(address).map(drop).context("it does not listen")
        })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.port)
    }
}

/// Debian has it where only root's path leads.
fn slapd(name: &str) -> Command {
    let path = format!("/usr/sbin/{name}");
    Command::new(if Path::new(&path).exists() { path } else { name.to_owned() })
}

fn slapd_conf(data: &Path, certificates: &Certificates) -> String {
    let file = |path: &Path| path.display().to_string();
    format!(
        "include /etc/ldap/schema/core.schema\n\
         include /etc/ldap/schema/cosine.schema\n\
         include /etc/ldap/schema/inetorgperson.schema\n\
         modulepath /usr/lib/ldap\n\
         moduleload back_mdb\n\
         TLSCACertificateFile {}\n\
         TLSCertificateFile {}\n\
         TLSCertificateKeyFile {}\n\
         database mdb\n\
         suffix \"{BASE}\"\n\
         rootdn \"cn=root,{BASE}\"\n\
         directory {}\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by dn.exact=\"{SEARCHER}\" read by * none\n",
        file(&certificates.ca),
        file(&certificates.certificate),
        file(&certificates.key),
        file(data),
    )
}

fn ldif(people: &[(&str, &str, &str)]) -> String {
    let mut text = format!(
        "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: warren\ndc: warren\n\n\
         dn: {SEARCHER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: searcher\nuserPassword: {SEARCHERS_PASSWORD}\n\n"
    );
    for (name, team, password) in people {
        text.push_str(&format!(
            "dn: uid={name},{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
             departmentNumber: {team}\nuserPassword: {password}\n\n"
        ));
    }
    text
}
