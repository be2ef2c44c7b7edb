//! Bodies of answers: read whole up to a bound, or passed on behind a beginning that was looked at.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// The bytes of an answer that is read whole: 32 MiB. A list of 1,000 layers has 3 MB.
pub(super) const MAX_DOCUMENT: usize = 32 << 20;
/// The bytes in which a root element must have started.
pub(super) const MAX_HEAD: usize = 64 << 10;

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// QGIS Server's answer was cut.
    #[error("QGIS Server's answer was cut")]
    Cut(#[from] axum::Error),
    /// It is too large to be rewritten.
    #[error("QGIS Server's answer has more than {MAX_DOCUMENT} bytes")]
    TooLarge,
}

/// The beginning of `body`, one piece longer than `head`; false at its end.
pub(super) async fn read_piece(body: &mut Body, head: &mut BytesMut) -> Result<bool, BodyError> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            head.extend_from_slice(&data);
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rest of `body` behind `head`, which is whole then.
pub(super) async fn read_rest(mut body: Body, mut head: BytesMut) -> Result<Bytes, BodyError> {
    while head.len() <= MAX_DOCUMENT {
        if !read_piece(&mut body, &mut head).await? {
            return Ok(head.freeze());
        }
    }
    Err(BodyError::TooLarge)
}

/// `rest` behind `head`. What cuts `rest` cuts this.
pub(super) fn behind(head: impl Into<Bytes>, rest: Body) -> Body {
    Body::new(Behind { head: Some(head.into()).filter(|head| !head.is_empty()), rest })
}

struct Behind {
    head: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Behind {
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
