//! Settings of TLS: of Warren's two ports, and what becomes of plain HTTP at Envoy.

use super::{Reader, Text, address};
use crate::resources::redirect::Redirect;
use crate::tls::clients::NamePattern;
use crate::tls::renewal::Certificate;
use crate::tls::server::{Clients, Port, ServerFiles};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Who may come to the xDS port.
pub(super) fn xds_clients(reader: &mut Reader, ca: Option<Text>, names: Option<Text>) -> Option<Clients> {
    let named = names.is_some();
    let names = reader.value("xds_client_names", names, Vec::new(), |text| {
        text.split(',').map(|name| NamePattern::parse(name.trim())).collect()
    });
    if named && ca.is_none() {
        reader.0.push("xds_client_ca: missing; --xds-client-names says which of its certificates come in".to_owned());
    }
    ca.map(|Text(ca)| Clients { ca: PathBuf::from(ca), names })
}

/// The certificate of one of Warren's ports, read from its files.
pub(super) fn certificate(
    reader: &mut Reader,
    port: Port,
    (certificate, key): (Option<Text>, Option<Text>),
    clients: Option<Clients>,
) -> Option<Certificate> {
    let name = port.name();
    let (certificate, key) = match (certificate, key) {
        (Some(Text(certificate)), Some(Text(key))) => (PathBuf::from(certificate), PathBuf::from(key)),
        (None, None) if clients.is_none() => return None,
        (None, None) => {
            reader.0.push(format!("{name}_tls_certificate: missing; --{name}-client-ca needs it and its key"));
            return None;
        }
        (None, Some(_)) => {
            reader.0.push(format!("{name}_tls_certificate: missing; --{name}-tls-key says which key belongs to it"));
            return None;
        }
        (Some(_), None) => {
            reader.0.push(format!("{name}_tls_key: missing; --{name}-tls-certificate needs its key"));
            return None;
        }
    };
    if port == Port::Xds && clients.is_none() {
        let why = "who signs Envoys' certificates; without one whoever reaches the port would get all rules";
        reader.0.push(format!("xds_client_ca: missing; it says {why}"));
    }
    match Certificate::load(ServerFiles { port, certificate, key, clients }) {
        Ok(certificate) => Some(certificate),
        Err(mistakes) => {
            reader.0.extend(mistakes);
            None
        }
    }
}

/// What becomes of plain HTTP.
pub(super) fn redirect(
    reader: &mut Reader,
    listen_text: Option<Text>,
    port: Option<Text>,
    listen: SocketAddr,
    tls: bool,
) -> Option<Redirect> {
    let port_given = port.is_some();
    let port = reader.value("redirect_port", port, 443, |text| match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("is not a port".to_owned()),
    });
    let at = reader.value("redirect_listen", listen_text, None, |text| address(text).map(Some));
    match at {
        Some(_) if !tls => {
            reader.0.push("redirect_listen: needs TLS to lead to: --tls-certificate and --tls-key".to_owned());
        }
        Some(at) if at == listen => {
            reader.0.push(format!("redirect_listen: {at} is where --listen is"));
        }
        None if port_given => {
            reader.0.push("redirect_listen: missing; --redirect-port says where it leads".to_owned());
        }
        _ => {}
    }
    at.map(|listen| Redirect { listen, port })
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Written};

    fn mistakes(settings: &[(&str, &str)]) -> Vec<String> {
        let database = ("database_url", "postgres://db/w");
        let text: String = settings.iter().chain([&database]).map(|(k, v)| format!("{k} = {v:?}\n")).collect();
        let written: Written = toml::from_str(&text).unwrap();
        Config::read(written, None).err().map(|errors| errors.0).unwrap_or_default()
    }

    #[test]
    fn what_belongs_together_comes_together() {
        assert_eq!(
            mistakes(&[("xds_tls_certificate", "/c"), ("api_tls_key", "/k"), ("xds_client_names", "a")]),
            [
                "xds_client_ca: missing; --xds-client-names says which of its certificates come in",
                "xds_tls_key: missing; --xds-tls-certificate needs its key",
                "api_tls_certificate: missing; --api-tls-key says which key belongs to it",
            ]
        );
        assert_eq!(
            mistakes(&[("xds_client_ca", "/ca")]),
            ["xds_tls_certificate: missing; --xds-client-ca needs it and its key"]
        );
        assert_eq!(
            mistakes(&[("xds_tls_certificate", "/none/c"), ("xds_tls_key", "/none/k")]),
            [
                "xds_client_ca: missing; it says who signs Envoys' certificates; without one whoever reaches the port would get all rules",
                "xds_tls_certificate: `/none/c` cannot be read: No such file or directory (os error 2)",
                "xds_tls_key: `/none/k` cannot be read: No such file or directory (os error 2)",
            ]
        );
    }

    #[test]
    fn a_redirect_leads_somewhere() {
        let tls = [("tls_certificate", "/c"), ("tls_key", "/k")];
        assert_eq!(
            mistakes(&[("redirect_listen", "0.0.0.0:80")]),
            ["redirect_listen: needs TLS to lead to: --tls-certificate and --tls-key"]
        );
        assert_eq!(
            mistakes(&[tls[0], tls[1], ("redirect_listen", "127.0.0.1:8080")]),
            ["redirect_listen: 127.0.0.1:8080 is where --listen is"]
        );
        assert_eq!(
            mistakes(&[tls[0], tls[1], ("redirect_port", "0")]),
            ["redirect_port: `0` is not a port", "redirect_listen: missing; --redirect-port says where it leads"]
        );
    }

    #[test]
    fn the_databases_ca_is_looked_at_before_it_is_needed() {
        let url = "postgres://u:secret@db/w?sslmode=verify-full&sslrootcert=/none/ca.pem";
        let written: Written = toml::from_str(&format!("database_url = {url:?}")).unwrap();
        assert_eq!(
            Config::read(written, None).err().map(|errors| errors.0),
            Some(vec![
                "database_url: sslrootcert: `/none/ca.pem` cannot be read: No such file or directory (os error 2)"
                    .to_owned()
            ])
        );
    }
}
