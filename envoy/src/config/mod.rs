//! Configuration of `warren serve`: flags, then environment, then a TOML file, then defaults. All mistakes are reported at once.

mod transport;
mod written;

pub(crate) use written::Written;

use crate::access::Users;
use crate::credentials::CredentialBook;
use crate::duration;
use crate::history::{HistorySettings, KeptText};
use crate::lifecycle::stop::Stop;
use crate::login::{self, LoginFile};
use crate::resources::redirect::Redirect;
use crate::resources::secret::CertificateFiles;
use crate::services::{self, Services};
use crate::store;
use crate::tls::renewal::Certificate;
use crate::tls::server::Port;
use crate::trino::TrinoNetworks;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use written::Text;

/// As long a text as rules read, in bytes.
const LONGEST_TEXT: u64 = warren_rules::limits::TEXT_BYTES as u64;

/// As much of a text as the history keeps at most: as long as Trino takes one (`query.max-length`), if its letters are ASCII.
const MOST_HISTORY_TEXT: usize = 1_000_000;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The configuration, understood.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) database_url: String,
    pub(crate) listen: SocketAddr,
    pub(crate) xds_listen: SocketAddr,
    pub(crate) api_listen: SocketAddr,
    pub(crate) api_token: Option<String>,
    /// People who may use the API, and their file.
    pub(crate) users: Option<(PathBuf, Arc<Users>)>,
    /// TLS of the xDS port; none: whoever reaches it is served.
    pub(crate) xds_tls: Option<Certificate>,
    /// TLS of the API.
    pub(crate) api_tls: Option<Certificate>,
    pub(crate) filter: PathBuf,
    pub(crate) filter_on_envoy: Option<String>,
    pub(crate) state_dir: PathBuf,
    pub(crate) rules: Option<PathBuf>,
    pub(crate) playground: Option<PathBuf>,
    pub(crate) default_group: String,
    pub(crate) trusted_hops: u32,
    pub(crate) tls: Option<CertificateFiles>,
    /// Plain HTTP is led to TLS.
    pub(crate) redirect: Option<Redirect>,
    pub(crate) statement_paths: Vec<String>,
    pub(crate) extra_paths: Vec<String>,
    pub(crate) ui_domain: Option<String>,
    pub(crate) show_rule: bool,
    pub(crate) access_log: bool,
    /// None: no history is kept.
    pub(crate) history: Option<HistorySettings>,
    pub(crate) upstream_stats: bool,
    pub(crate) no_cluster_status: u32,
    pub(crate) body_limit: u64,
    pub(crate) request_timeout: Duration,
    pub(crate) poll: Duration,
    pub(crate) health_period: Duration,
    pub(crate) credentials: CredentialBook,
    /// Where coordinators may be.
    pub(crate) trino_networks: Arc<TrinoNetworks>,
    /// Who may run queries; none: nobody is asked.
    pub(crate) login: Option<LoginFile>,
    /// Routing services that rules may ask.
    pub(crate) services: Services,
    pub(crate) stop: Stop,
    pub(crate) retired_for: Duration,
}

/// Every mistake of one configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigErrors(pub(crate) Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Collects mistakes while values are read.
struct Reader(Vec<String>);

impl Reader {
    fn value<T>(&mut self, name: &str, text: Option<Text>, default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(Text(text)) = text else { return default };
        match parse(text.trim()) {
            Ok(value) => value,
            Err(reason) => {
                self.0.push(format!("{name}: `{text}` {reason}"));
                default
            }
        }
    }
}

