//! Where coordinators may be: whoever may add a cluster must not lead Warren and Envoys anywhere they like.

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use thiserror::Error;

/// The networks that were named; none: every address but those that no coordinator has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrinoNetworks(Vec<IpNet>);

/// An address where no coordinator may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is in none of the networks where coordinators may be (--trino-networks)")]
pub(crate) struct Elsewhere(pub(crate) IpAddr);

impl TrinoNetworks {
    /// Reads `10.0.0.0/8,fd00::/8,192.0.2.7`.
    ///
    /// # Errors
    /// Which one cannot be read, for the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<TrinoNetworks, String> {
        let network = |text: &str| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse()
                .or_else(|_| address())
                .map_err(|_| format!("holds `{text}`, which is no network such as 10.0.0.0/8"))
        };
        text.split(',').map(|text| network(text.trim())).collect::<Result<_, _>>().map(TrinoNetworks)
    }

    /// May a coordinator be there?
    ///
    /// # Errors
    /// When it may not.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), Elsewhere> {
        // An IPv4 address in the clothes of IPv6 is what it is.
        let address = address.to_canonical();
        let fits = if self.0.is_empty() {
            !is_nobodys(address)
        } else {
            self.0.iter().any(|network| network.contains(&address))
        };
        if fits { Ok(()) } else { Err(Elsewhere(address)) }
    }

    /// The same of a host that is an address; names are looked at when they are resolved.
    ///
    /// # Errors
    /// Likewise.
    pub(crate) fn check_host(&self, host: &str) -> Result<(), Elsewhere> {
        host.parse().map_or(Ok(()), |address| self.check(address))
    }
}

/// Link-local addresses (a cloud's metadata and its passwords are there), groups, and "any".
fn is_nobodys(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    link_local || address.is_multicast() || address.is_unspecified()
}

/// Resolves names to addresses where coordinators may be, each time that Warren connects: a name may lead elsewhere tomorrow.
pub(super) struct AllowedOnly(pub(super) Arc<TrinoNetworks>);

impl Resolve for AllowedOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (mut allowed, mut elsewhere) = (Vec::<SocketAddr>::new(), None);
            for address in found {
                match networks.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(wrong) => elsewhere = Some(wrong),
                }
            }
            match elsewhere {
                Some(wrong) if allowed.is_empty() => Err(wrong.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(networks: &str, address: &str) -> bool {
        let networks =
            if networks.is_empty() { TrinoNetworks::default() } else { TrinoNetworks::parse(networks).unwrap() };
        networks.check_host(address).is_ok()
    }

    #[test]
    fn coordinators_are_where_they_may_be() {
        for (networks, address, want) in [
            ("", "10.1.2.3", true),
            ("", "127.0.0.1", true),
            ("", "169.254.169.254", false),
            ("", "::ffff:169.254.169.254", false),
            ("", "fe80::1", false),
            ("", "0.0.0.0", false),
            ("", "224.0.0.1", false),
            ("", "trino.internal", true),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "10.1.2.3", true),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "fd12::1", true),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "192.0.2.7", true),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "192.0.2.8", false),
            ("10.0.0.0/8, fd00::/8,192.0.2.7", "127.0.0.1", false),
            ("169.254.0.0/16", "169.254.169.254", true),
        ] {
            assert_eq!(allowed(networks, address), want, "{networks}: {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_told() {
        let said = TrinoNetworks::parse("10.0.0.0/8,10.0.0.0/40").unwrap_err();
        assert_eq!(said, "holds `10.0.0.0/40`, which is no network such as 10.0.0.0/8");
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_is_not_followed() {
        let networks = Arc::new(TrinoNetworks::parse("192.0.2.0/24").unwrap());
        let Err(error) = AllowedOnly(networks).resolve("localhost".parse().unwrap()).await else { panic!("it was") };
        assert!(error.downcast_ref::<Elsewhere>().is_some_and(|Elsewhere(address)| address.is_loopback()), "{error}");
    }
}
