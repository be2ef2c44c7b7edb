//! An exchange, from the bytes of the form through the router to the bytes of the answer, with its audit event.

use axum::body::{Body, Bytes, to_bytes};
use entra_emulator::TokenSpec;
use http::{Request, StatusCode, header::CONTENT_TYPE};
use pozi_auth::{oauth, telemetry};
use pozi_tests::{World, exchange_form};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use tracing::Level;

use crate::work::Work;

pub(crate) fn work(runtime: Runtime, world: &World) -> Work {
    telemetry::init_into(Level::INFO, std::io::sink);
    let router = oauth::finish(world.router());
    let form = Bytes::from(exchange_form(&world.token(&TokenSpec::default()), &[]));
    Box::new(move || {
        let request =
            Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.clone())).expect("the request is valid");
        runtime.block_on(async {
            let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            assert_eq!(response.status(), StatusCode::OK);
            to_bytes(response.into_body(), usize::MAX).await.expect("the answer can be read");
        });
    })
}
