//! `warren sql`.

use super::Outcome;
use anyhow::{Context, Result};
use clap::Args;
use std::io::Read;
use warren_rules::Query;
use warren_rules::sql::body_hashes;

#[derive(Args)]
pub(crate) struct SqlArgs {
    /// Catalog of names without one, as X-Trino-Catalog sets it
    #[arg(long, value_name = "CATALOG")]
    catalog: Option<String>,
    /// Schema of names without one, as X-Trino-Schema sets it
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<String>,
    /// Header of the request: X-Trino-Catalog, X-Trino-Schema, X-Trino-Prepared-Statement count
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Print JSON: what it does anyway, so that every command takes the flag
    #[arg(long)]
    json: bool,
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        }
        _ => Err("is not of the form `NAME: VALUE`".to_owned()),
    }
}

/// A statement from standard input; findings if something in it was not understood.
pub(super) fn print(args: &SqlArgs) -> Result<Outcome> {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).context("cannot read the statement from standard input")?;
    let body = String::from_utf8_lossy(&body);
    let named = [("x-trino-catalog", &args.catalog), ("x-trino-schema", &args.schema)];
    let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    let headers = named.chain(args.headers.iter().cloned()).collect();
    let query = Query::new("POST", "/v1/statement", headers).body(&*body);
    let facts = query.sql_facts();
    say!("{}", serde_json::to_string_pretty(&facts.to_json(&body_hashes(&body)))?);
    Ok(if facts.error.is_none() { Outcome::Good } else { Outcome::Findings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_as_curl_does() {
        for (text, want) in [
            ("X-Trino-Catalog: hive", Ok(("x-trino-catalog", "hive"))),
            ("a:b:c", Ok(("a", "b:c"))),
            ("a:", Ok(("a", ""))),
            ("a", Err("is not of the form `NAME: VALUE`")),
            (": a", Err("is not of the form `NAME: VALUE`")),
        ] {
            let want = want.map(|(name, value)| (name.to_owned(), value.to_owned())).map_err(str::to_owned);
            assert_eq!(header(text), want, "{text}");
        }
    }
}
