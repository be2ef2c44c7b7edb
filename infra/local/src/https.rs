//! The emulated Entra over https, which MSAL.js requires.

use std::{io, net::TcpListener};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;

use crate::{
    connections::{bounded, in_time, limits},
    listen::{ListenError, listen},
};

/// An https server, listening.
#[derive(Debug)]
pub(crate) struct HttpsServer {
    listener: TcpListener,
    pub(crate) port: u16,
    config: RustlsConfig,
}

impl HttpsServer {
    /// Listens on `port` (0: any free one), which `option` of the command line sets.
    pub(crate) fn listen(port: u16, option: &'static str, config: RustlsConfig) -> Result<Self, ListenError> {
        let (listener, port) = listen(port, option)?;
        Ok(Self { listener, port, config })
    }

    /// Serves `router`; returns only if that fails.
    pub(crate) async fn serve(self, router: Router) -> ListenError {
        let limits = limits();
        let router = in_time(router, &limits);
        let serving = async {
            let server = axum_server::from_tcp_rustls(self.listener, self.config)?;
            bounded(server, &limits).serve(router.into_make_service()).await
        };
        let error = serving.await.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
        ListenError::Io(self.port, error)
    }
}
