//! Who may do what in Warren: the real program asked over HTTP and by its command line, with a database of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use postgres::Client;
use warren_tests::http::{self, Reply};
use warren_tests::ports::free_port;
use warren_tests::stack::Stack;
use warren_tests::warren::{Warren, WarrenOptions, warren_alone};

pub(super) mod audit;
pub(super) mod people;
pub(super) mod roles;
pub(super) mod tokens;

/// The API token, for the admin.
const ADMIN: &str = "the-api-token-of-these-cases";
/// Everybody's password.
const PASSWORD: &str = "open sesame";
/// People: a viewer, another one, an operator.
const PEOPLE: [(&str, &str); 3] = [("ann", "viewer"), ("bob", "viewer"), ("olga", "operator")];

/// A `warren` that asks who one is, and what is beside it.
struct Scene {
    warren: Warren,
    options: WarrenOptions,
    database: String,
    folder: PathBuf,
}

impl Scene {
    /// `name` is the database's, too.
    fn start(stack: &Stack, name: &str) -> Result<Scene> {
        let folder = stack.run.folder(name)?;
        let mut users = String::from("# people\n");
        for (person, role) in PEOPLE {
            let said = warren_alone(&["users", "hash", person, "--role", role], &format!("{PASSWORD}\n"))?;
            ensure!(said.code == 0, "{}", said.stderr);
            users.push_str(&said.stdout);
        }
        for (file, text) in [("users", users.as_str()), ("token", ADMIN), ("password", PASSWORD)] {
            fs::write(folder.join(file), text)?;
        }
        let file = |name: &str| folder.join(name).display().to_string();
        let options = WarrenOptions {
            name: format!("warren-{name}"),
            database_url: stack.postgres.create_database(name)?,
            listen: free_port()?,
            default_group: "adhoc".to_owned(),
            more: ["--api-token-file", &file("token"), "--users", &file("users")].map(str::to_owned).to_vec(),
            ..WarrenOptions::default()
        };
        let warren = Warren::start(&stack.run, &options)?;
        let scene = Scene { warren, options, database: name.to_owned(), folder };
        // Makes the tables, if nothing did yet.
        scene.admin("GET", "/api/v1/audit", "")?.success("the audit")?;
        Ok(scene)
    }

    /// Another `warren` on the same database, with the same people.
    fn another(&self, stack: &Stack) -> Result<Warren> {
        let name = format!("{}-2", self.options.name);
        Warren::start(&stack.run, &WarrenOptions { name, ..self.options.clone() })
    }

    fn admin(&self, method: &str, path: &str, body: &str) -> Result<Reply> {
        ask(&self.warren, method, path, &[("Authorization", &bearer(ADMIN))], body)
    }

    /// The command line with what is in a file of the scene's folder, as somebody or as whom a token says.
    fn cli(&self, user: Option<&str>, file: &str, arguments: &[&str]) -> Result<String> {
        let file = self.folder.join(file).display().to_string();
        let user = user.map(|user| vec!["--api-user", user]).unwrap_or_default();
        self.warren.cli(&[arguments, &["--api-token-file", &file], &user].concat())
    }

    /// A new token with a role.
    fn token(&self, name: &str, role: &str, expires: &str) -> Result<String> {
        let made = self.cli(None, "token", &["tokens", "create", name, "--role", role, "--expires", expires])?;
        Ok(made.trim_end().to_owned())
    }

    fn database(&self, stack: &Stack) -> Result<Client> {
        stack.postgres.connect(&self.database)
    }
}

fn ask(warren: &Warren, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Reply> {
    let kind = if body.is_empty() { vec![] } else { vec![("Content-Type", "application/json")] };
    http::send(method, &format!("{}{path}", warren.api_url()), &[headers, &kind].concat(), body)
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// What a problem says.
fn title(reply: &Reply) -> Result<String> {
    let problem: serde_json::Value = serde_json::from_str(&reply.body).with_context(|| reply.body.clone())?;
    Ok(problem["title"].as_str().unwrap_or_default().to_owned())
}
