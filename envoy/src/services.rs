//! Routing services that rules may ask: where they are and how they are asked, from a file of the operator's.

use crate::duration;
use crate::resources::service_cluster;
use crate::state::Address;
use crate::tls;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use warren_rules::ExternalService;

/// Headers that say who the user is to others than this service.
const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-trino-extra-credential"];
/// How long a service may take, unless the file says otherwise. A query waits for it.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long a service may take at most: clients of Trino give up after some tens of seconds.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);

/// All routing services, by name.
pub(crate) type Services = BTreeMap<String, RoutingService>;

/// A routing service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RoutingService {
    pub(crate) address: Address,
    /// Certificates, in PEM, of whoever signs its; none: whom the Envoys' systems trust.
    pub(crate) ca: Option<String>,
    /// What the filter is told.
    pub(crate) asked: ExternalService,
}

/// `[NAME]` and what follows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    /// Of whoever signs its certificate.
    ca_file: Option<PathBuf>,
    timeout: Option<String>,
    exclude_headers: Option<Vec<String>>,
    #[serde(default)]
    propagate_errors: bool,
    cache: Option<String>,
}

/// Reads the file's text.
///
/// # Errors
/// Every mistake: which service, what was written, what is expected.
pub(crate) fn read(text: &str) -> Result<Services, Vec<String>> {
    let written: BTreeMap<String, Written> = toml::from_str(text).map_err(|e| vec![e.message().to_owned()])?;
    let mut services = Services::new();
    let mut errors = Vec::new();
    for (name, written) in written {
        match service(&name, written) {
            Ok(service) => drop(services.insert(name, service)),
            Err(wrong) => errors.extend(wrong.into_iter().map(|why| format!("`{name}`: {why}"))),
        }
    }
    if errors.is_empty() { Ok(services) } else { Err(errors) }
}

fn service(name: &str, written: Written) -> Result<RoutingService, Vec<String>> {
    let mut errors = Vec::new();
    let mut time = |what: &str, text: Option<String>, default: Duration, longest: Duration| {
        let Some(text) = text else { return default };
        let read = duration::parse(&text).and_then(|time| {
            let too_long = || format!("is longer than {}", duration::text(longest));
            if time <= longest { Ok(time) } else { Err(too_long()) }
        });
        read.unwrap_or_else(|why| {
            errors.push(format!("{what}: `{text}` {why}"));
            default
        })
    };
    let timeout = time("timeout", written.timeout, TIMEOUT, LONGEST_TIMEOUT);
    let cache = time("cache", written.cache, Duration::ZERO, Duration::from_secs(3600));
    let place = place(&written.url).map_err(|why| errors.push(format!("url: `{}` {why}", written.url))).ok();
    let ca = written.ca_file.and_then(|path| {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {error}"));
        let ca = text.and_then(|text| tls::roots(Some(text.as_bytes())).map(|_| text));
        ca.map_err(|why| errors.push(format!("ca_file: `{}` {why}", path.display()))).ok()
    });
    if name.is_empty() {
        errors.push("a routing service needs a name".to_owned());
    }
    let excluded = written.exclude_headers.unwrap_or_else(|| SECRETS.map(str::to_owned).to_vec());
    match place {
        Some((address, authority, path)) if errors.is_empty() => Ok(RoutingService {
            address,
            ca,
            asked: ExternalService {
                envoy_cluster: service_cluster(name),
                authority,
                path,
                timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                exclude_headers: excluded.iter().map(|name| name.to_ascii_lowercase()).collect(),
                propagate_errors: written.propagate_errors,
                cache_seconds: cache.as_secs(),
            },
        }),
        _ => Err(errors),
    }
}

/// Address, `Host` and path of a URL.
fn place(url: &str) -> Result<(Address, String, String), String> {
    let parsed: url::Url = url.parse().map_err(|_| "is not a URL such as http://router:8080/route".to_owned())?;
    let host = parsed.host_str().unwrap_or_default();
    let tls = parsed.scheme() == "https";
    if !(tls || parsed.scheme() == "http") || host.is_empty() {
        return Err("does not begin with http:// or https://".to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("holds a user; the service is told the query's".to_owned());
    }
    let port = parsed.port_or_known_default().unwrap_or(80);
    let address = Address { tls, host: host.trim_matches(['[', ']']).to_owned(), port };
    let authority = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let query = parsed.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok((address, authority, format!("{}{query}", parsed.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_asked_as_the_file_says() {
        let services = read(
            "[router]\nurl = \"http://router.internal:8080/route?x=1\"\n\
             [other]\nurl = \"https://10.0.0.1\"\ntimeout = \"250ms\"\nexclude_headers = [\"X-Secret\"]\n\
             propagate_errors = true\ncache = \"5m\"\n",
        )
        .unwrap();
        let router = services.get("router").unwrap();
        assert_eq!((router.address.host.as_str(), router.address.port), ("router.internal", 8080));
        assert_eq!(
            router.asked,
            ExternalService {
                envoy_cluster: "service/router".to_owned(),
                authority: "router.internal:8080".to_owned(),
                path: "/route?x=1".to_owned(),
                timeout_ms: 1_000,
                exclude_headers: SECRETS.map(str::to_owned).to_vec(),
                propagate_errors: false,
                cache_seconds: 0,
            }
        );
        let other = services.get("other").unwrap();
        assert_eq!(
            (other.address.port, other.asked.authority.as_str(), other.asked.path.as_str()),
            (443, "10.0.0.1", "/")
        );
        assert_eq!((other.asked.timeout_ms, other.asked.cache_seconds, other.asked.propagate_errors), (250, 300, true));
        assert_eq!(other.asked.exclude_headers, ["x-secret"]);
    }

    #[test]
    fn a_file_without_certificates_is_told_at_the_start() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().display();
        let said = read(&format!("[a]\nurl = \"https://router\"\nca_file = \"{path}\"\n")).unwrap_err();
        assert_eq!(said, [format!("`a`: ca_file: `{path}` holds no certificate in PEM")]);
    }

    #[test]
    fn tells_all_mistakes() {
        let text = "[a]\nurl = \"ftp://x\"\ntimeout = \"1h\"\n[b]\nurl = \"http://u:p@x/\"\ncache = \"soon\"\n";
        assert_eq!(
            read(text).unwrap_err(),
            [
                "`a`: timeout: `1h` is longer than 10s",
                "`a`: url: `ftp://x` does not begin with http:// or https://",
                "`b`: cache: `soon` is not a duration such as 500ms, 5s, 10m, 1h or 7d",
                "`b`: url: `http://u:p@x/` holds a user; the service is told the query's",
            ]
        );
        assert_eq!(
            read("[a]\nur = \"http://x\"\n").unwrap_err(),
            [
                "unknown field `ur`, expected one of `url`, `ca_file`, `timeout`, `exclude_headers`, `propagate_errors`, `cache`"
            ]
        );
    }
}
