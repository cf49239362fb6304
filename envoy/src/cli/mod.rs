//! The command line.

/// Prints a line to standard output. Unlike `println!` it does not panic when nobody reads it (`warren status | head`).
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        writeln!(std::io::stdout(), $($text)*)?
    }};
}

mod audit;
mod bootstrap;
mod certs;
mod client;
mod clusters;
mod groups;
mod history;
mod operation;
mod rules;
mod serve;
mod sql;
mod status;
mod tokens;
mod users;

use clap::{Args, CommandFactory, Parser, Subcommand};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

/// Routes Trino queries inside Envoy.
#[derive(Parser)]
#[command(name = "warren", version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve Envoys: keep their clusters, routes and rules in step with PostgreSQL
    Serve(Box<serve::ServeArgs>),
    /// Print Envoy's bootstrap
    Bootstrap(bootstrap::BootstrapArgs),
    /// Make certificates to try TLS with
    Certs {
        #[command(subcommand)]
        command: certs::CertsCommand,
    },
    /// List, add, change, activate, drain, shut down, remove clusters
    Clusters {
        #[command(flatten)]
        api: ApiArgs,
        #[command(subcommand)]
        command: clusters::ClustersCommand,
    },
    /// List groups; set how each shares out its queries
    Groups {
        #[command(flatten)]
        api: ApiArgs,
        #[command(subcommand)]
        command: groups::GroupsCommand,
    },
    /// Show who changed what
    Audit {
        #[command(flatten)]
        api: ApiArgs,
        #[command(flatten)]
        args: audit::AuditArgs,
    },
    /// Check, try, import, publish, list, roll back rules
    Rules {
        #[command(flatten)]
        api: ApiArgs,
        #[command(subcommand)]
        command: rules::RulesCommand,
    },
    /// Tell what a statement, read from standard input, names and does
    Sql(sql::SqlArgs),
    /// Show queries of the past, the newest first, or one of them
    History(Box<history::HistoryArgs>),
    /// Show what is served, what is wrong, and what each Envoy made of it
    Status {
        #[command(flatten)]
        api: ApiArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make, list, revoke tokens of programs
    Tokens {
        #[command(flatten)]
        api: ApiArgs,
        #[command(subcommand)]
        command: tokens::TokensCommand,
    },
    /// Make a line for the file of --users
    Users {
        #[command(subcommand)]
        command: users::UsersCommand,
    },
    /// Print the completions of a shell: `source <(warren completions bash)`
    Completions { shell: clap_complete::Shell },
}

/// Where the API is.
#[derive(Args, Clone)]
pub(crate) struct ApiArgs {
    /// Address of the API
    #[arg(long, global = true, env = "WARREN_API", value_name = "URL", default_value = "http://127.0.0.1:18080")]
    api: String,
    /// File with a token for the API, or with the password of --api-user
    #[arg(long, global = true, env = "WARREN_API_TOKEN_FILE", value_name = "FILE")]
    api_token_file: Option<PathBuf>,
    /// Ask as this person, with the password in --api-token-file
    #[arg(long, global = true, env = "WARREN_API_USER", value_name = "NAME")]
    api_user: Option<String>,
    /// Who signed the API's certificate, in PEM, if the system does not trust it anyway
    #[arg(long, global = true, env = "WARREN_API_CA", value_name = "FILE")]
    api_ca: Option<PathBuf>,
}

/// The command line was wrong (`EX_USAGE`).
const USAGE: u8 = 64;

/// How a command ended: 0 good, 1 findings or a failure that was told, 64 a wrong command line or configuration.
pub(crate) enum Outcome {
    Good,
    Findings,
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Good => ExitCode::SUCCESS,
            Outcome::Findings => ExitCode::from(1),
            Outcome::Usage => ExitCode::from(USAGE),
        }
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap; they print to standard output and are none.
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            let _ = error.print();
            return code;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::serve(*args).await,
            Command::Bootstrap(args) => bootstrap::print(&args),
            Command::Certs { command } => certs::run(&command),
            Command::Clusters { api, command } => clusters::run(&api, command).await,
            Command::Groups { api, command } => groups::run(&api, command).await,
            Command::Audit { api, args } => audit::run(&api, &args).await,
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "warren", &mut std::io::stdout());
                Ok(Outcome::Good)
            }
            Command::Rules { api, command } => rules::run(&api, command).await,
            Command::Sql(args) => sql::print(&args),
            Command::History(args) => history::run(*args).await,
            Command::Tokens { api, command } => tokens::run(&api, command).await,
            Command::Users { command } => users::run(&command),
            Command::Status { api, json } => status::print(&api, json).await,
        }
    });
    match outcome {
        Ok(outcome) => outcome.into(),
        // Whoever read the output has read enough.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
