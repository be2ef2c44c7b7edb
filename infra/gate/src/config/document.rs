//! The structure of `gate.toml`. An unknown key is an error, so that a misspelt setting is not silently ignored.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use pozi_auth::{address::SecureUrl, session::Issuer, sites::syntax_advice};
use serde::{Deserialize, Deserializer, de::Error};

use super::{
    path::path,
    upstream::{QgisDocument, UpstreamDocument},
};
use crate::settings::{Limits, PathStyle};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// The service that issues the sessions.
    #[serde(deserialize_with = "parsed")]
    pub(super) issuer: Issuer,
    /// The site file that registers the site.
    #[serde(deserialize_with = "path")]
    pub(super) site: PathBuf,
    /// The prefix of every path; by default the path of the site's internal URL.
    #[serde(default, deserialize_with = "base")]
    pub(super) base: Option<String>,
    /// The folder for a copy of the issuer's keys and revocations, to start without a network.
    #[serde(deserialize_with = "path")]
    pub(super) state_dir: PathBuf,
    /// The address for requests.
    #[serde(default = "default_listen")]
    pub(super) listen: SocketAddr,
    /// The address of `/health` and `/metrics`. Only this machine can reach the default.
    #[serde(default = "default_status_listen")]
    pub(super) status_listen: SocketAddr,
    /// The URL of the issuer's keys, if it is not the issuer's `/.well-known/jwks.json`.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(super) jwks_url: Option<SecureUrl>,
    /// The URL of the issuer's revocation document, if it is not the issuer's `/.well-known/pozi-revocations`.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(super) revocations_url: Option<SecureUrl>,
    /// Certificate authorities (PEM) to trust for the issuer, in addition to the machine's and the built-in ones.
    #[serde(default, deserialize_with = "path_if_there")]
    pub(super) ca_file: Option<PathBuf>,
    /// How project paths are compared; by default as on this machine.
    pub(super) project_paths: Option<PathStyle>,
    /// A QGIS Server that is already running.
    pub(super) upstream: Option<UpstreamDocument>,
    /// A QGIS Server that the gate starts.
    pub(super) qgis: Option<QgisDocument>,
    /// Limits on sizes, times and numbers.
    #[serde(default)]
    pub(super) limits: LimitsDocument,
    /// Where the log goes.
    #[serde(default)]
    pub(super) log: LogDocument,
}

/// `[limits]`. Missing keys have the defaults of [`Limits`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsDocument {
    max_pixels: Option<NonZeroU64>,
    max_features: Option<NonZeroU64>,
    max_features_without_download: Option<u64>,
    body_bytes: Option<NonZeroUsize>,
    requests_per_catalogue: Option<NonZeroUsize>,
    waiting_per_catalogue: Option<usize>,
    upstream_seconds: Option<NonZeroU64>,
    idle_seconds: Option<NonZeroU64>,
    header_seconds: Option<NonZeroU64>,
    body_seconds: Option<NonZeroU64>,
    connections: Option<NonZeroUsize>,
}

/// `[log]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogDocument {
    /// The file; standard output by default.
    #[serde(deserialize_with = "path_if_there")]
    pub(super) file: Option<PathBuf>,
    /// How many daily files are kept.
    pub(super) days: NonZeroUsize,
}

/// An error in the file: the parser's message, which shows the place, and advice.
#[derive(Debug, thiserror::Error)]
#[error("{cause}{advice}")]
pub struct DocumentError {
    advice: String,
    #[source]
    cause: Box<toml::de::Error>,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, DocumentError> {
        toml::from_str(text)
            .map_err(|cause| DocumentError { advice: advice(text, &cause), cause: Box::new(cause) })
    }
}

/// Returns advice that the parser cannot give; empty if there is none.
fn advice(text: &str, error: &toml::de::Error) -> String {
    let message = error.message();
    let is_unknown = |key: &str| message.starts_with(&format!("unknown field `{key}`"));
    if is_unknown("audience") || is_unknown("catalogues") {
        "; this is now read from the site file: remove it, and set `site = \"…\"`".to_owned()
    } else if is_unknown("probe") {
        "; the QGIS plugin that it monitored is no longer needed: remove this table and the plugin".to_owned()
    } else {
        syntax_advice(text, error)
    }
}

impl From<LimitsDocument> for Limits {
    fn from(document: LimitsDocument) -> Self {
        let default = Self::default();
        let seconds =
            |given: Option<NonZeroU64>, default| given.map_or(default, |s| Duration::from_secs(s.get()));
        let count = |given: Option<NonZeroUsize>, default| given.map_or(default, NonZeroUsize::get);
        Self {
            max_pixels: document.max_pixels.map_or(default.max_pixels, NonZeroU64::get),
            max_features: document.max_features.map_or(default.max_features, NonZeroU64::get),
            max_features_without_download: document
                .max_features_without_download
                .unwrap_or(default.max_features_without_download),
            body_bytes: count(document.body_bytes, default.body_bytes),
            requests_per_catalogue: count(document.requests_per_catalogue, default.requests_per_catalogue),
            waiting_per_catalogue: document.waiting_per_catalogue.unwrap_or(default.waiting_per_catalogue),
            upstream: seconds(document.upstream_seconds, default.upstream),
            idle: seconds(document.idle_seconds, default.idle),
            header: seconds(document.header_seconds, default.header),
            body: seconds(document.body_seconds, default.body),
            connections: count(document.connections, default.connections),
        }
    }
}

impl Default for LogDocument {
    fn default() -> Self {
        Self { file: None, days: NonZeroUsize::MIN.saturating_add(13) }
    }
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8181).into()
}

fn default_status_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8182).into()
}

fn parsed<'de, T: FromStr<Err: std::fmt::Display>, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    String::deserialize(value)?.parse().map_err(D::Error::custom)
}

fn parsed_if_there<'de, T: FromStr<Err: std::fmt::Display>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    parsed(value).map(Some)
}

fn path_if_there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<PathBuf>, D::Error> {
    path(value).map(Some)
}

/// Allows unreserved characters only (RFC 3986 §2.3), so that paths can be compared byte by byte.
fn base<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(value)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(is_plain) && !matches!(segment, "." | "..")
    };
    if text.is_empty() || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment)) {
        Ok(Some(text))
    } else {
        Err(D::Error::custom(
            "write a base like \"/pozi\", with a slash at the start and none at the end, or leave it empty",
        ))
    }
}
