//! The answer of an exchange: its head, then its data as they come. It is whole at `END_REQUEST` and never before, and never
//! where it is not as long as it says.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    exchange::{Exchange, Output},
    head::{Head, HeadReader},
};
use crate::upstream::UpstreamError;

/// An answer that is being read. Dropping it closes the connection.
#[derive(Debug)]
pub(in crate::upstream) struct Answer<S> {
    exchange: Exchange<S>,
    ahead: Option<Output>,
    promised: Option<u64>,
    found: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Answer<S> {
    /// The answer to `request`, which will be sent over `stream`.
    pub(super) fn new(stream: S, request: VecDeque<Bytes>) -> Self {
        Self { exchange: Exchange::new(stream, request), ahead: None, promised: None, found: 0 }
    }

    /// Sends the request, and reads the head of the answer. To be asked for once, before the data.
    pub(super) async fn head(&mut self) -> Result<Head, UpstreamError> {
        let mut reader = HeadReader::default();
        loop {
            let Output::Data(piece) = poll_fn(|context| self.exchange.poll(context)).await? else {
                // An end in the middle of the head.
                return Err(UpstreamError::Cut { cause: std::io::ErrorKind::UnexpectedEof.into() });
            };
            if let Some((head, data)) = reader.push(&piece)? {
                self.promised = head.length;
                self.ahead = if data.is_empty() { self.arrived()? } else { Some(Output::Data(data)) };
                return Ok(head);
            }
        }
    }

    /// The next part of the data; nothing where they are whole.
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

    /// Whether all was read.
    pub(in crate::upstream) fn is_whole(&self) -> bool {
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

    /// What has arrived already, so that the end is seen together with the last data.
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
        self.is_whole()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.promised.map(|promised| promised.saturating_sub(self.found));
        left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
