//! A request's body, read whole: it is parsed before anything is sent.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::ProxyRefusal;
use crate::request::RequestRefusal;

/// The body, of at most `most` bytes.
pub(super) async fn read_body(body: Body, most: usize) -> Result<Bytes, ProxyRefusal> {
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(RequestRefusal::BodyTooLarge(most).into()),
        Err(_) => Err(ProxyRefusal::BodyIncomplete),
    }
}
