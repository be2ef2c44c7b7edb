//! `POST /local/explain`: what a subject token would open, catalogue by catalogue, and why. On localhost only: it tells
//! more about a site's rules than a person needs who uses them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::post,
};
use pozi_auth::{
    entra::{KeySetFetch, KeySetMemory},
    keyring::ActiveKey,
    oauth,
    sites::{Explained, Verdict},
    tenants::SiteRegistry,
    timestamp::Clock,
};
use pozi_token_exchange::{Explanation, TokenExchange};
use serde_json::{Value, json};

/// The route, answered by `exchange`.
pub fn router<C: Clock, R: SiteRegistry, F: KeySetFetch, K: ActiveKey, M: KeySetMemory>(
    exchange: Arc<TokenExchange<C, R, F, K, M>>,
) -> Router {
    Router::new().route("/local/explain", post(explain::<C, R, F, K, M>)).with_state(exchange)
}

type Shared<C, R, F, K, M> = State<Arc<TokenExchange<C, R, F, K, M>>>;

async fn explain<C: Clock, R: SiteRegistry, F: KeySetFetch, K: ActiveKey, M: KeySetMemory>(
    State(exchange): Shared<C, R, F, K, M>,
    request: Request,
) -> Response {
    match exchange.explain(request).await {
        Ok(explanation) => oauth::json_response(StatusCode::OK, &document(&explanation)),
        Err(error) => oauth::refuse(&error.refusal()),
    }
}

fn document(explanation: &Explanation) -> Value {
    json!({
        "site": explanation.site.as_str(),
        "catalogues": explanation.catalogues.iter().map(catalogue).collect::<Value>(),
    })
}

fn catalogue(explained: &Explained) -> Value {
    json!({
        "id": explained.catalogue.as_str(),
        "title": explained.title,
        "read": verdict(&explained.read),
        "write": verdict(&explained.write),
    })
}

fn verdict(verdict: &Verdict) -> Value {
    json!({
        "allowed": verdict.is_allowed(),
        "because": verdict.because().name(),
        "groups": verdict.because().groups(),
        "sentence": verdict.sentence(),
    })
}
