//! `POST /local/explain`: what a subject token would open, for each catalogue, and why. Only on localhost, since it
//! reveals a site's rules to the person.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::Response,
    routing::post,
};
use pozi_auth::{
    entra::Groups,
    oauth,
    sites::{Explained, Verdict},
};
use pozi_token_exchange::{Environment, Explanation, TokenExchange};
use serde_json::{Value, json};

/// The route, with explanations by `exchange`.
pub fn router<E: Environment>(exchange: Arc<TokenExchange<E>>) -> Router {
    Router::new().route("/local/explain", post(explain::<E>)).with_state(exchange)
}

async fn explain<E: Environment>(
    State(exchange): State<Arc<TokenExchange<E>>>,
    request: Request,
) -> Response {
    match exchange.explain(request).await {
        Ok(explanation) => oauth::json_response(StatusCode::OK, &document(&explanation)),
        Err(error) => oauth::refuse_with_detail(&error),
    }
}

fn document(explanation: &Explanation) -> Value {
    json!({
        "site": explanation.site.name.as_str(),
        "groups_from": explanation.groups_from.name(),
        "graph_scope": graph_scope(explanation),
        "catalogues": explanation.catalogues.iter().map(catalogue).collect::<Value>(),
    })
}

/// The scope of the Graph token with which the explanation may say more.
fn graph_scope(explanation: &Explanation) -> Option<String> {
    let site = &explanation.site;
    let may_help = explanation.groups == Groups::Overage && !site.groups().is_empty();
    may_help.then(|| site.cloud().graph_scope())
}

fn catalogue(explained: &Explained) -> Value {
    json!({
        "id": explained.catalogue.as_str(),
        "title": explained.title,
        "read": verdict(&explained.read),
        "write": verdict(&explained.write),
        "download": explained.download.as_ref().map(verdict),
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
