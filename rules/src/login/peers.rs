//! Who is believed when it says who somebody else is: addresses and SPIFFE ids.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A proxy that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Peer {
    /// Addresses: `10.1.0.0/16`, or one.
    Network {
        /// Its first address.
        address: IpAddr,
        /// As many bits of it count.
        bits: u8,
    },
    /// The URI in its certificate, which Envoy checked: `spiffe://mesh.example/ns/ingress/sa/gateway`.
    Uri(String),
}

impl Peer {
    /// Is one of them at the other end?
    pub(super) fn any(peers: &[Peer], address: Option<&str>, uri: Option<&str>) -> bool {
        let address = address.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
        peers.iter().any(|peer| match peer {
            Peer::Network { address: network, bits } => {
                address.is_some_and(|address| leading_bits(*network, address) >= u32::from(*bits))
            }
            Peer::Uri(known) => uri == Some(known.as_str()),
        })
    }
}

/// As many bits are the same, from the first on; 0 for addresses of different kinds, which no network of 0 bits makes one.
fn leading_bits(one: IpAddr, other: IpAddr) -> u32 {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => 0,
    }
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Peer, String> {
        if text.starts_with("spiffe://") && text.len() > "spiffe://".len() {
            return Ok(Peer::Uri(text.to_owned()));
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let expected = || format!("`{text}` is neither an address such as 10.1.0.0/16 nor a spiffe:// URI");
        let address: IpAddr = address.parse().map_err(|_| expected())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| expected())?;
        // A network of no bits is everybody, which is no reason to believe.
        if bits == 0 || bits > most { Err(expected()) } else { Ok(Peer::Network { address, bits }) }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Network { address, bits } => write!(f, "{address}/{bits}"),
            Peer::Uri(uri) => f.write_str(uri),
        }
    }
}

impl TryFrom<String> for Peer {
    type Error = String;

    fn try_from(text: String) -> Result<Peer, String> {
        text.parse()
    }
}

impl From<Peer> for String {
    fn from(peer: Peer) -> String {
        peer.to_string()
    }
}
