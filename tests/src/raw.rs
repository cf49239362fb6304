//! HTTP/1 as bytes, sent as they are, over TLS too: for requests that no HTTP library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::http::Reply;

/// How long a reply may take, unless the test waits for something slower.
const PROMPT: Duration = Duration::from_secs(30);
/// Headers of a reply that are read.
const HEADERS: usize = 128;

/// A connection on which a test says what it likes.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    /// The same, or TLS on it.
    io: Box<dyn Io>,
    /// The certificate that the server showed, if it speaks TLS.
    pub certificate: Option<Vec<u8>>,
    /// What came and was not read yet.
    rest: Vec<u8>,
}

trait Io: Read + Write + Send + std::fmt::Debug {}
impl<T: Read + Write + Send + std::fmt::Debug> Io for T {}

/// Sends a whole request on a connection of its own. `None`: the connection was closed without a reply.
pub fn ask(base: &str, request: &[u8]) -> Result<Option<Reply>> {
    let mut raw = Raw::connect(base)?;
    raw.send(request);
    raw.reply(request.starts_with(b"HEAD "), PROMPT)
}

// === impl Raw ===

impl Raw {
    /// Connects to the host and port of an address such as `http://127.0.0.1:8080`.
    pub fn connect(base: &str) -> Result<Self> {
        let address = base.trim_start_matches("http://");
        let stream = TcpStream::connect(address).with_context(|| format!("{address}: no connection"))?;
        stream.set_nodelay(true)?;
        Ok(Self { io: Box::new(stream.try_clone()?), stream, certificate: None, rest: Vec::new() })
    }

    /// The same over TLS, trusting who signed this file's certificates.
    pub fn connect_tls(base: &str, ca: &Path) -> Result<Self> {
        let address = base.trim_start_matches("https://");
        let mut raw = Self::connect(address)?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
        let mut tls = ClientConnection::new(Arc::new(config), ServerName::try_from(host)?)?;
        raw.stream.set_read_timeout(Some(PROMPT))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut raw.stream).with_context(|| format!("{address}: no TLS"))?;
        }
        raw.certificate = tls.peer_certificates().and_then(|chain| Some(chain.first()?.to_vec()));
        raw.io = Box::new(StreamOwned::new(tls, raw.stream.try_clone()?));
        Ok(raw)
    }

    /// Sends these bytes. That the other side stopped listening in the midst of them is no error: it has its reasons, and
    /// says them in its reply.
    pub fn send(&mut self, bytes: &[u8]) {
        drop(self.io.write_all(bytes).and_then(|()| self.io.flush()));
    }

    /// Waits; an error if anything comes, or the connection is closed.
    pub fn nothing_for(&mut self, time: Duration) -> Result<()> {
        self.stream.set_read_timeout(Some(time))?;
        match self.io.read(&mut [0; 1024]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
            Ok(n) => bail!("{n} bytes came, where nothing was awaited"),
            Err(error) => Err(error).context("where nothing was awaited"),
        }
    }

    /// Reads the next reply, body and all; `100 Continue` is none. `None`: the connection was closed without one.
    pub fn reply(&mut self, to_head: bool, within: Duration) -> Result<Option<Reply>> {
        let deadline = Instant::now() + within;
        let (status, headers, length) = loop {
            match self.head()? {
                Some((StatusCode::CONTINUE, _, length)) => drop(self.rest.drain(..length)),
                Some(head) => break head,
                None => {}
            }
            if !self.more(deadline)? {
                ensure!(self.rest.is_empty(), "closed in the midst of a head: {}", String::from_utf8_lossy(&self.rest));
                return Ok(None);
            }
        };
        self.rest.drain(..length);
        let header = |name: &str| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let body = if to_head || status == 204 || status == 304 {
            Vec::new()
        } else if let Some(length) = header("content-length") {
            self.exactly(length.parse().context("content-length is not a number")?, deadline)?
        } else if header("transfer-encoding") == Some("chunked") {
            self.chunks(deadline)?
        } else {
            while self.more(deadline)? {}
            std::mem::take(&mut self.rest)
        };
        Ok(Some(Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() }))
    }

    /// Status, headers and length of a head that has come whole.
    fn head(&self) -> Result<Option<(StatusCode, HeaderMap, usize)>> {
        let mut fields = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = response.parse(&self.rest);
        let httparse::Status::Complete(length) =
            parsed.with_context(|| String::from_utf8_lossy(&self.rest).into_owned())?
        else {
            return Ok(None);
        };
        let status = StatusCode::from_u16(response.code.context("a reply without a status")?)?;
        let mut headers = HeaderMap::new();
        for field in response.headers {
            headers.append(HeaderName::from_bytes(field.name.as_bytes())?, HeaderValue::from_bytes(field.value)?);
        }
        Ok(Some((status, headers, length)))
    }

    fn exactly(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>> {
        while self.rest.len() < length {
            ensure!(self.more(deadline)?, "closed after {} of {length} bytes of a body", self.rest.len());
        }
        Ok(self.rest.drain(..length).collect())
    }

    fn chunks(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let Ok(parsed) = httparse::parse_chunk_size(&self.rest) else { bail!("a chunk's size cannot be read") };
            let httparse::Status::Complete((head, size)) = parsed else {
                ensure!(self.more(deadline)?, "closed in the midst of a chunked body");
                continue;
            };
            let size = usize::try_from(size)?;
            let chunk = self.exactly(head + size + 2, deadline)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend(chunk.get(head..head + size).context("a chunk is short")?);
        }
    }

    /// Reads what comes next; `false` when the other side closed.
    fn more(&mut self, deadline: Instant) -> Result<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "no reply in time; so far: {}", String::from_utf8_lossy(&self.rest));
        self.stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 16 * 1024];
        match self.io.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(n) => {
                self.rest.extend(buffer.get(..n).unwrap_or_default());
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => Ok(false),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(true),
            Err(error) => Err(error).context("reading the reply"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What `ask` makes of these bytes.
    fn answer(bytes: &'static [u8]) -> Result<Option<Reply>> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 2]).unwrap();
            stream.write_all(bytes).unwrap();
        });
        let reply = ask(&base, b"hi");
        server.join().unwrap();
        reply
    }

    #[test]
    fn reads_bodies_however_they_end() {
        for bytes in [
            &b"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nabc"[..],
            b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"HTTP/1.1 404 Not Found\r\n\r\nabc",
        ] {
            let reply = answer(bytes).unwrap().unwrap();
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (404, "abc"));
        }
    }

    #[test]
    fn tells_a_closed_connection_from_half_a_reply() {
        assert!(answer(b"").unwrap().is_none());
        let half = answer(b"HTTP/1.1 404 Not").unwrap_err();
        assert_eq!(format!("{half:#}"), "closed in the midst of a head: HTTP/1.1 404 Not");
    }
}
