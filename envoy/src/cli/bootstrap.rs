//! `warren bootstrap`.

mod tls;

use super::Outcome;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::net::SocketAddr;
use std::path::Path;
use tls::{NewFile, TlsArgs};

/// The one copy of Envoy's bootstrap, with places to fill in.
const TEMPLATE: &str = include_str!("../../bootstrap.yaml");

#[derive(Args)]
pub(crate) struct BootstrapArgs {
    /// Where `warren serve` gives out configuration, HOST:PORT
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:18000", value_parser = host_and_port)]
    xds: (String, u16),
    /// Name of this Envoy, as `warren status` shows it
    #[arg(long, value_name = "ID", default_value = "envoy", value_parser = plain)]
    node_id: String,
    /// Where this Envoy's admin pages are
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9901")]
    admin: SocketAddr,
    /// Where this Envoy opens its listener [default: as `warren serve --listen` says]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    tls: TlsArgs,
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or("is not of the form HOST:PORT")?;
    Ok((plain(host.trim_matches(['[', ']']))?, port.parse().map_err(|_| "is not of the form HOST:PORT")?))
}

/// Goes between quotes in YAML.
fn plain(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-:~".contains(c));
    if fits { Ok(text.to_owned()) } else { Err("holds other characters than letters, digits and . _ - : ~".to_owned()) }
}

pub(super) fn print(args: &BootstrapArgs) -> Result<Outcome> {
    let Some(folder) = &args.tls.folder else {
        let (bootstrap, _) = render(args, Path::new(""));
        say!("{}", bootstrap.trim_end());
        return Ok(Outcome::Good);
    };
    let folder = std::path::absolute(folder).with_context(|| format!("--folder: {}", folder.display()))?;
    if let Err(wrong) = tls::quotable(&folder.display().to_string()) {
        bail!("--folder: `{}` {wrong}", folder.display());
    }
    let (bootstrap, files) = render(args, &folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Those that the bootstrap names first: an Envoy that sees it finds them.
    for (name, text) in files.into_iter().chain([("envoy.yaml", bootstrap)]) {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        say!("{}", file.display());
    }
    Ok(Outcome::Good)
}

/// The bootstrap, and the files that it names in its folder.
fn render(args: &BootstrapArgs, folder: &Path) -> (String, Vec<NewFile>) {
    let metadata = args.listen.map(|listen| format!("{{listen: \"{listen}\"}}")).unwrap_or_else(|| "{}".to_owned());
    let (transport, files) = args.tls.render(&args.xds.0, folder);
    let bootstrap = TEMPLATE
        .replace("$NODE_ID", &args.node_id)
        .replace("$METADATA", &metadata)
        .replace("$ADMIN_HOST", &args.admin.ip().to_string())
        .replace("$ADMIN_PORT", &args.admin.port().to_string())
        .replace("$XDS_HOST", &args.xds.0)
        .replace("$XDS_PORT", &args.xds.1.to_string())
        .replace("$TRANSPORT", &transport);
    (bootstrap, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_every_place() {
        let args = BootstrapArgs {
            xds: ("warren.svc".into(), 18000),
            node_id: "envoy-1".into(),
            admin: SocketAddr::from(([127, 0, 0, 1], 9901)),
            listen: Some(SocketAddr::from(([0, 0, 0, 0], 8443))),
            tls: TlsArgs::default(),
        };
        let (yaml, _) = render(&args, Path::new("/"));
        let place = yaml.split('$').skip(1).find(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        assert_eq!(place, None, "{yaml}");
        for line in [
            "  id: \"envoy-1\"",
            "  metadata: {listen: \"0.0.0.0:8443\"}",
            "address: \"warren.svc\", port_value: 18000",
        ] {
            assert!(yaml.contains(line), "{line} is not in:\n{yaml}");
        }
    }

    #[test]
    fn refuses_what_would_break_the_yaml() {
        assert_eq!(plain("a\"b"), Err("holds other characters than letters, digits and . _ - : ~".to_owned()));
        assert_eq!(host_and_port("warren"), Err("is not of the form HOST:PORT".to_owned()));
        assert_eq!(host_and_port("[::1]:18000"), Ok(("::1".to_owned(), 18000)));
    }
}
