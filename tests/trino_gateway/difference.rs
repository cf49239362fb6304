//! What Warren's API does otherwise than Trino Gateway's, on purpose: the table in `docs/migration.md`.

use anyhow::{Result, ensure};
use warren_tests::marked::Marked;

const MARKS: [&str; 2] = ["<!-- differences -->\n", "<!-- /differences -->"];

/// A difference, and in `row` its line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    Credentials,
    WebPages,
    ErrorText,
    JsonMessage,
    Unusable,
    Entity,
    State,
    Nulls,
    Database,
    NoSuchPath,
    EncodedSlash,
    Accept,
    Options,
    Ui,
}

impl Difference {
    pub(crate) const ALL: [Self; 14] = [
        Self::Credentials,
        Self::WebPages,
        Self::ErrorText,
        Self::JsonMessage,
        Self::Unusable,
        Self::Entity,
        Self::State,
        Self::Nulls,
        Self::Database,
        Self::NoSuchPath,
        Self::EncodedSlash,
        Self::Accept,
        Self::Options,
        Self::Ui,
    ];

    /// What it is about, what Trino Gateway does, what Warren does, why.
    fn row(self) -> [&'static str; 4] {
        match self {
            Self::Credentials => [
                "credentials",
                "none, or users with roles, 403; `/api/public/*` open to everyone",
                "once there is an API token, it is asked for everywhere but at `livez` and `readyz`, 401",
                "addresses of clusters are nobody's business",
            ],
            Self::WebPages => [
                "a request with `Origin`",
                "served",
                "403, unless it has the bearer token",
                "a page in a browser could add clusters",
            ],
            Self::ErrorText => [
                "an error on 500",
                "a web page with Java's stack and the SQL, or nothing",
                "the same status, a line of text",
                "scripts show it to people",
            ],
            Self::JsonMessage => ["`message` of `JSON_PARSING_ERROR`", "Java's", "another one", "there is no Java"],
            Self::Unusable => [
                "a name that is empty, too long or has a slash, an address that is not `http://HOST:PORT`",
                "taken, or 500; one that is no address stops the health checks of all",
                "400, with every reason",
                "nothing could be routed there",
            ],
            Self::Entity => [
                "`POST /entity`: fields that are not known, text behind the JSON",
                "500; passed over",
                "passed over; 500",
                "bodies are read as by `/gateway`",
            ],
            Self::State => [
                "`state` right after a change",
                "`PENDING` or `UNKNOWN`, without addresses and group, no queries go there",
                "what was known goes on, unless the address changed",
                "an edit is no outage",
            ],
            Self::Nulls => [
                "a row with nulls, written by hand",
                "500 for all clusters, or the whole history",
                "what is null is empty or left out",
                "one row does not hide the others",
            ],
            Self::Database => ["PostgreSQL is away", "500", "503, a line of text", "503 says: try again"],
            Self::NoSuchPath => {
                ["404 for a path that is not there", "no body", "problem+json that says so", "as all of Warren's API"]
            }
            Self::EncodedSlash => ["`%2F` in a name", "400", "404 for the name", "no name has a slash"],
            Self::Accept => ["`Accept` without JSON", "406", "answered all the same", "there is only one form"],
            Self::Options => ["`OPTIONS`", "a WADL document", "405", "nobody reads it"],
            Self::Ui => {
                ["`/`, `/trino-gateway`, `/webapp/*`, `/login` and the like", "the UI", "404", "Warren has no UI yet"]
            }
        }
    }
}

/// Compares the table of the page with the one here; with `UPDATE=1` writes it.
pub(crate) fn check_page() -> Result<()> {
    let page = Marked::read("docs/migration.md", MARKS)?;
    let wanted = table_text();
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        return page.write(&wanted);
    }
    ensure!(page.text == wanted, "docs/migration.md has another table of differences; UPDATE=1 writes:\n{wanted}");
    Ok(())
}

fn table_text() -> String {
    let mut text = "| | Trino Gateway 21 | Warren | why |\n| --- | --- | --- | --- |\n".to_owned();
    for difference in Difference::ALL {
        text.push_str(&format!("| {} |\n", difference.row().join(" | ")));
    }
    text
}
