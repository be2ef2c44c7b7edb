//! How an exchange grows with the number of registered sites, of the person's groups, and of the site's catalogues.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "growth/fit.rs"]
mod fit;
#[path = "growth/groups.rs"]
mod groups;
#[path = "growth/registry.rs"]
mod registry;
#[path = "growth/sites.rs"]
mod sites;

use std::{hint::black_box, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
};
use http::{Request, StatusCode, header::CONTENT_TYPE};
use pozi_auth::oauth;
use pozi_tests::{exchange_form, figures::hand_in, turns::Side};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// How often each side is measured.
const ROUNDS: usize = 40;
/// For how long each time.
const SLICE: Duration = Duration::from_millis(25);

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let mut figures = sites::measure(&runtime);
    figures.extend(groups::measure(&runtime));
    hand_in("growth", &figures);
}

/// Returns an exchange of `token` through `router`, from the bytes of the form to the bytes of the answer.
fn exchange<'a>(runtime: &'a Runtime, router: Router, token: &str) -> Side<'a> {
    let router = oauth::finish(router);
    let form = Bytes::from(exchange_form(token, &[]));
    Box::new(move || {
        let request =
            Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form.clone())).expect("the request is valid");
        let answer = runtime.block_on(async {
            let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            assert_eq!(response.status(), StatusCode::OK);
            to_bytes(response.into_body(), usize::MAX).await.expect("the answer can be read")
        });
        black_box(answer);
    })
}
