//! Bodies of answers: read whole up to a limit, or streamed after a part that has been read already.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// The largest answer that is read whole, in bytes. A list of 1,000 layers has 3 MB.
pub(super) const MAX_DOCUMENT: usize = 32 << 20;
/// A root element must start within so many bytes.
pub(super) const MAX_HEAD: usize = 64 << 10;

#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("QGIS Server's answer was cut short: QGIS Server stopped or was stopped while it answered")]
    Cut(#[from] axum::Error),
    #[error("QGIS Server's answer has more than {MAX_DOCUMENT} bytes; ask for fewer features")]
    TooLarge,
}

/// Appends the next chunk of `body` to `head`; returns false at the end of the body.
pub(super) async fn read_chunk(body: &mut Body, head: &mut BytesMut) -> Result<bool, BodyError> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            head.extend_from_slice(&data);
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads the rest of `body` and returns it after `head`.
pub(super) async fn read_rest(mut body: Body, mut head: BytesMut) -> Result<Bytes, BodyError> {
    while head.len() <= MAX_DOCUMENT {
        if !read_chunk(&mut body, &mut head).await? {
            return Ok(head.freeze());
        }
    }
    Err(BodyError::TooLarge)
}

/// Returns a body of `head` and then `rest`, including an error in which `rest` ends.
pub(super) fn prepend(head: impl Into<Bytes>, rest: Body) -> Body {
    Body::new(Prepended { head: Some(head.into()).filter(|head| !head.is_empty()), rest })
}

struct Prepended {
    head: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Prepended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.head.take() {
            Some(head) => Poll::Ready(Some(Ok(Frame::data(head)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let head = self.head.as_ref().map_or(0, |head| head.len() as u64);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(head));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(head));
        }
        hint
    }
}
