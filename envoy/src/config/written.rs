//! Settings as they were written: flags, environment, a TOML file.

use serde::Deserialize;
use std::str::FromStr;

/// Settings as they were written, before they are understood. Each is a flag, an environment variable and a key of the file.
#[derive(clap::Args, Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) struct Written {
    /// PostgreSQL, as postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, env = "WARREN_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(super) database_url: Option<Text>,
    /// Where Envoy opens its listener, unless its bootstrap says otherwise [default: 127.0.0.1:8080]
    #[arg(long, env = "WARREN_LISTEN", value_name = "ADDRESS")]
    pub(super) listen: Option<Text>,
    /// Where Envoys fetch their configuration and the filter [default: 127.0.0.1:18000]
    #[arg(long, env = "WARREN_XDS_LISTEN", value_name = "ADDRESS")]
    pub(super) xds_listen: Option<Text>,
    /// Certificate chain that Warren shows to Envoys on the xDS port, in PEM; needs --xds-tls-key and --xds-client-ca
    #[arg(long, env = "WARREN_XDS_TLS_CERTIFICATE", value_name = "FILE")]
    pub(super) xds_tls_certificate: Option<Text>,
    /// Its private key, in PEM
    #[arg(long, env = "WARREN_XDS_TLS_KEY", value_name = "FILE")]
    pub(super) xds_tls_key: Option<Text>,
    /// Who signs Envoys' certificates, in PEM: whoever has none of theirs gets nothing from the xDS port
    #[arg(long, env = "WARREN_XDS_CLIENT_CA", value_name = "FILE")]
    pub(super) xds_client_ca: Option<Text>,
    /// Names of which an Envoy's certificate must have one (DNS, URI or common name), `*` for any part; comma separated
    #[arg(long, env = "WARREN_XDS_CLIENT_NAMES", value_name = "NAMES")]
    pub(super) xds_client_names: Option<Text>,
    /// Where the API answers [default: 127.0.0.1:18080]
    #[arg(long, env = "WARREN_API_LISTEN", value_name = "ADDRESS")]
    pub(super) api_listen: Option<Text>,
    /// Certificate chain that Warren shows to clients of the API, in PEM; without it the API speaks plain HTTP
    #[arg(long, env = "WARREN_API_TLS_CERTIFICATE", value_name = "FILE")]
    pub(super) api_tls_certificate: Option<Text>,
    /// Its private key, in PEM
    #[arg(long, env = "WARREN_API_TLS_KEY", value_name = "FILE")]
    pub(super) api_tls_key: Option<Text>,
    /// File with the bearer token that the API asks for, the admin's; this or --users is needed when the API listens beyond this machine
    #[arg(long, env = "WARREN_API_TOKEN_FILE", value_name = "FILE")]
    pub(super) api_token_file: Option<Text>,
    /// File with people who may use the API: NAME:ROLE:HASH a line, made by `warren users hash`
    #[arg(long, env = "WARREN_USERS", value_name = "FILE")]
    pub(super) users: Option<Text>,
    /// The filter's module [default: warren_filter.wasm beside this program]
    #[arg(long, env = "WARREN_FILTER", value_name = "FILE")]
    pub(super) filter: Option<Text>,
    /// The module's path on Envoys' own disks; without it they fetch it from the xDS port
    #[arg(long, env = "WARREN_FILTER_ON_ENVOY", value_name = "FILE")]
    pub(super) filter_on_envoy: Option<Text>,
    /// Folder for the last good state, served when PostgreSQL is down [default: warren-state]
    #[arg(long, env = "WARREN_STATE_DIR", value_name = "DIR")]
    pub(super) state_dir: Option<Text>,
    /// Folder with rules that is watched and published when it changes
    #[arg(long, env = "WARREN_RULES", value_name = "DIR")]
    pub(super) rules: Option<Text>,
    /// Folder of `make playground`: serves it under /playground/ of the API's port, to whoever reaches that
    #[arg(long, env = "WARREN_PLAYGROUND", value_name = "DIR")]
    pub(super) playground: Option<Text>,
    /// Group of queries that no rule sends elsewhere [default: adhoc]
    #[arg(long, env = "WARREN_DEFAULT_GROUP", value_name = "GROUP")]
    pub(super) default_group: Option<Text>,
    /// Load balancers in front of Envoy whose X-Forwarded headers are believed [default: 0]
    #[arg(long, env = "WARREN_TRUSTED_HOPS", value_name = "N")]
    pub(super) trusted_hops: Option<Text>,
    /// Certificate chain that Envoy shows to clients, in PEM, on the Envoys' own disks; without it they speak plain HTTP
    #[arg(long, env = "WARREN_TLS_CERTIFICATE", value_name = "FILE")]
    pub(super) tls_certificate: Option<Text>,
    /// Its private key, in PEM, on the Envoys' own disks
    #[arg(long, env = "WARREN_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<Text>,
    /// Where Envoy opens a second listener that leads plain HTTP to TLS, and does nothing else
    #[arg(long, env = "WARREN_REDIRECT_LISTEN", value_name = "ADDRESS")]
    pub(super) redirect_listen: Option<Text>,
    /// Port of TLS as clients see it, for that [default: 443]
    #[arg(long, env = "WARREN_REDIRECT_PORT", value_name = "PORT")]
    pub(super) redirect_port: Option<Text>,
    /// Further paths, beside /v1/statement, on which new queries come; comma separated
    #[arg(long, env = "WARREN_STATEMENT_PATHS", value_name = "PATHS")]
    pub(super) statement_paths: Option<Text>,
    /// Further path prefixes to pass to the default group; comma separated
    #[arg(long, env = "WARREN_EXTRA_PATHS", value_name = "PREFIXES")]
    pub(super) extra_paths: Option<Text>,
    /// Domain under which each cluster's UI has a host: SLUG.DOMAIN
    #[arg(long, env = "WARREN_UI_DOMAIN", value_name = "DOMAIN")]
    pub(super) ui_domain: Option<Text>,
    /// Answer queries with the rule's name in X-Warren-Rule [default: false]
    #[arg(long, env = "WARREN_SHOW_RULE", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) show_rule: Option<Text>,
    /// Let Envoy log a line of JSON a query on its standard output [default: true]
    #[arg(long, env = "WARREN_ACCESS_LOG", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) access_log: Option<Text>,
    /// Keep a history of all queries, in PostgreSQL [default: true]
    #[arg(long, env = "WARREN_HISTORY", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) history: Option<Text>,
    /// What it keeps of a query's text: full (cut at --history-text-bytes), hashed, or off [default: full]
    #[arg(long, env = "WARREN_HISTORY_TEXT", value_name = "full|hashed|off")]
    pub(super) history_text: Option<Text>,
    /// As much of a text as goes into the history, in bytes; a longer one has no hashes [default: 16384]
    #[arg(long, env = "WARREN_HISTORY_TEXT_BYTES", value_name = "BYTES")]
    pub(super) history_text_bytes: Option<Text>,
    /// How long a query stays in the history [default: 7d]
    #[arg(long, env = "WARREN_HISTORY_RETENTION", value_name = "DURATION")]
    pub(super) history_retention: Option<Text>,
    /// Let Envoy count statuses and measure times per Envoy cluster, too, at 1 µs a request [default: false]
    #[arg(long, env = "WARREN_UPSTREAM_STATS", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(super) upstream_stats: Option<Text>,
    /// Status when no cluster is serving: 503 lets clients try again, 200 shows the error at once [default: 503]
    #[arg(long, env = "WARREN_NO_CLUSTER_STATUS", value_name = "STATUS")]
    pub(super) no_cluster_status: Option<Text>,
    /// Longest query text, in bytes, that rules read [default: 8388608]
    #[arg(long, env = "WARREN_BODY_LIMIT", value_name = "BYTES")]
    pub(super) body_limit: Option<Text>,
    /// How long a client may take to send one query, text and all [default: 5m]
    #[arg(long, env = "WARREN_REQUEST_TIMEOUT", value_name = "DURATION")]
    pub(super) request_timeout: Option<Text>,
    /// How often PostgreSQL is read though nothing was notified [default: 5s]
    #[arg(long, env = "WARREN_POLL", value_name = "DURATION")]
    pub(super) poll: Option<Text>,
    /// How often each cluster's health is asked [default: 2s]
    #[arg(long, env = "WARREN_HEALTH_PERIOD", value_name = "DURATION")]
    pub(super) health_period: Option<Text>,
    /// Trino user of the health check's query [default: warren]
    #[arg(long, env = "WARREN_HEALTH_USER", value_name = "USER")]
    pub(super) health_user: Option<Text>,
    /// TOML file with who Warren is to clusters that ask for more: `[NAME]`, `user`, `password_file`
    #[arg(long, env = "WARREN_CREDENTIALS", value_name = "FILE")]
    pub(super) credentials: Option<Text>,
    /// Networks where coordinators may be, such as 10.0.0.0/8,fd00::/8 [default: anywhere but link-local addresses]
    #[arg(long, env = "WARREN_TRINO_NETWORKS", value_name = "NETWORKS")]
    pub(super) trino_networks: Option<Text>,
    /// TOML file with who may run queries: `[tokens.NAME]`, `[certificate]`, `[header]`, `[[impersonation]]`; without it nobody has to log in
    #[arg(long, env = "WARREN_LOGIN", value_name = "FILE")]
    pub(super) login: Option<Text>,
    /// TOML file with routing services that rules may ask: `[NAME]`, `url`, `timeout`, `cache`, `exclude_headers`, `propagate_errors`
    #[arg(long, env = "WARREN_SERVICES", value_name = "FILE")]
    pub(super) services: Option<Text>,
    /// Program that stops a coordinator once its workers are gone; it finds WARREN_CLUSTER and WARREN_CLUSTER_URL in its environment
    #[arg(long, env = "WARREN_STOP_COMMAND", value_name = "FILE")]
    pub(super) stop_command: Option<Text>,
    /// Address that is told with a POST to stop a coordinator: {"cluster": …, "url": …}
    #[arg(long, env = "WARREN_STOP_WEBHOOK", value_name = "URL")]
    pub(super) stop_webhook: Option<Text>,
    /// How long a deleted or edited address is kept for its running queries [default: 1h]
    #[arg(long, env = "WARREN_RETIRED_FOR", value_name = "DURATION")]
    pub(super) retired_for: Option<Text>,
}

/// A value as text; the file may write numbers and booleans bare.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Text(pub(super) String);

impl FromStr for Text {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Text(text.to_owned()))
    }
}

impl TryFrom<toml::Value> for Text {
    type Error = String;
    fn try_from(value: toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => Ok(Text(text)),
            toml::Value::Integer(n) => Ok(Text(n.to_string())),
            toml::Value::Boolean(b) => Ok(Text(b.to_string())),
            toml::Value::Array(items) => {
                let items: Result<Vec<String>, String> =
                    items.into_iter().map(|i| Text::try_from(i).map(|t| t.0)).collect();
                Ok(Text(items?.join(",")))
            }
            other => Err(format!("expected text, a number, a boolean or a list, not {}", other.type_str())),
        }
    }
}
