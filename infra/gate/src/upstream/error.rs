//! Why QGIS Server gave no answer, or no complete one. Each kind calls for a different action by the operator: a process
//! may have died or hang, and an answer may be cut short or malformed.

use std::{io, path::PathBuf, time::Duration};

/// The longest head of an answer, in bytes.
pub(super) const MAX_HEAD: usize = 16 * 1024;
/// The most STDERR in one answer, in bytes. QGIS normally logs to the standard error of its process instead.
pub(super) const MAX_STDERR: usize = 1024 * 1024;

/// Why there is no answer of QGIS Server. A body that is cut short ends in one of these, too.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection can be made.
    #[error(
        "cannot connect to QGIS Server at {address}; check that it runs and that the gate may connect to it"
    )]
    Unreachable {
        /// Where QGIS Server should listen.
        address: String,
        /// The system's error.
        source: io::Error,
    },
    /// All processes that the gate starts died, and are waiting to be restarted.
    #[error("{program} exits each time that it is started; see its output in the log")]
    NotRunning {
        /// The program that the gate starts.
        program: PathBuf,
    },
    /// The catalogue's queue is full.
    #[error("{most} requests for this catalogue are waiting already; try again later")]
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
        /// The system's error.
        source: io::Error,
    },
    /// The connection ended in the middle of the answer.
    #[error("QGIS Server closed the connection in the middle of its answer; it has probably crashed")]
    Cut {
        /// The system's error.
        source: io::Error,
    },
    /// The answer is longer or shorter than its `Content-Length`.
    #[error("QGIS Server's answer has a Content-Length of {promised} bytes, but {found} or more arrived")]
    Length {
        /// The `Content-Length`.
        promised: u64,
        /// The bytes that have arrived.
        found: u64,
    },
    /// The answer is not `FastCGI`.
    #[error("the server does not speak FastCGI as QGIS Server does; check its address")]
    Record(#[from] RecordError),
    /// The answer has no valid head.
    #[error("the headers of QGIS Server's answer are not valid")]
    Head(#[from] HeadError),
    /// The `FastCGI` server rejected the request (`FastCGI` 1.0 §5.5).
    #[error("the FastCGI server refused the request: {0}")]
    Refused(&'static str),
    /// The answer is not HTTP.
    #[error("the server does not speak HTTP/1.1; check its address")]
    Http(#[source] hyper::Error),
    /// The web server's answer cannot be passed on.
    #[error("the web server in front of QGIS Server {0}")]
    WebServer(&'static str),
    /// The request is too long for `FastCGI`.
    #[error("the request is too long for QGIS Server: its {0} does not fit")]
    TooLong(&'static str),
    /// The request is not valid HTTP.
    #[error("the request cannot be written as HTTP")]
    Unwritable(#[source] http::Error),
}

/// What is wrong with the head of an answer. The messages repeat no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It has no end.
    #[error("they do not end within {MAX_HEAD} bytes")]
    TooLong,
    /// It is empty.
    #[error("there are none")]
    Empty,
    /// A line that is not a header.
    #[error("line {0} is not a header: it must start with a name and `:`")]
    Line(usize),
    /// A value with control characters.
    #[error("the value on line {0} contains control characters")]
    Value(usize),
    /// The status is not a final one.
    #[error("`Status` is not a number from 200 to 599, or is repeated")]
    Status,
    /// The length is not a number.
    #[error("`Content-Length` is not a number, or is repeated")]
    ContentLength,
}

/// What is wrong with a `FastCGI` record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another version.
    #[error("a record has version {0}, not 1")]
    Version(u8),
    /// A record for another request: there is only one, with the id 1.
    #[error("a record belongs to request {0}, not 1")]
    Request(u16),
    /// A record that a server does not send in answer to this request.
    #[error("a record has type {0}; only 3, 6 and 7 are expected")]
    Type(u8),
    /// An `END_REQUEST` of another length.
    #[error("END_REQUEST has {0} bytes, not 8")]
    End(u16),
    /// Data after the end of STDOUT.
    #[error("STDOUT continues after its end")]
    AfterEnd,
    /// STDERR is too long.
    #[error("STDERR has more than {MAX_STDERR} bytes")]
    Stderr,
}

impl UpstreamError {
    /// Returns the reason as a stable code, for logs, metrics and clients.
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
