//! What was observed: answers, and why there are none.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use pozi_auth::{
    adapters::MAX_DOCUMENT_BYTES, entra::Cloud, session::Issuer, sites::CatalogueId, timestamp::Timestamp,
};
use reqwest::{
    StatusCode,
    header::{AGE, DATE, HeaderMap, LOCATION},
};
use serde::{Deserialize, de::DeserializeOwned};

/// The longest time for a request and its whole answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// An answer, whatever its status. Redirects are not followed.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The first [`MAX_DOCUMENT_BYTES`] of the body.
    pub(super) body: Vec<u8>,
    /// Whether the body is longer.
    pub(super) is_cut: bool,
}

/// Why there is no answer. `Display` continues "it does not answer: …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The host has no address.
    UnknownHost,
    /// Nothing listens there.
    Refused,
    /// The connection cannot be secured.
    Tls(String),
    /// The whole answer did not arrive in time.
    TimedOut,
    /// Anything else.
    Failed(String),
}

/// An answer, or why there is none.
pub(super) type Asked = Result<Answer, NoAnswer>;

/// Everything that was observed about a site.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) entra: Entra,
    /// The answer to an unauthenticated request for a map at the external URL.
    pub(super) external: Asked,
    /// `None` if the service's URL is not known.
    pub(super) service: Option<Service>,
    pub(super) gate: Gate,
    /// This machine's time when the requests were made.
    pub(super) now: Timestamp,
}

/// What Entra answers.
#[derive(Debug)]
pub(super) struct Entra {
    /// The base URL that was asked.
    pub(super) login: String,
    /// OpenID configurations of the tenant.
    pub(super) v1: Asked,
    pub(super) v2: Asked,
    /// The OpenID configuration of a tenant whose id is the site's client id.
    pub(super) client_as_tenant: Asked,
    pub(super) keys_v1: Asked,
    pub(super) keys_v2: Asked,
    /// The key set of the site's registration.
    pub(super) registration_keys: Asked,
    /// The other clouds that know the tenant, if its own does not.
    pub(super) elsewhere: Vec<Cloud>,
}

/// What the service answers.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) issuer: Issuer,
    pub(super) metadata: Asked,
    /// The key set at the metadata's `jwks_uri`; `None` if they name none that may be fetched.
    pub(super) keys: Option<Asked>,
    /// The answer to a preflight request from each origin of the Web App.
    pub(super) preflights: Vec<(String, Asked)>,
}

/// What the gate answers.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// `None` if its address is not known.
    pub(super) health: Option<Asked>,
    /// The answer to a request without a session for each catalogue; `None` if its address is not known.
    pub(super) catalogues: Option<Vec<(CatalogueId, Asked)>>,
}

impl Answer {
    /// Returns the whole body of a 200, or what came instead, as in "it …".
    pub(super) fn document(&self) -> Result<&[u8], String> {
        if self.status.is_redirection() {
            let to = self.location().unwrap_or_default();
            return Err(format!("redirects to {to}, which is not followed"));
        }
        if self.status != StatusCode::OK {
            return Err(format!("answers with status {}", self.status.as_u16()));
        }
        if self.is_cut {
            return Err(format!("answers with more than {MAX_DOCUMENT_BYTES} bytes"));
        }
        Ok(&self.body)
    }

    /// Returns the body as JSON, whatever the status; `None` if it is not of that form.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the reason in a refusal of the gate.
    pub(super) fn reason(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Refused {
            reason: String,
        }
        self.json::<Refused>().map(|refused| refused.reason)
    }

    /// Returns a header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns where a redirect leads.
    pub(super) fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// Returns the server's time (RFC 9110 §6.6.1), with the time in a cache (RFC 9111 §5.1).
    pub(super) fn time(&self) -> Option<Timestamp> {
        let date = httpdate::parse_http_date(self.header(DATE.as_str())?).ok()?;
        let age = self.header(AGE.as_str()).and_then(|age| age.parse::<u32>().ok()).unwrap_or(0);
        let seconds = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(Timestamp::from_unix_seconds(seconds).plus(Duration::from_secs(age.into())))
    }
}

/// Returns the whole body of a 200, or what came instead, as in "it …".
pub(super) fn document(asked: &Asked) -> Result<&[u8], String> {
    match asked {
        Ok(answer) => answer.document(),
        Err(error) => Err(format!("does not answer: {error}")),
    }
}

impl NoAnswer {
    /// Returns what to do about it, for a server that someone else operates.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::UnknownHost => "check the host name, and this machine's DNS",
            Self::Refused => "check the address and the port, and that a server is running there",
            Self::Tls(_) => {
                "check the server's certificate, that it names this host, and that no proxy on the way replaces it"
            }
            Self::TimedOut => "check that no firewall drops the connection, and try again",
            Self::Failed(_) => "check the network, and try again",
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownHost => f.write_str("the host name is not known in DNS"),
            Self::Refused => f.write_str("the connection is refused"),
            Self::Tls(cause) => write!(f, "the connection cannot be secured with TLS ({cause})"),
            Self::TimedOut => write!(f, "no whole answer within {} s", TIME_LIMIT.as_secs()),
            Self::Failed(cause) => f.write_str(cause),
        }
    }
}
