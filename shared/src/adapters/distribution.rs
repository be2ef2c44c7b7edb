//! The distribution in front of the functions: with it, they answer nobody who comes past it, and so past its firewall.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::HeaderMap;

use crate::{
    config::Secret,
    oauth::{RequestRefusal, refuse},
};

/// The header in which the distribution sends the secret that only it and the functions know. It replaces a client's own.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html>.
pub const ORIGIN_HEADER: &str = "x-pozi-origin";

/// Returns `router`, whose routes a request without `secret` does not find (404). Without one, there is no distribution.
pub fn behind_distribution(router: Router, secret: Option<Secret>) -> Router {
    let Some(secret) = secret else { return router };
    router.layer(from_fn(move |request: Request, next: Next| {
        let came_through = has(request.headers(), &secret);
        async move { if came_through { next.run(request).await } else { past_distribution() } }
    }))
}

/// Whether `headers` have the one `secret`.
fn has(headers: &HeaderMap, secret: &Secret) -> bool {
    let mut sent = headers.get_all(ORIGIN_HEADER).iter();
    let is_right = |sent: &[u8]| verify_slices_are_equal(sent, secret.expose().as_bytes()).is_ok();
    sent.next().is_some_and(|sent| is_right(sent.as_bytes())) && sent.next().is_none()
}

fn past_distribution() -> Response {
    tracing::info!("a request came past the distribution: it lacks the origin's secret");
    refuse(&RequestRefusal::NotFound.refusal())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn routes_are_found_with_the_secret_alone() {
        let status = async |secret: Option<&str>, sent: &[&str]| {
            let router = Router::new().route("/keys", get(|| async { "keys" }));
            let router = behind_distribution(router, secret.map(|text| Secret::new(text.to_owned())));
            let request = Request::get("/keys");
            let request = sent.iter().fold(request, |request, one| request.header(ORIGIN_HEADER, *one));
            router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
        };
        assert_eq!(status(None, &[]).await, StatusCode::OK);
        for (sent, expected) in [
            (&["right"][..], StatusCode::OK),
            (&[], StatusCode::NOT_FOUND),
            (&[""], StatusCode::NOT_FOUND),
            (&["left"], StatusCode::NOT_FOUND),
            (&["rights"], StatusCode::NOT_FOUND),
            (&["right", "right"], StatusCode::NOT_FOUND),
            (&["wrong", "right"], StatusCode::NOT_FOUND),
        ] {
            assert_eq!(status(Some("right"), sent).await, expected, "{sent:?}");
        }
    }
}
