//! How Envoy reaches Warren by TLS: files beside its bootstrap, which lead it to its certificate and to Warren's CA.

use crate::resources::secret::CertificateFiles;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// What goes into the bootstrap, with places to fill in.
const TEMPLATE: &str = include_str!("../../../bootstrap-tls.yaml");

#[derive(clap::Args, Default)]
pub(super) struct TlsArgs {
    /// Who signed Warren's certificate on the xDS port, in PEM, on this Envoy's disk
    #[arg(long, value_name = "FILE", value_parser = absolute, requires_all = ["xds_certificate", "xds_key", "folder"])]
    xds_ca: Option<String>,
    /// Certificate chain that this Envoy shows to Warren, in PEM, on its disk
    #[arg(long, value_name = "FILE", value_parser = absolute, requires = "xds_ca")]
    xds_certificate: Option<String>,
    /// Its private key, in PEM, on this Envoy's disk
    #[arg(long, value_name = "FILE", value_parser = absolute, requires = "xds_ca")]
    xds_key: Option<String>,
    /// Name that Warren's certificate must have: a host name, an address or a URI [default: the host of --xds]
    #[arg(long, value_name = "NAME", value_parser = name, requires = "xds_ca")]
    xds_name: Option<String>,
    /// Write envoy.yaml into this folder, with the files that it needs, instead of printing it; Envoy must see it there, too
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

/// A file to be written: its name and its text.
pub(super) type NewFile = (&'static str, String);

impl TlsArgs {
    /// What the bootstrap says of TLS, and the files beside it; nothing without TLS.
    pub(super) fn render(&self, xds_host: &str, folder: &Path) -> (String, Vec<NewFile>) {
        let (Some(ca), Some(certificate), Some(key)) = (&self.xds_ca, &self.xds_certificate, &self.xds_key) else {
            return (String::new(), Vec::new());
        };
        let name = self.xds_name.as_deref().unwrap_or(xds_host);
        let kind = kind(name);
        // An address or a URI is no server's name on the wire.
        let sni = if kind == "DNS" { name } else { "" };
        let block = TEMPLATE.replace("$SNI", sni).replace("$FOLDER", &folder.display().to_string());
        let files = CertificateFiles { certificate: certificate.clone(), key: key.clone() };
        let watched_too = files.folder().map(|folder| watched(&folder)).unwrap_or_default();
        let own = format!(
            "  tls_certificate:\n    certificate_chain: {{filename: \"{certificate}\"}}\n    private_key: {{filename: \"{key}\"}}\n{watched_too}"
        );
        let folder_of_ca = ca.rsplit_once('/').map(|(folder, _)| watched(&format!("{folder}/"))).unwrap_or_default();
        let trusted = format!(
            "  validation_context:\n    trusted_ca: {{filename: \"{ca}\"}}\n{folder_of_ca}    match_typed_subject_alt_names: [{{san_type: {kind}, matcher: {{exact: \"{name}\"}}}}]\n"
        );
        let files = vec![
            ("warren-control-certificate.yaml", secret("warren-control-certificate", &own)),
            ("warren-control-ca.yaml", secret("warren-control-ca", &trusted)),
        ];
        (block, files)
    }
}

fn watched(folder: &str) -> String {
    format!("    watched_directory: {{path: \"{folder}\"}}\n")
}

fn secret(name: &str, of: &str) -> String {
    let kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
    format!("resources:\n- \"@type\": {kind}\n  name: {name}\n{of}")
}

/// Envoy's word for the kind of a name.
fn kind(name: &str) -> &'static str {
    if name.contains("://") {
        "URI"
    } else if name.parse::<IpAddr>().is_ok() {
        "IP_ADDRESS"
    } else {
        "DNS"
    }
}

/// Goes between quotes in YAML.
fn absolute(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err("is not a path from / on".to_owned());
    }
    quotable(text)
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { quotable(text) }
}

pub(super) fn quotable(text: &str) -> Result<String, String> {
    let bad = |c: char| matches!(c, '"' | '\\' | '$') || c.is_control();
    if text.contains(bad) {
        Err("holds a quotation mark, a backslash, a dollar sign or a control character".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(name: Option<&str>) -> TlsArgs {
        TlsArgs {
            xds_ca: Some("/certs/ca.pem".to_owned()),
            xds_certificate: Some("/certs/envoy.pem".to_owned()),
            xds_key: Some("/certs/envoy.key".to_owned()),
            xds_name: name.map(str::to_owned),
            folder: None,
        }
    }

    #[test]
    fn certificate_and_ca_are_files_of_their_own_that_envoy_watches() {
        let (block, files) = args(None).render("warren.svc", Path::new("/etc/envoy"));
        assert!(block.contains("sni: \"warren.svc\""), "{block}");
        assert!(block.contains("path: \"/etc/envoy/warren-control-ca.yaml\""), "{block}");
        let kind = "- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
        assert_eq!(
            files,
            [
                (
                    "warren-control-certificate.yaml",
                    format!(
                        "resources:\n{kind}\n  name: warren-control-certificate\n  tls_certificate:\n    \
                         certificate_chain: {{filename: \"/certs/envoy.pem\"}}\n    private_key: {{filename: \
                         \"/certs/envoy.key\"}}\n    watched_directory: {{path: \"/certs/\"}}\n"
                    )
                ),
                (
                    "warren-control-ca.yaml",
                    format!(
                        "resources:\n{kind}\n  name: warren-control-ca\n  validation_context:\n    trusted_ca: \
                         {{filename: \"/certs/ca.pem\"}}\n    watched_directory: {{path: \"/certs/\"}}\n    \
                         match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: \"warren.svc\"}}}}]\n"
                    )
                ),
            ]
        );
    }

    #[test]
    fn a_name_is_looked_for_where_names_of_its_kind_stand() {
        for (name, want, sni) in [
            ("spiffe://mesh/warren", "san_type: URI, matcher: {exact: \"spiffe://mesh/warren\"}", "sni: \"\""),
            ("10.0.0.1", "san_type: IP_ADDRESS, matcher: {exact: \"10.0.0.1\"}", "sni: \"\""),
            ("db.example", "san_type: DNS, matcher: {exact: \"db.example\"}", "sni: \"db.example\""),
        ] {
            let (block, files) = args(Some(name)).render("warren.svc", Path::new("/f"));
            assert!(block.contains(sni) && files.iter().any(|(_, text)| text.contains(want)), "{files:?}");
        }
    }

    #[test]
    fn without_tls_nothing_is_said_of_it() {
        assert_eq!(TlsArgs::default().render("warren.svc", Path::new("/f")), (String::new(), Vec::new()));
        assert!(absolute("/a\"b").is_err() && absolute("certs/ca.pem").is_err());
    }
}
