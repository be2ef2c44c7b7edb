//! Where `FastCGI` processes listen, and how a connection to them is made.

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

/// The pauses between attempts to connect, some 2 s in all. A queue of connections is full for moments when many requests
/// come at once, and nothing listens for a moment when a process is replaced.
const PAUSES_MS: [u64; 9] = [1, 2, 5, 12, 30, 80, 200, 600, 1_000];

/// Where `FastCGI` processes listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FastCgiAddress {
    /// A unix socket, by its path.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
    /// `host:port`.
    Tcp(String),
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FastCgiAddressError {
    /// Neither kind.
    #[error("a FastCGI address is \"unix:/run/qgis.sock\" or \"127.0.0.1:9000\"")]
    Form,
    /// A unix socket on a system without.
    #[error("this system has no unix sockets; write \"127.0.0.1:9000\"")]
    NoUnix,
}

impl FromStr for FastCgiAddress {
    type Err = FastCgiAddressError;

    /// Reads `unix:/run/qgis.sock` or `127.0.0.1:9000`.
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

/// Connects to the socket at `path`, again where its queue is full for a moment, and sends what goes at once of the first
/// piece of `request`. A new connection takes it; to wait until the runtime has heard so takes longer than to send it.
#[cfg(unix)]
pub(super) async fn send_unix(
    path: &Path,
    request: &mut VecDeque<Bytes>,
) -> Result<UnixStream, UpstreamError> {
    let unreachable =
        |cause| UpstreamError::Unreachable { address: format!("unix:{}", path.display()), cause };
    let address = SockAddr::unix(path).map_err(unreachable)?;
    let socket = again(|| std::future::ready(connect_at_once(&address))).await.map_err(unreachable)?;
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

/// A unix socket connects at once or not at all: EAGAIN says that the queue of the other side is full.
#[cfg(unix)]
fn connect_at_once(address: &SockAddr) -> io::Result<Socket> {
    #[cfg(target_os = "linux")]
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    #[cfg(not(target_os = "linux"))]
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    #[cfg(not(target_os = "linux"))]
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    Ok(socket)
}

/// Connects to `address`, which is `host:port`.
pub(in crate::upstream) async fn connect_tcp(address: &str) -> Result<TcpStream, UpstreamError> {
    let unreachable = |cause| UpstreamError::Unreachable { address: address.to_owned(), cause };
    let stream = again(|| TcpStream::connect(address)).await.map_err(unreachable)?;
    // A long request is several writes; without this the last waits for the acknowledgement of the one before.
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

async fn again<S, F: Future<Output = io::Result<S>>>(connect: impl Fn() -> F) -> io::Result<S> {
    for pause in PAUSES_MS {
        match connect().await {
            Err(problem) if is_passing(&problem) => tokio::time::sleep(Duration::from_millis(pause)).await,
            outcome => return outcome,
        }
    }
    connect().await
}

/// A full queue is EAGAIN for a unix socket; a process that is just being replaced refuses, or its socket is not there.
fn is_passing(problem: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound, WouldBlock};
    matches!(problem.kind(), WouldBlock | ConnectionRefused | NotFound)
}
