//! Connections that come in, by TLS or without, for both of Warren's servers. One slow or silent client holds up no other.

use super::words;
use axum::serve::Listener;
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// How long a client may take to say hello.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// After a failure to accept that is ours: no file descriptors left, mostly.
const BREATH: Duration = Duration::from_secs(1);

/// TLS for connections to come; none: without TLS.
pub(crate) type CurrentTls = Option<watch::Receiver<Arc<ServerConfig>>>;

/// Connections whose handshake is done, for axum and for tonic.
pub(crate) struct Incoming {
    ready: mpsc::Receiver<Connection>,
    local: SocketAddr,
}

/// One connection.
pub(crate) struct Connection {
    io: Box<dyn ReadWrite>,
    peer: SocketAddr,
    local: SocketAddr,
}

trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

impl Incoming {
    /// Accepts connections until it is dropped.
    ///
    /// # Errors
    /// When the listener does not know its own address.
    pub(crate) fn on(listener: TcpListener, tls: CurrentTls) -> io::Result<Incoming> {
        let local = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, local, tls, sender));
        Ok(Incoming { ready, local })
    }
}

async fn accept(listener: TcpListener, local: SocketAddr, tls: CurrentTls, ready: mpsc::Sender<Connection>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_the_clients(&error) => continue,
            Err(error) => {
                tracing::warn!(%local, %error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        let (ready, tls) = (ready.clone(), tls.as_ref().map(|tls| tls.borrow().clone()));
        tokio::spawn(async move {
            let io: Box<dyn ReadWrite> = match tls {
                None => Box::new(stream),
                Some(tls) => match shake_hands(tls, stream).await {
                    Ok(stream) => stream,
                    // Load balancers look whether the port is open, and say nothing.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return tracing::debug!(%local, %peer, "a client went away");
                    }
                    Err(error) => {
                        let why = words::not_let_in(&error);
                        return tracing::info!(%local, %peer, "a client was not let in: {why}");
                    }
                },
            };
            let _ = ready.send(Connection { io, peer, local }).await;
        });
    }
}

async fn shake_hands(tls: Arc<ServerConfig>, stream: TcpStream) -> io::Result<Box<dyn ReadWrite>> {
    match tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::Error::other(format!("no handshake within {} seconds", HANDSHAKE.as_secs()))),
    }
}

/// It went away before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// For axum.
impl Listener for Incoming {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => {
                let peer = connection.peer;
                (connection, peer)
            }
            // The task that accepts ends only with this.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// For tonic.
impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.ready.poll_recv(context).map(|connection| connection.map(Ok))
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        TcpConnectInfo { local_addr: Some(self.local), remote_addr: Some(self.peer) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, to)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
