//! Listening on a port of this machine.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Why a port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program listens there.
    #[error("port {0} is in use; choose another with {1}")]
    InUse(u16, &'static str),
    /// Listening failed, or ended.
    #[error("cannot listen on port {0}")]
    Io(u16, #[source] io::Error),
}

/// Listens on `port` (0: any free one), which `option` of the command line sets. Returns the port as well.
pub(crate) fn listen(port: u16, option: &'static str) -> Result<(TcpListener, u16), ListenError> {
    let bind = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    bind().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse(port, option),
        _ => ListenError::Io(port, error),
    })
}
