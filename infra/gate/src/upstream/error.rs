//! Why QGIS Server gives no answer, or no whole one. A process that is dead, one that hangs, an answer that was cut and one
//! that is rubbish need different hands, so each has a word of its own.

use std::{io, path::PathBuf, time::Duration};

/// The most bytes that a head may have.
pub(super) const HEAD_MOST: usize = 16 * 1024;
/// How many bytes of STDERR one answer may have. QGIS logs to its process's own standard error instead.
pub(super) const STDERR_MOST: usize = 1024 * 1024;

/// Why there is no answer of QGIS Server. The body of an answer ends in one of these too, where the answer was cut.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection can be made.
    #[error("QGIS Server cannot be reached at {address}; is it running, and may the gate connect to it?")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// All the processes that the gate starts have died, and pause before they are started again.
    #[error("{program} ends each time that it is started; the log has what it wrote")]
    NotRunning {
        /// What the gate starts.
        program: PathBuf,
    },
    /// Too many requests of the catalogue are being answered, or wait for that.
    #[error("{most} requests of this catalogue wait for QGIS Server already")]
    Busy {
        /// How many may wait.
        most: usize,
    },
    /// The answer did not end in time.
    #[error("QGIS Server did not finish its answer within {} s", after.as_secs())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
    /// The connection ended before the answer began.
    #[error("QGIS Server closed the connection without an answer; it has probably crashed")]
    Died {
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The connection ended in the middle of the answer.
    #[error("QGIS Server closed the connection in the middle of its answer; it has probably crashed")]
    Cut {
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The answer is longer or shorter than its own `Content-Length`.
    #[error("the answer's Content-Length promises {promised} bytes, and {found} or more came")]
    Length {
        /// What the head says.
        promised: u64,
        /// What came.
        found: u64,
    },
    /// What came is not `FastCGI`.
    #[error("what answers does not speak FastCGI as QGIS Server does")]
    Record(#[from] RecordError),
    /// The answer has no usable head.
    #[error("the head of QGIS Server's answer cannot be used")]
    Head(#[from] HeadError),
    /// The `FastCGI` server does not take the request (`FastCGI` 1.0 §5.5).
    #[error("the FastCGI server refused the request: {0}")]
    Refused(&'static str),
    /// What came is not HTTP.
    #[error("what answers does not speak HTTP/1.1 as expected")]
    Http(#[source] hyper::Error),
    /// The web server's answer cannot be passed on.
    #[error("the web server in front of QGIS Server {0}")]
    WebServer(&'static str),
    /// The request cannot be written.
    #[error("the request does not fit into what QGIS Server can be asked: its {0} is too long")]
    TooLong(&'static str),
    /// The request cannot be written as HTTP.
    #[error("the request cannot be written as HTTP")]
    Unwritable(#[source] http::Error),
}

/// What is wrong with a head. No value is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It has no end.
    #[error("it has no end within {HEAD_MOST} bytes")]
    TooLong,
    /// It is empty.
    #[error("it has no header")]
    Empty,
    /// Not a header.
    #[error("line {0} is no header: there is no name and `:`")]
    Line(usize),
    /// A value with control characters.
    #[error("the value on line {0} has control characters")]
    Value(usize),
    /// Not a final status.
    #[error("`Status` is no number from 200 to 599, or comes twice")]
    Status,
    /// Not one length.
    #[error("`Content-Length` is no number, or comes twice")]
    ContentLength,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another version.
    #[error("a record has version {0}, not 1")]
    Version(u8),
    /// A record for another request: there is only one, with the id 1.
    #[error("a record is about request {0}, not 1")]
    Request(u16),
    /// A record that a server does not send to this request.
    #[error("a record has type {0}; only 3, 6 and 7 are answers")]
    Type(u8),
    /// An `END_REQUEST` of another length.
    #[error("END_REQUEST has {0} bytes, not 8")]
    End(u16),
    /// Data after the end of STDOUT.
    #[error("STDOUT goes on after its end")]
    AfterEnd,
    /// STDERR is long.
    #[error("STDERR has more than {STDERR_MOST} bytes")]
    Stderr,
}

impl UpstreamError {
    /// The reason that `error` has, which the body of an answer ended in.
    pub fn within<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
    }

    /// The reason as a word, for logs, metrics and clients. Stable.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::NotRunning { .. } => "qgis_unreachable",
            Self::Busy { .. } => "qgis_busy",
            Self::TimedOut { .. } => "qgis_hung",
            Self::Died { .. } => "qgis_died",
            Self::Cut { .. } => "qgis_cut",
            Self::Length { .. } | Self::Record(_) | Self::Head(_) | Self::Http(_) | Self::WebServer(_) => {
                "qgis_rubbish"
            }
            Self::Refused(_) => "qgis_refused",
            Self::TooLong(_) | Self::Unwritable(_) => "request_unwritable",
        }
    }
}
