//! A new module, with queries coming all the while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, anyhow, ensure};
use warren_tests::client::Session;
use warren_tests::envoy::Envoy;
use warren_tests::eventually::eventually;
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions, built_filter, planted_filter};

/// Two Envoys compile a module, one after the other.
const ROLLED: Duration = Duration::from_secs(60);

/// The checksum of the module that an Envoy has accepted.
fn module_of(envoy: &Envoy) -> Result<String> {
    let dump = envoy.admin("/config_dump?resource=ecds_filters")?;
    let sum = dump.split("\"sha256\": \"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(sum.with_context(|| format!("{} has no module: {dump}", envoy.name()))?.to_owned())
}

pub(super) fn a_new_module_is_rolled_out_envoy_by_envoy_and_no_query_is_lost(stack: &Stack) -> Result<()> {
    let module = stack.run.folder("module")?.join("warren_filter.wasm");
    fs::copy(built_filter()?, &module).context("the filter cannot be copied")?;
    let ports = [free_port()?, free_port()?];
    let late = free_port()?;
    let options = WarrenOptions {
        name: "warren-rollout".to_owned(),
        database_url: stack.postgres.create_database("rollout")?,
        listen: ports[0],
        default_group: "adhoc".to_owned(),
        filter: Some(module.clone()),
        ..WarrenOptions::default()
    };
    let warren = Warren::start(&stack.run, &options)?;
    let start = |port: u16| {
        let name = format!("rollout-{port}");
        let envoy = Envoy::start(&stack.programs, &stack.run, &name, &warren.bootstrap(&name, port)?, 1)?;
        envoy.wait_live()?;
        Ok(envoy)
    };
    let envoys: Vec<Envoy> = ports.into_iter().map(start).collect::<Result<_>>()?;
    warren.cli(&["clusters", "add", "adhoc-1", "--url", &stack.trino("adhoc-1")?.url(), "--active"])?;
    let ask = |port: u16| Session::user("load").run(&format!("http://127.0.0.1:{port}"), "SELECT 1")?.success();
    for port in ports {
        eventually(ROLLED, "the first query", || ask(port))?;
    }

    let before: Vec<String> = envoys.iter().map(module_of).collect::<Result<_>>()?;
    let stop = AtomicBool::new(false);
    let asked = thread::scope(|scope| -> Result<Vec<u32>> {
        let load = ports.map(|port| {
            let (stop, ask) = (&stop, &ask);
            scope.spawn(move || -> Result<u32> {
                let mut asked = 0;
                while !stop.load(Ordering::Relaxed) {
                    ask(port)?;
                    asked += 1;
                }
                Ok(asked)
            })
        });
        // The same filter but for one feature that this load does not meet.
        let rolled = fs::copy(planted_filter()?, &module)
            .context("the other filter cannot be copied")
            .and_then(|_| warren.process.stop())
            .and_then(|()| warren.start_again())
            .and_then(|()| {
                eventually(ROLLED, "both Envoys to have the new module", || {
                    for (envoy, before) in envoys.iter().zip(&before) {
                        ensure!(module_of(envoy)? != *before, "{} has the old one", envoy.name());
                    }
                    Ok(())
                })
            });
        stop.store(true, Ordering::Relaxed);
        let asked = load.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("the load panicked"))?).collect();
        rolled?;
        asked
    });
    let log = fs::read_to_string(warren.process.log())?;
    let asked = asked.with_context(|| format!("a query was lost, or the module was; {log}"))?;
    ensure!(asked.iter().all(|asked| *asked > 0), "{asked:?} queries were asked");
    let turns = log.lines().filter(|line| line.contains("takes the new module")).count();
    ensure!(turns == 2, "{turns} turns were taken:\n{log}");
    let _late = start(late)?;
    ask(late).context("an Envoy that says that it is ready does not have its filter")?;
    Ok(())
}
