use std::fs;

use super::*;

fn shell(script: &'static str) -> (tempfile::TempDir, Process) {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("shell.log");
    let process = Process::new("shell", log, move || {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    });
    process.start().unwrap();
    (dir, process)
}

fn state_of(pid: u32) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.split_whitespace().nth(2).unwrap_or("gone").to_owned()
}

#[test]
fn logs_both_outputs_and_ends_when_asked() {
    let (_dir, process) = shell("echo out; echo err >&2; exec sleep 600");
    process
        .wait_until(Duration::from_secs(5), "both lines", || {
            if process.log_tail(9) == "out\nerr" { Ok(()) } else { bail!("not yet") }
        })
        .unwrap();
    process.stop().unwrap();
    assert!(!process.alive());
}

#[test]
fn pause_and_resume_stop_and_continue_it() {
    let (_dir, process) = shell("exec sleep 600");
    let pid = process.pid().unwrap();
    let becomes = |paused: bool| {
        process.wait_until(Duration::from_secs(5), "another state", || {
            if (state_of(pid) == "T") == paused { Ok(()) } else { bail!("it is {}", state_of(pid)) }
        })
    };
    process.pause().unwrap();
    becomes(true).unwrap();
    process.resume().unwrap();
    becomes(false).unwrap();
    process.pause().unwrap();
    process.stop().unwrap();
    assert_eq!(state_of(pid), "gone");
}

#[test]
fn starts_again_after_a_kill() {
    let (_dir, process) = shell("exec sleep 600");
    let first = process.pid().unwrap();
    process.kill9().unwrap();
    assert!(!process.alive());
    process.start().unwrap();
    assert_ne!(process.pid().unwrap(), first);
}

#[test]
fn nothing_it_started_outlives_it() {
    let (dir, process) = shell("trap '' TERM; sleep 600 & echo $!; wait");
    let log = dir.path().join("shell.log");
    let grandchild = process
        .wait_until(Duration::from_secs(5), "a process id", || Ok(fs::read_to_string(&log)?.trim().parse::<u32>()?))
        .unwrap();
    process.kill9().unwrap();
    eventually(Duration::from_secs(5), "the end of the sleep", || {
        if ["gone", "Z"].contains(&state_of(grandchild).as_str()) { Ok(()) } else { bail!("it runs") }
    })
    .unwrap();
}

#[test]
fn waiting_ends_with_the_program() {
    let (_dir, process) = shell("echo wrong configuration; exit 3");
    let error = process.wait_until(Duration::from_secs(60), "a port", || -> Result<()> { bail!("closed") });
    let error = format!("{:#}", error.unwrap_err());
    assert!(
        error.contains("shell: a port: it ended (exit status: 3); the end of its log:\nwrong configuration"),
        "{error}"
    );
}
