//! An axum router with one route, behind the same runtime as the functions: the benchmark `lambda` measures them beside it.

use axum::{Router, response::IntoResponse, routing::post};
use http::header::CONTENT_TYPE;
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_http::run(Router::new().route("/oauth2/token", post(answer))).await
}

async fn answer() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], r#"{"empty":true}"#)
}
