//! One request and its answer on one connection. Writes and reads at the same time: QGIS may answer before it has read
//! everything, and would wait forever for a client that writes everything before it reads.

use std::{
    collections::VecDeque,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::record::{Piece, RecordReader};
use crate::upstream::UpstreamError;

/// The first read, in bytes. Most answers fit into it.
const FIRST_READ: usize = 8 * 1024;
/// Each further read, in bytes.
const READ: usize = 64 * 1024;

/// A connection with a request to send and an answer to read.
#[derive(Debug)]
pub(super) struct Exchange<S> {
    stream: S,
    outgoing: VecDeque<Bytes>,
    incoming: BytesMut,
    records: RecordReader,
    has_begun: bool,
}

/// A part of the answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A part of STDOUT, never empty.
    Data(Bytes),
    /// `END_REQUEST`: the answer is complete. Do not poll again after this or after an error.
    Complete,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Exchange<S> {
    pub(super) fn new(stream: S, request: VecDeque<Bytes>) -> Self {
        Self {
            stream,
            outgoing: request,
            incoming: BytesMut::new(),
            records: RecordReader::default(),
            has_begun: false,
        }
    }

    /// Sends the request, and polls for the next part of the answer.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Output, UpstreamError>> {
        self.write(context);
        loop {
            if let Some(output) = self.arrived()? {
                return Poll::Ready(Ok(output));
            }
            ready!(self.poll_read(context))?;
        }
    }

    /// Returns the next part of the answer if it has arrived already.
    pub(super) fn arrived(&mut self) -> Result<Option<Output>, UpstreamError> {
        match self.records.next(&mut self.incoming)? {
            Some(Piece::Stdout(content)) => Ok(Some(Output::Data(content))),
            Some(Piece::Complete) => {
                let bytes = self.records.stderr();
                if bytes > 0 {
                    tracing::debug!(target: "pozi::gate", bytes, "QGIS Server wrote to STDERR");
                }
                Ok(Some(Output::Complete))
            }
            Some(Piece::Refused(why)) => Err(UpstreamError::Refused(why)),
            None => Ok(None),
        }
    }

    /// Writes as much as possible. Ignores errors: the server may have answered already, and if it failed, reading fails too.
    fn write(&mut self, context: &mut Context<'_>) {
        while let Some(piece) = self.outgoing.front_mut() {
            match Pin::new(&mut self.stream).poll_write(context, piece) {
                Poll::Pending => return,
                Poll::Ready(Ok(written)) if written > 0 => {
                    piece.advance(written.min(piece.len()));
                    if piece.is_empty() {
                        self.outgoing.pop_front();
                    }
                }
                Poll::Ready(_) => self.outgoing.clear(),
            }
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<(), UpstreamError>> {
        self.incoming.reserve(if self.has_begun { READ } else { FIRST_READ });
        let outcome = ready!(pin!(self.stream.read_buf(&mut self.incoming)).poll(context));
        Poll::Ready(match outcome {
            Ok(0) => Err(self.end(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {
                self.has_begun = true;
                Ok(())
            }
            Err(error) => Err(self.end(error)),
        })
    }

    fn end(&self, source: io::Error) -> UpstreamError {
        if self.has_begun { UpstreamError::Cut { source } } else { UpstreamError::Died { source } }
    }
}
