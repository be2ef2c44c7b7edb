//! Reads a request's whole body, since it is parsed before anything is sent to QGIS Server.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::ProxyRefusal;
use crate::request::RequestRefusal;

/// Reads a body of at most `max_bytes`.
pub(super) async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, ProxyRefusal> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(RequestRefusal::BodyTooLarge(max_bytes).into()),
        Err(_) => Err(ProxyRefusal::BodyIncomplete),
    }
}
