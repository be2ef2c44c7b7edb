//! Small servers that play one part each, and can be given another role while they run.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use axum_server::tls_rustls::RustlsConfig;
use http::{StatusCode, header::LOCATION};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tower::ServiceExt;

/// A server whose router can be replaced.
pub(crate) struct Server {
    /// Its URL, without a slash at its end.
    pub(crate) url: String,
    healthy: Router,
    playing: Arc<Mutex<Router>>,
}

impl Server {
    /// Serves `healthy` over plain http on `listener`.
    pub(crate) fn plain(listener: TcpListener, healthy: Router) -> Self {
        let server = Self::of(format!("http://{}", listener.local_addr().unwrap()), healthy);
        let router = server.switching();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// Serves `healthy` over https as `localhost`, and returns the certificate (DER).
    pub(crate) fn secure(listener: TcpListener, healthy: Router) -> (Self, Vec<u8>) {
        let port = listener.local_addr().unwrap().port();
        let server = Self::of(format!("https://localhost:{port}"), healthy);
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = RustlsConfig::from_config(Arc::new(config));
        let router = server.switching();
        let serving = axum_server::from_tcp_rustls(listener, config).unwrap();
        tokio::spawn(serving.serve(router.into_make_service()));
        (server, certificate.to_vec())
    }

    fn of(url: String, healthy: Router) -> Self {
        Self { url, playing: Arc::new(Mutex::new(healthy.clone())), healthy }
    }

    fn switching(&self) -> Router {
        let playing = Arc::clone(&self.playing);
        Router::new().fallback(move |request: Request| {
            let router = playing.lock().unwrap().clone();
            async move { router.oneshot(request).await.unwrap_or_else(|never| match never {}) }
        })
    }

    /// Answers with `router` from now on.
    pub(crate) fn play(&self, router: Router) {
        *self.playing.lock().unwrap() = router;
    }

    /// Answers with `answer` at `path`, and as a healthy server elsewhere.
    pub(crate) fn play_at(&self, path: &str, answer: Answer) {
        self.play(
            Router::new().route(path, any(move || answer.clone().send())).fallback_service(self.healthy()),
        );
    }

    /// Answers with `answer` everywhere.
    pub(crate) fn play_everywhere(&self, answer: Answer) {
        self.play(everywhere(answer));
    }

    /// Answers as at the start again.
    pub(crate) fn heal(&self) {
        self.play(self.healthy());
    }

    /// The router of the healthy server.
    pub(crate) fn healthy(&self) -> Router {
        self.healthy.clone()
    }
}

/// An answer to any request, or none.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// This status and body.
    Is(u16, String),
    /// A redirect.
    To(String),
    /// Nothing, ever.
    Never,
}

impl Answer {
    async fn send(self) -> Response {
        let response = Response::builder();
        match self {
            Self::Is(status, body) => response.status(status).body(Body::from(body)).unwrap(),
            Self::To(location) => {
                response.status(StatusCode::FOUND).header(LOCATION, location).body(Body::empty()).unwrap()
            }
            Self::Never => std::future::pending().await,
        }
    }
}

/// A router that answers everything with `answer`.
pub(crate) fn everywhere(answer: Answer) -> Router {
    Router::new().fallback(move || answer.clone().send())
}

/// Starts a server that answers everything with `answer`, and returns its URL.
pub(crate) fn started(answer: Answer) -> String {
    Server::plain(port(), everywhere(answer)).url
}

/// Starts a server of `router`, and returns its URL.
pub(crate) fn started_with(router: Router) -> String {
    Server::plain(port(), router).url
}

/// A free port of this machine.
pub(crate) fn port() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// The address of a port where nothing listens.
pub(crate) fn closed() -> String {
    port().local_addr().unwrap().to_string()
}
