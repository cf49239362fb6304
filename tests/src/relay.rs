//! A stretch of network that can fail: connections to its port are passed on to another, or not, as a test says.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::ports::free_port;

/// The longest head of a request that is looked at, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// What becomes of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Manner {
    /// It is passed on.
    #[default]
    Pass,
    /// Nobody listens.
    Refuse,
    /// It is taken and nothing comes back.
    Stall,
    /// Whatever is asked gets these bytes, and the end.
    Answer(String),
    /// A request for this path gets these bytes, all else is passed on. Only the first request of a connection is looked
    /// at.
    AnswerPath(&'static str, String),
}

/// A port on 127.0.0.1 that leads to another one.
pub struct Relay {
    port: u16,
    shared: Arc<Mutex<Shared>>,
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    manner: Manner,
    upstream: u16,
    open: Vec<TcpStream>,
}

// === impl Relay ===

impl Relay {
    /// Opens a port that leads to `upstream`, also on 127.0.0.1.
    pub fn start(upstream: u16) -> Result<Self> {
        let shared = Shared { manner: Manner::Pass, upstream, open: Vec::new() };
        let relay = Self { port: free_port()?, shared: Arc::new(Mutex::new(shared)), acceptor: Mutex::new(None) };
        relay.listen()?;
        Ok(relay)
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts what is open, and treats new connections like this from now on.
    pub fn set(&self, manner: Manner) -> Result<()> {
        let refuse = manner == Manner::Refuse;
        self.shared().manner = manner;
        if refuse {
            self.stop_listening();
        } else {
            self.listen()?;
        }
        self.cut();
        Ok(())
    }

    /// Leads elsewhere from now on, and cuts what is open.
    pub fn turn_to(&self, upstream: u16) {
        self.shared().upstream = upstream;
        self.cut();
    }

    /// Cuts all open connections, and says how many connections that were.
    pub fn cut(&self) -> usize {
        let open = std::mem::take(&mut self.shared().open);
        for stream in &open {
            // One that is at its end already needs no cutting.
            let _ = stream.shutdown(Shutdown::Both);
        }
        open.len() / 2
    }

    fn listen(&self) -> Result<()> {
        let mut acceptor = lock(&self.acceptor);
        if acceptor.is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
            .with_context(|| format!("a relay cannot listen on port {}", self.port))?;
        let shared = Arc::clone(&self.shared);
        *acceptor = Some(thread::spawn(move || {
            for stream in listener.incoming() {
                if shared_of(&shared).manner == Manner::Refuse {
                    return;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&shared);
                    // A connection that breaks is what both ends see anyway.
                    thread::spawn(move || drop(serve(&shared, stream)));
                }
            }
        }));
        Ok(())
    }

    fn stop_listening(&self) {
        if let Some(acceptor) = lock(&self.acceptor).take() {
            // It waits for a connection: this one wakes it.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
            drop(acceptor.join());
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        shared_of(&self.shared)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared().manner = Manner::Refuse;
        self.stop_listening();
        self.cut();
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("port", &self.port).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shared_of(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    lock(shared)
}

fn serve(shared: &Mutex<Shared>, mut client: TcpStream) -> io::Result<()> {
    let (manner, upstream) = {
        let mut shared = lock(shared);
        shared.open.push(client.try_clone()?);
        (shared.manner.clone(), shared.upstream)
    };
    let mut head = Vec::new();
    match manner {
        Manner::Pass => {}
        Manner::Refuse => return Ok(()),
        Manner::Stall => {
            // Held until it is cut.
            io::copy(&mut client, &mut io::sink())?;
            return Ok(());
        }
        Manner::Answer(bytes) => {
            read_head(&mut client)?;
            return answer(&mut client, &bytes);
        }
        Manner::AnswerPath(path, bytes) => {
            head = read_head(&mut client)?;
            if asks_for(&head, path) {
                return answer(&mut client, &bytes);
            }
        }
    }
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    lock(shared).open.push(server.try_clone()?);
    server.write_all(&head)?;
    let (mut to_client, mut from_server) = (client.try_clone()?, server.try_clone()?);
    let back = thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut client, &mut server);
    let _ = server.shutdown(Shutdown::Write);
    drop(back.join());
    let _ = client.shutdown(Shutdown::Both);
    Ok(())
}

/// Reads up to the empty line after the headers, and what came with it.
fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let (mut head, mut piece) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        let read = client.read(&mut piece)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        head.extend(piece.iter().take(read));
    }
    client.set_read_timeout(None)?;
    Ok(head)
}

fn asks_for(head: &[u8], path: &str) -> bool {
    let head = String::from_utf8_lossy(head);
    head.split(' ').nth(1) == Some(path)
}

fn answer(client: &mut TcpStream, bytes: &str) -> io::Result<()> {
    client.write_all(bytes.as_bytes())?;
    client.shutdown(Shutdown::Write)?;
    // What is unread when a socket is closed would make the other end lose the answer.
    io::copy(client, &mut io::sink())?;
    Ok(())
}

/// A whole HTTP/1.1 answer.
pub fn http_answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    /// A server that answers each connection with its name.
    fn server(name: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                read_head(&mut stream).unwrap();
                answer(&mut stream, &http_answer("200 OK", "text/plain", name)).unwrap();
            }
        });
        port
    }

    fn ask(relay: &Relay, path: &str) -> Result<String> {
        let url = format!("http://127.0.0.1:{}{path}", relay.port());
        http::get(&url, &[])?.success(&url)
    }

    #[test]
    fn leads_to_where_it_is_turned() {
        let relay = Relay::start(server("one")).unwrap();
        assert_eq!(ask(&relay, "/").unwrap(), "one");
        relay.turn_to(server("two"));
        assert_eq!(ask(&relay, "/").unwrap(), "two");
    }

    #[test]
    fn refuses_until_it_is_told_to_pass_again() {
        let relay = Relay::start(server("one")).unwrap();
        relay.set(Manner::Refuse).unwrap();
        let error = format!("{:#}", ask(&relay, "/").unwrap_err());
        assert!(error.contains("Connection refused"), "{error}");
        relay.set(Manner::Pass).unwrap();
        assert_eq!(ask(&relay, "/").unwrap(), "one");
    }

    #[test]
    fn answers_one_path_itself() {
        let relay = Relay::start(server("one")).unwrap();
        relay.set(Manner::AnswerPath("/v1/info", http_answer("200 OK", "text/plain", "relay"))).unwrap();
        assert_eq!(ask(&relay, "/v1/info").unwrap(), "relay");
        assert_eq!(ask(&relay, "/v1/other").unwrap(), "one");
    }

    #[test]
    fn a_stalled_connection_is_open_until_it_is_cut() {
        let relay = Relay::start(server("one")).unwrap();
        relay.set(Manner::Stall).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        relay.cut();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
}
