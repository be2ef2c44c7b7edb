//! The addresses of `FastCGI` processes, and connections to them.

#[cfg(unix)]
use std::{collections::VecDeque, path::Path};
use std::{fmt, io, str::FromStr, time::Duration};

#[cfg(unix)]
use bytes::{Buf as _, Bytes};
#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::upstream::UpstreamError;

/// The pauses between attempts to connect, in milliseconds, about 2 s in total. The queue of connections is full for
/// moments under load, and nothing listens while a process is being replaced.
const PAUSES_MS: [u64; 9] = [1, 2, 5, 12, 30, 80, 200, 600, 1_000];

/// Where `FastCGI` processes listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FastCgiAddress {
    /// The path of a Unix socket.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
    /// `host:port`.
    Tcp(String),
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FastCgiAddressError {
    /// Neither kind of address.
    #[error("a FastCGI address looks like \"unix:/run/qgis.sock\" or \"127.0.0.1:9000\"")]
    Form,
    /// A Unix socket on a system without them.
    #[error("Unix sockets are not supported on this system; use an address such as \"127.0.0.1:9000\"")]
    NoUnix,
}

impl FromStr for FastCgiAddress {
    type Err = FastCgiAddressError;

    /// Parses `unix:/run/qgis.sock` or `127.0.0.1:9000`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        let (host, port) = text.rsplit_once(':').ok_or(FastCgiAddressError::Form)?;
        let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
        if host.is_empty() || host.contains('/') || !is_port {
            return Err(FastCgiAddressError::Form);
        }
        Ok(Self::Tcp(text.to_owned()))
    }
}

#[cfg(unix)]
fn unix(path: &str) -> Result<FastCgiAddress, FastCgiAddressError> {
    if path.starts_with('/') { Ok(FastCgiAddress::Unix(path.into())) } else { Err(FastCgiAddressError::Form) }
}

#[cfg(not(unix))]
fn unix(_: &str) -> Result<FastCgiAddress, FastCgiAddressError> {
    Err(FastCgiAddressError::NoUnix)
}

impl fmt::Display for FastCgiAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Tcp(address) => formatter.write_str(address),
        }
    }
}

/// Connects to the socket at `path`, and sends as much of the first piece of `request` as it takes at once: a new
/// connection is writable, and waiting for the runtime to notice takes longer than sending.
#[cfg(unix)]
pub(super) async fn send_unix(
    path: &Path,
    request: &mut VecDeque<Bytes>,
) -> Result<UnixStream, UpstreamError> {
    let unreachable =
        |source| UpstreamError::Unreachable { address: format!("unix:{}", path.display()), source };
    let address = SockAddr::unix(path).map_err(unreachable)?;
    let socket = retry(|| std::future::ready(connect_now(&address))).await.map_err(unreachable)?;
    if let Some(piece) = request.front_mut()
        && let Ok(sent) = socket.send(piece)
    {
        piece.advance(sent);
        if piece.is_empty() {
            request.pop_front();
        }
    }
    UnixStream::from_std(socket.into()).map_err(unreachable)
}

/// Connects without waiting. A Unix socket connects immediately or not at all: EAGAIN means that the listener's queue is
/// full.
#[cfg(unix)]
fn connect_now(address: &SockAddr) -> io::Result<Socket> {
    #[cfg(target_os = "linux")]
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    #[cfg(not(target_os = "linux"))]
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    #[cfg(not(target_os = "linux"))]
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    Ok(socket)
}

/// Connects to `address` (`host:port`).
pub(in crate::upstream) async fn connect_tcp(address: &str) -> Result<TcpStream, UpstreamError> {
    let unreachable = |source| UpstreamError::Unreachable { address: address.to_owned(), source };
    let stream = retry(|| TcpStream::connect(address)).await.map_err(unreachable)?;
    // A long request is several writes; without this the last one waits until the one before is acknowledged.
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

async fn retry<S, F: Future<Output = io::Result<S>>>(connect: impl Fn() -> F) -> io::Result<S> {
    for pause in PAUSES_MS {
        match connect().await {
            Err(error) if is_temporary(&error) => tokio::time::sleep(Duration::from_millis(pause)).await,
            outcome => return outcome,
        }
    }
    connect().await
}

/// Whether the queue of a Unix socket is full (EAGAIN), or a process is being replaced: it refuses, or has no socket yet.
fn is_temporary(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound, WouldBlock};
    matches!(error.kind(), WouldBlock | ConnectionRefused | NotFound)
}
