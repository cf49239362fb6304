//! Rules in MVEL, and what `warren rules import-mvel` makes of them: both choose the same group. The cases are those of the
//! translation, `envoy/src/mvel/cases`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use warren_tests::fetch::Programs;
use warren_tests::fetch::programs::Part;
use warren_tests::http;
use warren_tests::postgres_server::PostgresServer;
use warren_tests::progress::Progress;
use warren_tests::relay::{Manner, Relay, http_answer};
use warren_tests::run_dir::RunDir;
use warren_tests::trino_gateway::{TrinoGateway, TrinoGatewayOptions};
use warren_tests::warren::warren_alone;

/// Where what no rule decides goes.
const DEFAULT_GROUP: &str = "adhoc";

const HEALTHY: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A `query.json`.
    query: Value,
    /// None is the default group.
    group: Option<String>,
    /// Trino Gateway fails the query here.
    #[serde(default)]
    gateway_fails: bool,
}

/// A Trino Gateway with a coordinator for each group, which answers with the group's name and does nothing else.
pub(crate) struct Rules {
    gateway: TrinoGateway,
    _postgres: PostgresServer,
    _coordinators: Vec<Relay>,
    pub(crate) run: RunDir,
}

pub(crate) fn folders() -> Result<Vec<PathBuf>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/src/mvel/cases");
    let entries = fs::read_dir(&cases).with_context(|| format!("{}", cases.display()))?;
    let mut folders = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    folders.sort();
    Ok(folders)
}

pub(crate) fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn cases(folder: &Path) -> Result<Vec<Case>> {
    let path = folder.join("cases.json");
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}", path.display()))
}

impl Rules {
    pub(crate) fn start() -> Result<Self> {
        let progress = Progress::on_stderr();
        let programs = Programs::fetch_also(&[Part::TrinoGateway], &progress)?;
        let run = RunDir::new("trino-gateway-rules")?;
        let postgres = progress.part("PostgreSQL").run(|| PostgresServer::start(&programs, &run))?;
        postgres.create_database("rules")?;
        let options = TrinoGatewayOptions {
            database: "rules".to_owned(),
            rules: Some("# The cases bring theirs.\n".to_owned()),
            rules_period: "1ms".to_owned(),
            analyze: true,
            history: false,
            ..TrinoGatewayOptions::default()
        };
        let start = || TrinoGateway::start(&programs, &run, &postgres, "trino-gateway", &options);
        let gateway = progress.part("Trino Gateway").run(start)?;
        let mut groups = BTreeSet::from([DEFAULT_GROUP.to_owned()]);
        for folder in folders()? {
            groups.extend(cases(&folder)?.into_iter().filter_map(|case| case.group));
        }
        let coordinators = groups.iter().map(|group| coordinator(&gateway, group)).collect::<Result<_>>()?;
        for group in &groups {
            let state = format!("{}/api/public/backends/{group}/state", gateway.url());
            gateway.process.wait_until(HEALTHY, "its clusters to be healthy", || {
                let state = http::get(&state, &[])?.json(&state)?;
                ensure!(state["trinoStatus"] == "HEALTHY", "{state}");
                Ok(())
            })?;
        }
        Ok(Self { gateway, _postgres: postgres, _coordinators: coordinators, run })
    }

    /// Asks both about every query of a folder, and reports all that differ.
    pub(crate) fn try_folder(&self, folder: &Path) -> Result<()> {
        let rules = self.run.folder(&format!("rules-{}", name(folder)))?;
        let source = folder.join("gateway.yaml");
        let text = |path: &Path| path.display().to_string();
        let said =
            warren_alone(&["rules", "import-mvel", &text(&source), "--out", &text(&rules.join("rules.rhai"))], "")?;
        let refused = fs::read_to_string(folder.join("report.txt"))?.contains("not translated: ");
        ensure!(said.code == i32::from(refused), "import-mvel ended with {}: {}", said.code, said.stderr);
        self.gateway.set_rules(&fs::read_to_string(&source)?)?;
        let mut wrong = Vec::new();
        for case in cases(folder)? {
            let there = self.ask(&case.query)?;
            let decide = ["rules", "decide", &text(&rules), "--default-group", DEFAULT_GROUP];
            let decided = warren_alone(&decide, &case.query.to_string())?;
            let decided: Value = serde_json::from_str(&decided.stdout).with_context(|| decided.stderr)?;
            let here = decided["groups"][0].as_str().map(str::to_owned);
            let group = Some(case.group.unwrap_or_else(|| DEFAULT_GROUP.to_owned()));
            let expected = if case.gateway_fails { None } else { group.clone() };
            if there != expected || here != group {
                wrong.push(format!("{}: Trino Gateway {there:?}, Warren {here:?}, expected {group:?}", case.name));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    /// The group that Trino Gateway sends a query to; none if it fails.
    fn ask(&self, query: &Value) -> Result<Option<String>> {
        let text = |field: &str, default: &str| query[field].as_str().unwrap_or(default).to_owned();
        let headers: BTreeMap<String, Value> =
            query.get("headers").map_or(Ok(BTreeMap::new()), |headers| serde_json::from_value(headers.clone()))?;
        let mut sent = Vec::new();
        for (name, value) in &headers {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            sent.extend(values.iter().map(|value| (name.as_str(), value.as_str().unwrap_or_default())));
        }
        let url = format!("{}{}", self.gateway.url(), text("path", "/v1/statement"));
        let reply = http::send(&text("method", "POST"), &url, &sent, &text("body", ""))?;
        if reply.status == 500 {
            return Ok(None);
        }
        Ok(reply.json(&url)?["group"].as_str().map(str::to_owned))
    }
}

/// Something that says whatever it is asked that it is well, and which group it is of; a cluster of Trino Gateway.
fn coordinator(gateway: &TrinoGateway, group: &str) -> Result<Relay> {
    let relay = Relay::start(0)?;
    let answer = json!({"id": "20260101_000000_00001_abcde", "starting": false, "group": group});
    relay.set(Manner::Answer(http_answer("200 OK", "application/json", &answer.to_string())))?;
    let cluster = json!({
        "name": group, "routingGroup": group, "active": true,
        "proxyTo": format!("http://127.0.0.1:{}", relay.port()),
    });
    let add = format!("{}/gateway/backend/modify/add", gateway.url());
    http::send("POST", &add, &[("Content-Type", "application/json")], &cluster.to_string())?.success(&add)?;
    Ok(relay)
}
