//! The harness against the real programs, without Warren.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::fetch::Programs;
use warren_tests::ports::free_port;
use warren_tests::postgres_server::PostgresServer;
use warren_tests::progress::Progress;
use warren_tests::run_dir::RunDir;
use warren_tests::trino::{Trino, TrinoOptions};

fn programs() -> Result<Programs> {
    Programs::fetch(&Progress::on_stderr())
}

#[test]
fn postgresql_keeps_its_data_through_a_restart() -> Result<()> {
    let run = RunDir::new("postgresql")?;
    let postgres = PostgresServer::start(&programs()?, &run)?;
    postgres.sql("CREATE TABLE burrow (name text); INSERT INTO burrow VALUES ('etl'), (NULL)")?;
    postgres.process.stop()?;
    assert!(postgres.query("SELECT 1").is_err());
    postgres.start_again()?;
    let rows = postgres.query("SELECT name FROM burrow ORDER BY name")?;
    assert_eq!(rows, [[Some("etl".to_owned())], [None]]);
    postgres.process.kill9()?;
    postgres.start_again()?;
    assert_eq!(postgres.query("SELECT count(*) FROM burrow")?, [[Some("2".to_owned())]]);
    Ok(())
}

#[test]
fn a_trino_answers_through_two_envoys_and_tells_who_asked() -> Result<()> {
    let programs = programs()?;
    let run = RunDir::new("trino")?;
    let begin = Instant::now();
    let trino = Trino::start(&programs, &run, "trino-1", &TrinoOptions::default())?;
    let ports = [free_port()?, free_port()?];
    let envoys: Vec<Envoy> = ports
        .iter()
        .enumerate()
        .map(|(i, port)| Envoy::start(&programs, &run, &format!("envoy-{i}"), &forward(*port, trino.port()), 1))
        .collect::<Result<_>>()?;
    trino.wait_ready()?;
    eprintln!("one Trino: ready after {:.1} s", begin.elapsed().as_secs_f32());
    let [first, second] = ports.map(|port| format!("http://127.0.0.1:{port}"));

    let session = Session::user("alice").source("parts").tag("x");
    let mut query = session.start(&first, "SELECT name FROM tpch.tiny.nation ORDER BY 1 -- parts")?;
    query.step()?;
    query.finish_at(&second)?;
    let query = query.success()?;
    assert_eq!(query.columns, ["name"]);
    assert_eq!((query.rows.len(), query.value().context("no value")?), (25, &"ALGERIA".into()));

    let known = trino.queries()?;
    let seen = known.iter().find(|known| known.query_id == query.id).context("the coordinator does not know it")?;
    assert_eq!((seen.session.user.as_str(), seen.session.source.as_deref()), ("alice", Some("parts")));
    assert_eq!(seen.session.client_tags, ["x"]);

    let failed = session.run(&first, "SELECT nonsense")?;
    assert_eq!(failed.error.context("no error")?.error_name, "COLUMN_NOT_FOUND");

    let mut long = session.start(&first, "SELECT count(*) FROM tpch.sf100.lineitem a, tpch.sf100.orders b")?;
    while long.state != "RUNNING" {
        ensure!(long.step()?, "it ended: {:?}", long.error);
    }
    assert_eq!(long.cancel()?.status, 204);
    eventually(Duration::from_secs(10), "the cancelled query to be gone", || {
        let known = trino.queries()?;
        let state = known.iter().find(|known| known.query_id == long.id).map(|known| known.state.as_str());
        ensure!(state == Some("FAILED"), "it is {state:?}");
        Ok(())
    })?;

    for envoy in &envoys {
        ensure!(envoy.stat("cluster.trino.upstream_rq_200")? > 0, "{}: served nothing", envoy.name());
        assert_eq!(envoy.stat("cluster.nobody.upstream_rq_200")?, 0);
        assert!(envoy.config_dump()?.to_string().contains("trino"));
    }
    Ok(())
}

/// An Envoy that sends everything to one port.
fn forward(listen: u16, to: u16) -> String {
    format!(
        r#"
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}}}
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {listen}}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          route_config:
            virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: "/"}}, route: {{cluster: trino, timeout: 0s}}}}]}}]
          http_filters:
          - name: router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: trino
    type: STATIC
    load_assignment:
      cluster_name: trino
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {to}}}}}}}}}]}}]
"#
    )
}
