use super::*;
use crate::tls;
use crate::tls::clients::NamePattern;
use crate::tls::renewal::Certificate;
use crate::tls::server::{Clients, Port, ServerFiles};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key, in PEM.
fn signed(by: &Authority, host: &str, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

fn files(folder: &Path, ours: &Authority, names: Option<&[&str]>) -> ServerFiles {
    let (certificate, key) = signed(ours, "127.0.0.1", "warren");
    let put = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let patterns = |names: &[&str]| names.iter().map(|name| NamePattern::parse(name).unwrap()).collect();
    ServerFiles {
        port: Port::Api,
        certificate: put("server.pem", &certificate),
        key: put("server.key", &key),
        clients: names.map(|names| Clients { ca: put("ca.pem", &ours.pem()), names: patterns(names) }),
    }
}

/// Answers `/` with the client's address.
async fn serve(files: ServerFiles) -> SocketAddr {
    let (_, current) = watch::channel(Certificate::load(files).ok().unwrap().tls());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()));
    let listener = axum::serve::ListenerExt::tap_io(Incoming::on(listener, Some(current)).unwrap(), |_| {});
    let served = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(async { served.await.unwrap() });
    address
}

async fn ask(address: SocketAddr, ca: &Authority, client: Option<(String, String)>) -> Result<String, String> {
    let mut config = tls::trusting(Some(&ca.pem())).unwrap();
    if let Some((certificate, key)) = client {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = rustls::sign::CertifiedKey::from_der(chain, key, &provider).unwrap();
        config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(key));
    }
    let answer = tls::http(config).unwrap().get(format!("https://{address}/")).send().await;
    match answer {
        Ok(answer) => Ok(answer.text().await.unwrap()),
        Err(error) => Err(tls::words::not_believed(&error).unwrap_or_else(|| error.to_string())),
    }
}

#[tokio::test]
async fn a_client_is_answered_over_tls_and_its_address_is_known() {
    let (folder, ours) = (tempfile::tempdir().unwrap(), authority());
    let address = serve(files(folder.path(), &ours, None)).await;
    assert_eq!(ask(address, &ours, None).await, Ok("127.0.0.1".to_owned()));
    let said = "its certificate was signed by nobody who is trusted";
    assert_eq!(ask(address, &authority(), None).await, Err(said.to_owned()));
}

#[tokio::test]
async fn a_client_that_says_nothing_holds_up_nobody() {
    let (folder, ours) = (tempfile::tempdir().unwrap(), authority());
    let address = serve(files(folder.path(), &ours, None)).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert_eq!(ask(address, &ours, None).await, Ok("127.0.0.1".to_owned()));
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_ca_and_one_of_the_names_come_in() {
    let (folder, ours, strangers) = (tempfile::tempdir().unwrap(), authority(), authority());
    let address = serve(files(folder.path(), &ours, Some(&["envoy-*"]))).await;
    let refused = |alert: &str| Err(format!("it ended TLS ({alert}); it may ask for a client's certificate"));
    assert_eq!(ask(address, &ours, Some(signed(&ours, "a.example", "envoy-1"))).await, Ok("127.0.0.1".to_owned()));
    assert_eq!(ask(address, &ours, Some(signed(&ours, "a.example", "grafana"))).await, refused("AccessDenied"));
    assert_eq!(ask(address, &ours, Some(signed(&strangers, "a.example", "envoy-1"))).await, refused("DecryptError"));
    assert_eq!(ask(address, &ours, None).await, refused("CertificateRequired"));
}
