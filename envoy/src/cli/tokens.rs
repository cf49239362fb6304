//! `warren tokens`.

use super::client::{Client, segment};
use super::status::table;
use super::{ApiArgs, Outcome};
use crate::access::Role;
use crate::api::{MadeToken, NewToken};
use crate::duration::Span;
use crate::store::TokenEntry;
use anyhow::Result;
use clap::Subcommand;
use reqwest::Method;

#[derive(Subcommand)]
pub(crate) enum TokensCommand {
    /// Make a token and print it: it is not shown again
    Create {
        /// Whose it is; the audit shows it
        name: String,
        /// What it may do
        #[arg(long, value_enum)]
        role: Role,
        /// How long it is good, such as 12h or 90d; 366d at most
        #[arg(long, default_value = "90d", value_name = "DURATION")]
        expires: Span,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show all tokens, without what is secret of them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a token of no use, at once
    Revoke { name: String },
}

pub(super) async fn run(api: &ApiArgs, command: TokensCommand) -> Result<Outcome> {
    let client = Client::new(api)?;
    match command {
        TokensCommand::Create { name, role, expires, json } => {
            let made: MadeToken = client.post("tokens", Some(&NewToken { name, role, expires: Some(expires) })).await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&made)?);
                return Ok(Outcome::Good);
            }
            for warning in &made.warnings {
                eprintln!("warning: {warning}");
            }
            // The token alone on standard output: it can be led into a file.
            eprintln!("`{}` is {} until {}; it is not shown again:", made.name, made.role.name(), made.expires_at);
            say!("{}", made.token);
        }
        TokensCommand::List { json } => {
            let tokens: Vec<TokenEntry> = client.get("tokens").await?;
            if json {
                say!("{}", serde_json::to_string_pretty(&tokens)?);
            } else {
                say!("{}", tokens_table(&tokens));
            }
        }
        TokensCommand::Revoke { name } => {
            client.tell(Method::DELETE, &format!("tokens/{}", segment(&name)), None::<&()>).await?;
            say!("token `{name}` is of no use any more");
        }
    }
    Ok(Outcome::Good)
}

fn tokens_table(tokens: &[TokenEntry]) -> comfy_table::Table {
    let rows = tokens.iter().map(|token| {
        let state = match (&token.revoked_at, token.expired) {
            (Some(at), _) => format!("revoked {at}"),
            (None, true) => format!("expired {}", token.expires_at),
            (None, false) => format!("good until {}", token.expires_at),
        };
        vec![
            token.name.clone(),
            token.role.name().to_owned(),
            state,
            token.last_used_at.clone().unwrap_or_else(|| "never".to_owned()),
            token.created_at.clone(),
            token.created_by.clone(),
        ]
    });
    table(&["token", "role", "state (UTC)", "last used", "created", "by"], rows)
}
