//! The answer of an exchange: its head, then its data as they arrive. It is complete only at `END_REQUEST`, and only with
//! as many bytes as its `Content-Length`.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    exchange::{Exchange, Output},
    head::HeadReader,
};
use crate::upstream::UpstreamError;

/// An answer in progress. Dropping it closes the connection.
#[derive(Debug)]
pub(in crate::upstream) struct Answer<S> {
    exchange: Exchange<S>,
    /// Output that was read ahead.
    ahead: Option<Output>,
    promised: Option<u64>,
    found: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answer<S> {
    pub(super) fn new(stream: S, request: VecDeque<Bytes>) -> Self {
        Self { exchange: Exchange::new(stream, request), ahead: None, promised: None, found: 0 }
    }

    /// Sends the request and reads the head of the answer. Must be called once, before the data is read.
    pub(in crate::upstream) async fn head(&mut self) -> Result<Response<()>, UpstreamError> {
        let mut reader = HeadReader::default();
        loop {
            let Output::Data(piece) = poll_fn(|context| self.exchange.poll(context)).await? else {
                return Err(UpstreamError::Cut { source: std::io::ErrorKind::UnexpectedEof.into() });
            };
            if let Some((head, data)) = reader.push(&piece)? {
                self.promised = head.length;
                self.ahead = if data.is_empty() { self.arrived()? } else { Some(Output::Data(data)) };
                let mut response = Response::new(());
                (*response.status_mut(), *response.headers_mut()) = (head.status, head.headers);
                return Ok(response);
            }
        }
    }

    /// Polls for the next part of the data; yields `None` at the end.
    pub(in crate::upstream) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, UpstreamError>> {
        let output = match self.ahead.take() {
            Some(output) => output,
            None => ready!(self.exchange.poll(context))?,
        };
        Poll::Ready(self.take(output))
    }

    /// Whether the whole answer has been read.
    pub(in crate::upstream) fn is_complete(&self) -> bool {
        matches!(self.ahead, Some(Output::Complete))
    }

    fn take(&mut self, output: Output) -> Result<Option<Bytes>, UpstreamError> {
        match output {
            Output::Data(data) => {
                self.found = self.found.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
                self.ahead = self.arrived()?;
                self.require_length(|promised, found| found <= promised)?;
                Ok(Some(data))
            }
            Output::Complete => {
                self.ahead = Some(Output::Complete);
                self.require_length(|promised, found| found == promised)?;
                Ok(None)
            }
        }
    }

    /// Returns what has arrived already, so that the end is noticed together with the last data.
    fn arrived(&mut self) -> Result<Option<Output>, UpstreamError> {
        let output = self.exchange.arrived()?;
        if output == Some(Output::Complete) {
            self.require_length(|promised, found| found == promised)?;
        }
        Ok(output)
    }

    fn require_length(&self, is_right: impl Fn(u64, u64) -> bool) -> Result<(), UpstreamError> {
        match self.promised {
            Some(promised) if !is_right(promised, self.found) => {
                Err(UpstreamError::Length { promised, found: self.found })
            }
            _ => Ok(()),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Body for Answer<S> {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let data = ready!(self.poll_data(context));
        Poll::Ready(data.map(|data| data.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.is_complete()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.promised.map(|promised| promised.saturating_sub(self.found));
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
