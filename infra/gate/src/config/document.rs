//! `gate.toml` as it is written. An unknown key is an error: a misspelt one would be a rule that is not kept.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use pozi_auth::{address::SecureUrl, session::Issuer, sites::backslash_advice};
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
    /// Who mints the sessions.
    #[serde(deserialize_with = "parsed")]
    pub(super) issuer: Issuer,
    /// The site file that registers the site.
    #[serde(deserialize_with = "path")]
    pub(super) site: PathBuf,
    /// What every path begins with; the path of the site's internal URL when left out.
    #[serde(default, deserialize_with = "base")]
    pub(super) base: Option<String>,
    /// The folder that the issuer's keys are kept in, for a start without a network.
    #[serde(deserialize_with = "path")]
    pub(super) state_dir: PathBuf,
    /// Where requests come in.
    #[serde(default = "default_listen")]
    pub(super) listen: SocketAddr,
    /// Where `/health` and `/metrics` are. Only this machine reaches the default.
    #[serde(default = "default_status_listen")]
    pub(super) status_listen: SocketAddr,
    /// Where the issuer's keys are, when not at its `/.well-known/jwks.json`.
    #[serde(default, deserialize_with = "parsed_if_there")]
    pub(super) jwks_url: Option<SecureUrl>,
    /// Authorities (PEM) that the issuer's TLS is believed by, besides the machine's and the compiled-in ones.
    #[serde(default, deserialize_with = "path_if_there")]
    pub(super) ca_file: Option<PathBuf>,
    /// How paths of projects are compared; as on this machine when left out.
    pub(super) project_paths: Option<PathStyleDocument>,
    /// A QGIS Server that runs already.
    pub(super) upstream: Option<UpstreamDocument>,
    /// A QGIS Server that the gate starts.
    pub(super) qgis: Option<QgisDocument>,
    /// How much is allowed.
    #[serde(default)]
    pub(super) limits: LimitsDocument,
    /// Where the log goes.
    #[serde(default)]
    pub(super) log: LogDocument,
}

/// `project_paths`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PathStyleDocument {
    Windows,
    Unix,
}

/// `[limits]`. What is left out is as in [`Limits`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsDocument {
    max_pixels: Option<NonZeroU64>,
    max_features: Option<NonZeroU64>,
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
    /// The file; standard output when left out.
    #[serde(deserialize_with = "path_if_there")]
    pub(super) file: Option<PathBuf>,
    /// How many days' files are kept.
    pub(super) days: NonZeroUsize,
}

/// What is wrong with the file: the parser's own words, which show the place, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{cause}{advice}")]
pub struct DocumentError {
    advice: &'static str,
    #[source]
    cause: Box<toml::de::Error>,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, DocumentError> {
        toml::from_str(text).map_err(|cause| DocumentError { advice: advice(&cause), cause: Box::new(cause) })
    }
}

/// What the parser cannot know.
fn advice(error: &toml::de::Error) -> &'static str {
    let message = error.message();
    let is_unknown = |key: &str| message.starts_with(&format!("unknown field `{key}`"));
    if is_unknown("audience") || is_unknown("catalogues") {
        "; the site file says this: name it by `site = \"…\"`"
    } else if is_unknown("probe") {
        "; the QGIS plugin that it watched is not needed any more: take this away, and the plugin"
    } else {
        backslash_advice(message)
    }
}

impl From<PathStyleDocument> for PathStyle {
    fn from(style: PathStyleDocument) -> Self {
        match style {
            PathStyleDocument::Windows => Self::Windows,
            PathStyleDocument::Unix => Self::Unix,
        }
    }
}

impl From<LimitsDocument> for Limits {
    fn from(document: LimitsDocument) -> Self {
        let left_out = Self::default();
        let seconds =
            |given: Option<NonZeroU64>, or| given.map_or(or, |given| Duration::from_secs(given.get()));
        let count = |given: Option<NonZeroUsize>, or| given.map_or(or, NonZeroUsize::get);
        Self {
            max_pixels: document.max_pixels.map_or(left_out.max_pixels, NonZeroU64::get),
            max_features: document.max_features.map_or(left_out.max_features, NonZeroU64::get),
            body_bytes: count(document.body_bytes, left_out.body_bytes),
            requests_per_catalogue: count(document.requests_per_catalogue, left_out.requests_per_catalogue),
            waiting_per_catalogue: document.waiting_per_catalogue.unwrap_or(left_out.waiting_per_catalogue),
            upstream: seconds(document.upstream_seconds, left_out.upstream),
            idle: seconds(document.idle_seconds, left_out.idle),
            header: seconds(document.header_seconds, left_out.header),
            body: seconds(document.body_seconds, left_out.body),
            connections: count(document.connections, left_out.connections),
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

/// Segments of plain characters, so that a path is compared as it is written.
fn base<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(value)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(is_plain) && !matches!(segment, "." | "..")
    };
    let fits = text.is_empty() || text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment));
    if fits {
        Ok(Some(text))
    } else {
        Err(D::Error::custom(
            "a base is empty or like \"/pozi\": a slash before each part, and none at the end",
        ))
    }
}
