//! Over TLS, with Trino's own clients: tokens, certificates and passwords.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use warren_tests::certificates::Certificates;
use warren_tests::clients::{Ask, Client, Clients, Login, PARTS, Step};
use warren_tests::fetch::Programs;
use warren_tests::oidc::OidcProvider;
use warren_tests::progress::Progress;
use warren_tests::stack::Stack;

use super::passwords::{FILE, PASSWORD, WRONG};
use super::{Door, tokens_of};

pub(in super::super) fn trinos_clients_log_in_with_tokens_certificates_and_passwords(stack: &Stack) -> Result<()> {
    let progress = Progress::on_stderr();
    let clients = Clients::install(&Programs::fetch_also(PARTS, &progress)?, &progress)?;
    let provider = OidcProvider::start(&stack.programs, &stack.run, &["alice"])?;
    let server = Certificates::make(&stack.run)?;
    let text = |path: &PathBuf| path.display().to_string();
    let passwords = stack.run.folder("login-clients")?.join("passwords");
    fs::write(&passwords, FILE)?;
    let (ca, passwords) = (text(&server.ca), text(&passwords));
    let login =
        format!("[passwords]\nfile = \"{passwords}\"\n[certificate]\nca_file = \"{ca}\"\n{}", tokens_of(&provider));
    let (certificate, key) = (text(&server.certificate), text(&server.key));
    let door = Door::open(stack, "login-tls", &login, &["--tls-certificate", &certificate, "--tls-key", &key])?;

    let alice = server.client("alice")?;
    let stranger = Certificates::make_in(&stack.run, "strangers")?.client("alice")?;
    let ask = |client: Client, user: &str, login: Option<Login>| {
        let ask = Ask {
            url: format!("https://127.0.0.1:{}", door.port),
            user: user.to_owned(),
            source: "login".to_owned(),
            ca: Some(server.ca.clone()),
            login,
            steps: vec![Step::Query("SELECT current_user".to_owned())],
        };
        clients.ask(client, &ask, &stack.run)
    };
    let token = provider.token("alice")?;
    for client in [Client::Cli, Client::Python] {
        for login in
            [Login::Token(token.clone()), Login::Certificate(alice.clone()), Login::Password(PASSWORD.to_owned())]
        {
            let seen = ask(client, "alice", Some(login.clone()))?;
            assert_eq!((seen.error, seen.values), (None, vec!["alice".to_owned()]), "{client}, {login:?}");
            let seen = ask(client, "bob", Some(login.clone()))?;
            let error = seen.error.context("alice was bob")?;
            // A password comes with the name of whom it is: bob's is not alice's.
            let denied = match login {
                Login::Password(_) => WRONG,
                _ => "Access Denied: User alice cannot impersonate user bob",
            };
            ensure!(error.contains(denied), "{client}, {login:?}: {error}");
        }
        let error = ask(client, "alice", None)?.error.context("it was let in without anything")?;
        ensure!(error.contains("log in first") || error.contains("Authentication failed"), "{client}: {error}");
        let error =
            ask(client, "alice", Some(Login::Password("wrong".to_owned())))?.error.context("any password did")?;
        ensure!(error.contains(WRONG) || error.contains("Authentication failed"), "{client}: {error}");
        let error = ask(client, "alice", Some(Login::Certificate(stranger.clone())))?.error;
        ensure!(error.is_some(), "{client}: a stranger's certificate was believed");
    }
    Ok(())
}