impl Config {
    /// Reads flags (and environment) over a file's text.
    ///
    /// # Errors
    /// All mistakes, each with the setting's name, what was written and what is expected.
    pub(crate) fn read(flags: Written, file: Option<(&str, &str)>) -> Result<Config, ConfigErrors> {
        let mut reader = Reader(Vec::new());
        let mut file =
            match file.map(|(name, text)| toml::from_str::<Written>(text).map_err(|e| mistake(name, text, &e))) {
                None => Written::default(),
                Some(Ok(written)) => written,
                Some(Err(error)) => {
                    reader.0.push(error);
                    Written::default()
                }
            };
        macro_rules! pick {
            ($field:ident) => {
                flags.$field.or(file.$field.take())
            };
        }
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let database_url = pick!(database_url).map(|t| t.0).unwrap_or_default();
        if database_url.is_empty() {
            reader.0.push("database_url: missing; give --database-url postgres://USER:PASSWORD@HOST:PORT/DATABASE or WARREN_DATABASE_URL".to_owned());
        } else if !database_url.starts_with("postgres://") && !database_url.starts_with("postgresql://") {
            // The value may hold a password: it is not shown.
            reader.0.push("database_url: does not start with postgres://".to_owned());
        } else {
            reader.0.extend(store::certificate_mistakes(&database_url));
        }
        let api_listen = reader.value("api_listen", pick!(api_listen), loopback(18080), address);
        let api_token = match pick!(api_token_file) {
            None => None,
            Some(Text(path)) => match std::fs::read_to_string(&path).map(|t| t.trim().to_owned()) {
                Ok(token) if token.len() >= 16 => Some(token),
                Ok(_) => {
                    reader.0.push(format!("api_token_file: the token in `{path}` is shorter than 16 characters"));
                    None
                }
                Err(error) => {
                    reader.0.push(format!("api_token_file: cannot read `{path}`: {error}"));
                    None
                }
            },
        };
        let users = reader.value("users", pick!(users), None, |path| {
            from_file(path, Users::read).map(|users| Some((PathBuf::from(path), Arc::new(users))))
        });
        if api_token.is_none() && users.is_none() && !api_listen.ip().is_loopback() {
            reader.0.push(format!(
                "api_listen: {api_listen} can be reached from other machines; give --api-token-file or --users"
            ));
        }
        let file_on_envoy =
            |t: &str| if t.starts_with('/') { Ok(t.to_owned()) } else { Err("is not a path from / on".to_owned()) };
        let certificate = pick!(tls_certificate);
        let key = pick!(tls_key);
        let tls = match (certificate.is_some(), key.is_some()) {
            (false, false) => None,
            (true, true) => Some(CertificateFiles {
                certificate: reader.value("tls_certificate", certificate, String::new(), file_on_envoy),
                key: reader.value("tls_key", key, String::new(), file_on_envoy),
            }),
            (false, true) => {
                reader.0.push("tls_certificate: missing; --tls-key says which key belongs to it".to_owned());
                None
            }
            (true, false) => {
                reader.0.push("tls_key: missing; --tls-certificate needs its key".to_owned());
                None
            }
        };
        let listen = reader.value("listen", pick!(listen), loopback(8080), address);
        let xds_clients = transport::xds_clients(&mut reader, pick!(xds_client_ca), pick!(xds_client_names));
        let xds_certificate = (pick!(xds_tls_certificate), pick!(xds_tls_key));
        let xds_tls = transport::certificate(&mut reader, Port::Xds, xds_certificate, xds_clients);
        let api_certificate = (pick!(api_tls_certificate), pick!(api_tls_key));
        let api_tls = transport::certificate(&mut reader, Port::Api, api_certificate, None);
        let redirect =
            transport::redirect(&mut reader, pick!(redirect_listen), pick!(redirect_port), listen, tls.is_some());
        let health_user = reader.value("health_user", pick!(health_user), "warren".to_owned(), not_empty);
        let credentials = reader.value("credentials", pick!(credentials), CredentialBook::new(&health_user), |path| {
            from_file(path, |text| CredentialBook::new(&health_user).read(text))
        });
        let services =
            reader.value("services", pick!(services), Services::new(), |path| from_file(path, services::read));
        let login = reader.value("login", pick!(login), None, |path| from_file(path, login::read).map(Some));
        if login.as_ref().is_some_and(|login| login.settings.certificate.is_some()) && tls.is_none() {
            reader.0.push("login: [certificate] needs TLS: --tls-certificate and --tls-key".to_owned());
        }
        let history = HistorySettings {
            text: reader.value("history_text", pick!(history_text), KeptText::Full, kept_text),
            text_bytes: reader.value("history_text_bytes", pick!(history_text_bytes), 16_384, |t| match t.parse() {
                Ok(n) if (1..=MOST_HISTORY_TEXT).contains(&n) => Ok(n),
                _ => Err(format!("is not a number of bytes from 1 to {MOST_HISTORY_TEXT}")),
            }),
            retention: reader.value("history_retention", pick!(history_retention), WEEK, duration::parse),
        };
        let history = reader.value("history", pick!(history), true, boolean).then_some(history);
        let config = Config {
            database_url,
            listen,
            xds_listen: reader.value("xds_listen", pick!(xds_listen), loopback(18000), address),
            api_listen,
            api_token,
            users,
            xds_tls,
            api_tls,
            filter: pick!(filter).map_or_else(beside_this_program, |t| PathBuf::from(t.0)),
            filter_on_envoy: pick!(filter_on_envoy).map(|t| t.0),
            state_dir: pick!(state_dir).map_or_else(|| PathBuf::from("warren-state"), |t| PathBuf::from(t.0)),
            rules: pick!(rules).map(|t| PathBuf::from(t.0)),
            playground: pick!(playground).map(|t| PathBuf::from(t.0)),
            default_group: reader.value("default_group", pick!(default_group), "adhoc".to_owned(), not_empty),
            trusted_hops: reader.value("trusted_hops", pick!(trusted_hops), 0, |t| {
                t.parse().map_err(|_| "is not a number from 0 up".to_owned())
            }),
            tls,
            redirect,
            statement_paths: reader.value("statement_paths", pick!(statement_paths), Vec::new(), paths),
            extra_paths: reader.value("extra_paths", pick!(extra_paths), Vec::new(), paths),
            ui_domain: reader.value("ui_domain", pick!(ui_domain), None, |t| not_empty(t).map(Some)),
            show_rule: reader.value("show_rule", pick!(show_rule), false, boolean),
            access_log: reader.value("access_log", pick!(access_log), true, boolean),
            history,
            upstream_stats: reader.value("upstream_stats", pick!(upstream_stats), false, boolean),
            no_cluster_status: reader.value("no_cluster_status", pick!(no_cluster_status), 503, |t| match t {
                "503" => Ok(503),
                "200" => Ok(200),
                _ => Err("is neither 503 nor 200".to_owned()),
            }),
            body_limit: reader.value("body_limit", pick!(body_limit), LONGEST_TEXT, |t| match t.parse() {
                Ok(n) if (1024..=LONGEST_TEXT).contains(&n) => Ok(n),
                _ => Err(format!("is not a number of bytes from 1024 to {LONGEST_TEXT}")),
            }),
            request_timeout: reader.value(
                "request_timeout",
                pick!(request_timeout),
                Duration::from_secs(300),
                duration::parse,
            ),
            poll: reader.value("poll", pick!(poll), Duration::from_secs(5), duration::parse),
            health_period: reader.value("health_period", pick!(health_period), Duration::from_secs(2), duration::parse),
            credentials,
            trino_networks: Arc::new(reader.value(
                "trino_networks",
                pick!(trino_networks),
                TrinoNetworks::default(),
                TrinoNetworks::parse,
            )),
            login,
            services,
            stop: Stop {
                command: reader.value("stop_command", pick!(stop_command), None, |t| not_empty(t).map(Some)),
                webhook: reader.value("stop_webhook", pick!(stop_webhook), None, |t| match t.parse::<url::Url>() {
                    Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
                    _ => Err("is not an http or https address".to_owned()),
                }),
            },
            retired_for: reader.value("retired_for", pick!(retired_for), Duration::from_secs(3600), duration::parse),
        };
        if reader.0.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.0)) }
    }

    /// Where PostgreSQL is, without user and password.
    pub(crate) fn database(&self) -> String {
        let Ok(url) = url::Url::parse(&self.database_url) else { return "PostgreSQL".to_owned() };
        format!("{}:{}{}", url.host_str().unwrap_or("local"), url.port().unwrap_or(5432), url.path())
    }
}

/// Where and what, without the line itself: it may hold the password.
fn mistake(name: &str, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{name}: line {}, column {column}: {}", before.matches('\n').count() + 1, error.message())
}

fn beside_this_program() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program.with_file_name("warren_filter.wasm")
}

/// What a file of its own says.
fn from_file<T>(path: &str, read: impl Fn(&str) -> Result<T, Vec<String>>) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    read(&text).map_err(|errors| errors.join("; "))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "is not of the form IP:PORT".to_owned())
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn boolean(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is neither true nor false".to_owned())
}

fn kept_text(text: &str) -> Result<KeptText, String> {
    match text {
        "full" => Ok(KeptText::Full),
        "hashed" => Ok(KeptText::Hashed),
        "off" => Ok(KeptText::Off),
        _ => Err("is none of full, hashed, off".to_owned()),
    }
}

fn paths(text: &str) -> Result<Vec<String>, String> {
    let paths: Vec<String> = text.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect();
    match paths.iter().find(|p| !p.starts_with('/') || p.starts_with("/c/")) {
        Some(bad) => Err(format!("holds `{bad}`: a path starts with / and is not under /c/")),
        None => Ok(paths),
    }
}

#[cfg(test)]
mod tests;
