//! Trino Gateway and Warren, each on a database of its own with the same rows.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use warren_tests::eventually::eventually;
use warren_tests::fetch::Programs;
use warren_tests::fetch::programs::Part;
use warren_tests::http;
use warren_tests::postgres_server::PostgresServer;
use warren_tests::progress::Progress;
use warren_tests::run_dir::RunDir;
use warren_tests::trino_gateway::{TrinoGateway, TrinoGatewayOptions};
use warren_tests::warren::{Warren, WarrenOptions};

use crate::case::{Case, Scene, get};

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

const DATABASES: [&str; 2] = ["theirs", "ours"];

/// What both databases hold at the start of each case. Nothing listens on these ports.
const ROWS: &str = "
    DELETE FROM gateway_backend; DELETE FROM query_history;
    INSERT INTO gateway_backend (name, routing_group, backend_url, external_url, active) VALUES
        ('etl-1', 'etl', 'http://127.0.0.1:1', 'http://etl-1.example', true),
        ('idle', 'adhoc', 'http://127.0.0.1:2', 'http://127.0.0.1:2', false);
    INSERT INTO query_history (query_id, query_text, created, backend_url, user_name, source, routing_group, external_url)
    VALUES
        ('20260101_000000_00001_abcde', 'SELECT ''é'' < \"x\"', 1767225600000, 'http://127.0.0.1:1', 'alice', 'trino-cli', 'etl',
         'http://etl-1.example'),
        ('20260101_000000_00002_abcde', 'SELECT 2', 1767225600002, 'http://gone:8080', NULL, NULL, NULL, NULL),
        ('20260101_000000_00003_abcde', 'SELECT 3', 1767225600001, 'http://127.0.0.1:1', 'bob', '', '', '');";

/// How long health checks may take to tell, and programs to find PostgreSQL again.
const IN_THE_END: Duration = Duration::from_secs(60);

/// Both, running.
pub(crate) struct Pair {
    gateway: TrinoGateway,
    warren: Warren,
    with_token: Warren,
    postgres: PostgresServer,
    programs: Programs,
    pub(crate) run: RunDir,
}

impl Pair {
    pub(crate) fn start() -> Result<Self> {
        let progress = Progress::on_stderr();
        let programs = Programs::fetch_also(&[Part::TrinoGateway], &progress)?;
        let run = RunDir::new("trino-gateway")?;
        let postgres = progress.part("PostgreSQL").run(|| PostgresServer::start(&programs, &run))?;
        let mut urls = Vec::new();
        for name in DATABASES {
            urls.push(postgres.create_database(name)?);
        }
        let [theirs, _] = DATABASES;
        let options = TrinoGatewayOptions { database: theirs.to_owned(), ..TrinoGatewayOptions::default() };
        let start = || TrinoGateway::start(&programs, &run, &postgres, "trino-gateway", &options);
        let gateway = progress.part("Trino Gateway").run(start)?;
        let token = run.path().join("token");
        fs::write(&token, TOKEN).context("the token cannot be written")?;
        let options = |name: &str, more: &[&str]| WarrenOptions {
            name: name.to_owned(),
            database_url: urls.last().cloned().unwrap_or_default(),
            default_group: "adhoc".to_owned(),
            more: more.iter().map(|argument| (*argument).to_owned()).collect(),
            ..WarrenOptions::default()
        };
        let token = token.display().to_string();
        let warren = Warren::start(&run, &options("warren", &[]))?;
        let with_token = Warren::start(&run, &options("warren-with-token", &["--api-token-file", &token]))?;
        let pair = Self { gateway, warren, with_token, postgres, programs, run };
        pair.wait_ready()?;
        Ok(pair)
    }

    /// Asks both and compares.
    pub(crate) fn try_case(&self, case: &Case) -> Result<()> {
        match case.scene {
            Scene::Usual => self.ask_both(case, &self.warren),
            Scene::WithToken => self.ask_both(case, &self.with_token),
            Scene::InTheEnd => eventually(IN_THE_END, case.name, || self.ask_both(case, &self.warren)),
            Scene::WithoutDatabase => {
                self.postgres.process.stop()?;
                let asked = (case.ask(&self.gateway.url()), case.ask(&self.warren.api_url()));
                self.postgres.start_again()?;
                self.wait_ready()?;
                case.compare(&asked.0?, &asked.1?)
            }
        }
    }

    fn ask_both(&self, case: &Case, warren: &Warren) -> Result<()> {
        for database in DATABASES {
            let mut database = self.postgres.connect(database)?;
            database.batch_execute(&format!("{ROWS}{}", case.prepare)).context("the rows of a case")?;
        }
        let bases = [self.gateway.url(), warren.api_url()];
        if let Some((path, body)) = case.first {
            for base in &bases {
                http::send("POST", &format!("{base}{path}"), &[("Content-Type", "application/json")], body)?
                    .success(path)?;
            }
        }
        let [there, here] = bases;
        case.compare(&case.ask(&there)?, &case.ask(&here)?)?;
        if case.leaves_the_same() {
            let [there, here] = DATABASES.map(|database| self.rows(database));
            let (there, here) = (there?, here?);
            ensure!(there == here, "{}: left behind\n  Trino Gateway: {there:#?}\n  Warren: {here:#?}", case.name);
        }
        Ok(())
    }

    /// The way back from a database that Warren made: Trino Gateway's own migrations fail there, so they are switched off.
    pub(crate) fn start_on_warrens_database(&self) -> Result<()> {
        let [_, ours] = DATABASES;
        self.postgres.connect(ours)?.batch_execute(ROWS).context("the rows of a case")?;
        let options =
            TrinoGatewayOptions { database: ours.to_owned(), migrations: false, ..TrinoGatewayOptions::default() };
        let gateway = TrinoGateway::start(&self.programs, &self.run, &self.postgres, "trino-gateway-back", &options)?;
        for case in [get("all", "/gateway/backend/all"), get("history", "/trino-gateway/api/queryHistory")] {
            case.compare(&case.ask(&gateway.url())?, &case.ask(&self.warren.api_url())?)?;
        }
        Ok(())
    }

    fn rows(&self, database: &str) -> Result<Vec<String>> {
        let rows = self.postgres.connect(database)?.query(
            "SELECT concat_ws(' | ', name, routing_group, backend_url, external_url, active::text)
             FROM gateway_backend ORDER BY name",
            &[],
        )?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Waits until all of them read from PostgreSQL.
    fn wait_ready(&self) -> Result<()> {
        for base in [self.gateway.url(), self.warren.api_url(), self.with_token.api_url()] {
            let url = format!("{base}/gateway/backend/all");
            let bearer = format!("Bearer {TOKEN}");
            eventually(IN_THE_END, &format!("{url} to answer"), || {
                http::get(&url, &[("Authorization", &bearer)])?.success(&url).map(drop)
            })?;
            let url = format!("{base}/trino-gateway/readyz");
            eventually(IN_THE_END, &format!("{url} to answer"), || http::get(&url, &[])?.success(&url).map(drop))?;
        }
        Ok(())
    }
}
