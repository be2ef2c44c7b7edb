//! A gate for the tests: what the gateways ask, answered by the verifier that every server of data has.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::State, response::IntoResponse, routing::any};
use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};
use pozi_auth::{
    keyring::{PublishedKeys, SigningAlgorithm},
    ports::{Clock, KeyRingSource},
    session::{SessionVerifier, VerifiedSession},
    sites::{Access, SiteFile},
};
use pozi_tests::{SetClock, World};

/// A gate that answers, and the service whose sessions it takes.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    pub(crate) world: World,
}

struct Deciding {
    verifier: SessionVerifier<PublishedKeys>,
    clock: SetClock,
}

/// Serves the gate of riverbend until the test ends.
pub(crate) async fn serve(files: &[SiteFile]) -> Option<Gate> {
    let world = World::with(files, SigningAlgorithm::Es256).await;
    let keys = PublishedKeys::of(&world.ring.load().await.ok()??.0);
    let audience = "https://poziserver-riverbend.example/pozi/".to_owned();
    let verifier = SessionVerifier::new(world.issuer.clone(), audience, keys);
    let state = Arc::new(Deciding { verifier, clock: world.clock.clone() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.ok()?;
    let address = listener.local_addr().ok()?;
    let router = Router::new().route("/decide", any(decide)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Some(Gate { address, world })
}

async fn decide(State(deciding): State<Arc<Deciding>>, headers: HeaderMap) -> impl IntoResponse {
    let said = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
        value.filter(|_| values.next().is_none())
    };
    let token = said("x-pozi-session").or_else(|| said("authorization")?.strip_prefix("Bearer "));
    let session = match token {
        Some(token) => deciding.verifier.verify(token, deciding.clock.now()).await.ok(),
        None => None,
    };
    let Some(session) = session else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer realm=\"pozi\"")]).into_response();
    };
    let may = || allows(&session, said("x-pozi-catalogue")?, said("x-pozi-method")?, said("x-pozi-access"));
    if may() == Some(true) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

fn allows(session: &VerifiedSession, catalogue: &str, method: &str, access: Option<&str>) -> Option<bool> {
    let catalogue = catalogue.parse().ok()?;
    match access {
        Some("write") => Some(session.allows(&catalogue, Access::Write)),
        None | Some("read") => {
            Some(matches!(method, "GET" | "HEAD") && session.allows(&catalogue, Access::Read))
        }
        Some(_) => None,
    }
}
