//! Passwords: from a file, and from a real directory.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use warren_tests::certificates::Certificates;
use warren_tests::client::Session;
use warren_tests::directory::{BASE, Directory, SEARCHER, SEARCHERS_PASSWORD};
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::{Door, ran_as};

/// Alice's.
pub(in super::super) const PASSWORD: &str = "open sesame";
/// The same, by bcrypt of cost 8.
pub(super) const FILE: &str = "alice:$2b$08$abcdefghijklmnopqrstuuvbcBqwD0vqGp5cw/xK4wy0Mtx9M8.Zy\n";
pub(super) const WRONG: &str = "wrong user or password";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(in super::super) fn a_password_says_who_runs_the_query(stack: &Stack) -> Result<()> {
    let file = stack.run.folder("passwords")?.join("passwords");
    fs::write(&file, FILE)?;
    let door = Door::open(stack, "login-passwords", &format!("[passwords]\nfile = \"{}\"\n", file.display()), &[])?;
    let right = basic("alice", PASSWORD);
    let session = Session::user("alice").header("Authorization", &right);
    assert_eq!(ran_as(stack, &door, &session)?, ("alice".to_owned(), "adhoc-1".to_owned()));
    let said = |headers: &[(&str, &str)]| door.said(headers);
    let wrong = (401, WRONG.to_owned());
    for (user, password) in
        [("alice", "open"), ("alice", ""), ("", ""), ("bob", "open sesame"), ("Alice", "open sesame")]
    {
        assert_eq!(said(&[("Authorization", &basic(user, password))])?, wrong, "{user} {password}");
    }
    assert_eq!(said(&[("Authorization", "Basic !")])?, wrong);
    assert_eq!(
        said(&[("Authorization", &right), ("X-Trino-User", "root")])?.1,
        "Access Denied: User alice cannot impersonate user root"
    );
    assert_eq!(said(&[("X-Warren-Password-User", "alice")])?, (401, "log in first".to_owned()));
    assert_eq!(said(&[("Authorization", "Bearer x")])?, (401, "log in first".to_owned()));
    assert_eq!(door.ask("POST", "/v1/statement", &[])?.header("www-authenticate"), Some("Basic realm=\"Warren\""));
    door.warren.process.stop()?;
    assert_eq!(said(&[("Authorization", &right)])?.0, 503, "nobody is there to check it");
    assert_eq!(said(&[])?.0, 401, "who brings none is told so all the same");
    Ok(())
}

pub(in super::super) fn a_directory_knows_who_has_which_password(stack: &Stack) -> Result<()> {
    let certificates = Certificates::make(&stack.run)?;
    let people = [("alice", "data", "open sesame"), ("bob", "sales", "hunter2"), ("x*y", "data", "star")];
    let directory = Directory::start(&stack.run, &certificates, &people)?;
    let folder = stack.run.folder("searcher")?;
    let password = folder.join("password");
    fs::write(&password, format!("{SEARCHERS_PASSWORD}\n"))?;
    let login = |ca: &str| {
        format!(
            "[passwords.directory]\nurl = \"{}\"\nca_file = \"{ca}\"\nbase = \"{BASE}\"\nsearch_as = \"{SEARCHER}\"\n\
             search_password_file = \"{}\"\nfilter = \"(&(uid=${{USER}})(departmentNumber=data))\"\n",
            directory.url(),
            password.display()
        )
    };
    let ca = certificates.ca.to_str().context("a path")?;
    let door = Door::open(stack, "login-directory", &login(ca), &[])?;
    let said = |user: &str, password: &str| door.said(&[("Authorization", &basic(user, password))]);
    let session = |user: &str, typed: &str| Session::user(user).header("Authorization", &basic(typed, "open sesame"));
    let alice = ("alice".to_owned(), "adhoc-1".to_owned());
    assert_eq!(ran_as(stack, &door, &session("alice", "alice"))?, alice);
    assert_eq!(ran_as(stack, &door, &session("", "ALICE"))?, alice, "named as the directory writes it");
    let wrong = (401, WRONG.to_owned());
    for (user, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("bob", "hunter2"),
        ("nobody", "open sesame"),
        ("al*", "open sesame"),
        ("*", "open sesame"),
        ("alice)(uid=*", "open sesame"),
        ("alice,dc=warren,dc=test", "open sesame"),
    ] {
        assert_eq!(said(user, password)?, wrong, "{user}");
    }
    assert_eq!(said("x*y", "star")?.1, "runs", "a name with a star in it");

    directory.process.kill9()?;
    let away = (503, "passwords cannot be checked now; try again".to_owned());
    assert_eq!(said("alice", "wrong")?, away);
    assert_eq!(said("alice", "open sesame")?.1, "runs", "who was right a moment ago");
    directory.start_again()?;
    eventually(Duration::from_secs(20), "it to be asked again", || {
        ensure!(said("alice", "wrong")? == wrong);
        Ok(())
    })?;
    drop(door);

    let strangers = Certificates::make_in(&stack.run, "strangers-directory")?;
    let door = Door::open(stack, "login-wrong-directory", &login(strangers.ca.to_str().context("a path")?), &[])?;
    assert_eq!(door.said(&[("Authorization", &basic("alice", PASSWORD))])?, away, "not the directory that is trusted");
    Ok(())
}
