//! The file as it is written, and what is wrong with it.

use super::passwords::{Directory, PASSWORD_USER, PasswordFile, PasswordSource};
use super::{ClientCertificates, Keys, LoginFile, LoginSettings, PROXY_USER, Tokens, Trust};
use crate::duration;
use crate::tls;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use warren_rules::login::{Impersonation, Login, Peer, Policy, Way};

/// How long a provider's keys are kept, unless the file says otherwise.
const KEYS_KEPT: Duration = Duration::from_secs(300);
/// The common name of a subject as Envoy writes it (RFC 2253): a comma that ends no part has a backslash before it, so that
/// `O=a\,CN=root,CN=ann` is `ann`.
const COMMON_NAME: &str = r"(?:(?:[^,\\]|\\.)*,)*?CN=((?:[^,\\]|\\.)+)(?:,.*)?";

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Written {
    pass_credentials: bool,
    tokens: BTreeMap<String, WrittenTokens>,
    passwords: Option<WrittenPasswords>,
    certificate: Option<WrittenCertificate>,
    header: Option<WrittenHeader>,
    impersonation: Vec<Impersonation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTokens {
    issuer: String,
    audiences: Vec<String>,
    keys_url: Option<String>,
    keys_file: Option<PathBuf>,
    keys_ca_file: Option<PathBuf>,
    keys_kept: Option<String>,
    user_claim: Option<String>,
    user_pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPasswords {
    file: Option<PathBuf>,
    directory: Option<WrittenDirectory>,
    user_pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDirectory {
    url: String,
    #[serde(default)]
    starttls: bool,
    ca_file: Option<PathBuf>,
    search_as: Option<String>,
    search_password_file: Option<PathBuf>,
    base: String,
    filter: Option<String>,
    user_attribute: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCertificate {
    ca_file: PathBuf,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    user_from: CertificatePart,
    user_pattern: Option<String>,
}

#[derive(Deserialize, Default, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum CertificatePart {
    #[default]
    Subject,
    Uri,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHeader {
    name: String,
    from: Vec<String>,
    user_pattern: Option<String>,
}

/// Reads the file's text. Files that it names are read now.
///
/// # Errors
/// Every mistake: where, what was written, what is expected.
pub(crate) fn read(text: &str) -> Result<LoginFile, Vec<String>> {
    let written: Written = toml::from_str(text).map_err(|e| vec![e.message().to_owned()])?;
    let mut reader = Reader(Vec::new());
    let mut ways = Vec::new();
    let mut challenges = Vec::new();
    let mut tokens = Vec::new();
    for (provider, written) in written.tokens {
        let (way, understood) = reader.tokens(provider, written);
        ways.push(way);
        tokens.extend(understood);
    }
    if !ways.is_empty() {
        challenges.push("Bearer realm=\"Warren\"".to_owned());
    }
    let passwords = written.passwords.and_then(|written| {
        challenges.push("Basic realm=\"Warren\"".to_owned());
        let (way, source) = reader.passwords(written);
        ways.push(way);
        source
    });
    let certificate = written.certificate.map(|written| {
        let (way, certificate) = reader.certificate(written);
        ways.push(way);
        certificate
    });
    let header = written.header.map(|written| {
        let name = written.name.to_ascii_lowercase();
        ways.push(reader.header(written));
        name
    });
    if ways.is_empty() {
        reader.0.push("no way to log in is named: [tokens.NAME], [passwords], [certificate] or [header]".to_owned());
    }
    let told = Login { ways, impersonation: written.impersonation, challenges, statement_paths: Vec::new() };
    reader.0.extend(Policy::compile(&told).err().into_iter().flatten());
    let certificate = certificate.flatten();
    let pass_credentials = written.pass_credentials;
    let settings =
        LoginSettings { tokens, passwords: passwords.is_some(), certificate, header, pass_credentials, told };
    if reader.0.is_empty() { Ok(LoginFile { settings, passwords }) } else { Err(reader.0) }
}

/// Collects mistakes.
struct Reader(Vec<String>);

impl Reader {
    fn file(&mut self, what: &str, path: &Path) -> Option<String> {
        let wrong = |error| self.0.push(format!("{what}: cannot read `{}`: {error}", path.display()));
        std::fs::read_to_string(path).map_err(wrong).ok()
    }

    fn certificates(&mut self, what: &str, path: &Path) -> Option<String> {
        let pem = self.file(what, path)?;
        let wrong = tls::certificates(pem.as_bytes()).err();
        match wrong {
            None => Some(pem),
            Some(why) => {
                self.0.push(format!("{what}: `{}` {why}", path.display()));
                None
            }
        }
    }

    fn tokens(&mut self, provider: String, written: WrittenTokens) -> (Way, Option<Tokens>) {
        let at = format!("[tokens.{provider}]");
        let header = format!("x-warren-token-{provider}").to_ascii_lowercase();
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if provider.is_empty() || !plain(&provider) {
            self.0.push(format!("{at}: a provider's name is made of letters, digits and `-`"));
        }
        if written.issuer.is_empty() {
            self.0.push(format!("{at}: issuer is empty: tokens of anybody whose keys these are would do"));
        }
        if written.audiences.iter().all(String::is_empty) {
            self.0.push(format!("{at}: audiences is empty: a token that was meant for another service would do"));
        }
        let keys = self.keys(&at, &written);
        let way = Way {
            name: format!("token of {provider}"),
            header: header.clone(),
            pattern: written.user_pattern,
            peers: Vec::new(),
        };
        let tokens = keys.map(|keys| Tokens {
            provider,
            issuer: written.issuer,
            audiences: written.audiences,
            keys,
            user_claim: written.user_claim.unwrap_or_else(|| "sub".to_owned()),
            header,
        });
        (way, tokens)
    }

    fn keys(&mut self, at: &str, written: &WrittenTokens) -> Option<Keys> {
        let every = written.keys_kept.as_deref().map_or(Ok(KEYS_KEPT), duration::parse);
        let every = every.map_err(|why| self.0.push(format!("{at}: keys_kept: {why}"))).ok();
        match (&written.keys_url, &written.keys_file) {
            (Some(url), None) => {
                let place = place(url).map_err(|why| self.0.push(format!("{at}: keys_url: `{url}` {why}"))).ok();
                let ca = written.keys_ca_file.as_deref();
                let ca = ca.map(|path| self.certificates(&format!("{at}: keys_ca_file"), path));
                let (host, port, tls) = place?;
                let trust = tls.then(|| ca.flatten().map_or(Trust::System, Trust::Ca));
                Some(Keys::Fetched { url: url.clone(), host, port, trust, every: every? })
            }
            (None, Some(path)) => self.file(&format!("{at}: keys_file"), path).map(Keys::Known),
            _ => {
                self.0.push(format!("{at}: give either keys_url or keys_file: where the provider's JWKS is"));
                None
            }
        }
    }

    fn passwords(&mut self, written: WrittenPasswords) -> (Way, Option<PasswordSource>) {
        let source = match (written.file, written.directory) {
            (Some(path), None) => self.file("[passwords]: file", &path).and_then(|text| {
                let wrong = |why: String| self.0.push(format!("[passwords]: `{}`: {why}", path.display()));
                let file = PasswordFile::read(&text).map_err(|errors| errors.into_iter().for_each(wrong)).ok()?;
                Some(PasswordSource::File(Arc::new(file)))
            }),
            (None, Some(directory)) => self.directory(directory).map(|it| PasswordSource::Directory(Arc::new(it))),
            _ => {
                self.0.push("[passwords]: give either file or directory".to_owned());
                None
            }
        };
        let way = Way {
            name: "password".to_owned(),
            header: PASSWORD_USER.to_owned(),
            pattern: written.user_pattern,
            peers: Vec::new(),
        };
        (way, source)
    }

    fn directory(&mut self, written: WrittenDirectory) -> Option<Directory> {
        const AT: &str = "[passwords.directory]";
        let user_attribute = written.user_attribute.unwrap_or_else(|| "uid".to_owned());
        let filter = written.filter.unwrap_or_else(|| format!("({user_attribute}=${{USER}})"));
        if !filter.contains("${USER}") {
            self.0.push(format!(
                "{AT}: filter: `{filter}` does not hold ${{USER}}: it would find the same person for everybody"
            ));
        }
        let encrypted = written.starttls || written.url.starts_with("ldaps://");
        match url::Url::parse(&written.url) {
            Ok(url) if !matches!(url.scheme(), "ldap" | "ldaps") || url.host_str().is_none() => {
                self.0.push(format!("{AT}: url: `{}` is not a URL such as ldaps://directory.example", written.url));
            }
            Ok(url) if !encrypted && !tls::is_here(url.host_str().unwrap_or_default()) => {
                self.0
                    .push(format!("{AT}: url: passwords would go there in the clear; use ldaps:// or starttls = true"));
            }
            Ok(_) => {}
            Err(error) => self.0.push(format!("{AT}: url: `{}`: {error}", written.url)),
        }
        let search_as = match (written.search_as, written.search_password_file) {
            (None, None) => None,
            (Some(dn), Some(path)) => self
                .file(&format!("{AT}: search_password_file"), &path)
                .map(|password| (dn, password.trim_end_matches(['\n', '\r']).to_owned())),
            _ => {
                self.0.push(format!("{AT}: search_as and search_password_file need each other"));
                None
            }
        };
        let ca = written.ca_file.map(|path| self.certificates(&format!("{AT}: ca_file"), &path));
        let tls = tls::trusting(ca.flatten().as_deref()).map_err(|why| self.0.push(format!("{AT}: {why}"))).ok()?;
        let (url, starttls, base) = (written.url, written.starttls, written.base);
        Some(Directory { url, starttls, tls: Arc::new(tls), search_as, base, filter, user_attribute })
    }

    fn certificate(&mut self, written: WrittenCertificate) -> (Way, Option<ClientCertificates>) {
        let by_uri = written.user_from == CertificatePart::Uri;
        let header = "x-warren-certificate".to_owned();
        let pattern = written.user_pattern.or_else(|| (!by_uri).then(|| COMMON_NAME.to_owned()));
        let way = Way { name: "certificate".to_owned(), header: header.clone(), pattern, peers: Vec::new() };
        let ca = self.certificates("[certificate]: ca_file", &written.ca_file);
        (way, ca.map(|ca| ClientCertificates { ca, required: written.required, header, by_uri }))
    }

    fn header(&mut self, written: WrittenHeader) -> Way {
        let mut peers = Vec::new();
        for peer in &written.from {
            match peer.parse::<Peer>() {
                Ok(peer) => peers.push(peer),
                Err(why) => self.0.push(format!("[header]: from: {why}")),
            }
        }
        if written.from.is_empty() {
            self.0.push("[header]: from is empty: name the proxies that are believed".to_owned());
        }
        // Names with `_` are dropped at the door.
        let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if written.name.is_empty() || !written.name.bytes().all(token) {
            self.0.push(format!("[header]: name: `{}` is not a header's name", written.name));
        }
        Way {
            name: format!("header {}", written.name),
            header: PROXY_USER.to_owned(),
            pattern: written.user_pattern,
            peers,
        }
    }
}

/// Host and port of a URL, and whether TLS is spoken there.
fn place(url: &str) -> Result<(String, u16, bool), String> {
    let parsed: url::Url = url.parse().map_err(|_| "is not a URL such as https://id.example/jwks".to_owned())?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let local = tls::is_here(&host);
    match parsed.scheme() {
        _ if host.is_empty() => Err("names no host".to_owned()),
        "https" => Ok((host, parsed.port().unwrap_or(443), true)),
        "http" if local => Ok((host, parsed.port().unwrap_or(80), false)),
        _ => Err("does not begin with https://; without TLS, keys are taken from the same machine only".to_owned()),
    }
}

#[cfg(test)]
#[path = "written_tests.rs"]
mod tests;
