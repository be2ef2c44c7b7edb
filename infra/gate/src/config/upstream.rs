//! Where QGIS Server is: `[upstream]` if it is already running, `[qgis]` if the gate starts it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::{NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

use pozi_auth::{
    address::plain_url,
    sites::{CatalogueId, Site},
};
use serde::Deserialize;

use super::path::path;

/// The placeholder for the catalogue's id in an address.
const CATALOGUE: &str = "{catalogue}";

/// A QGIS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamConfig {
    /// A running `FastCGI` server.
    FastCgi {
        /// `unix:` and the path of a socket, or `host:port`.
        address: String,
    },
    /// A web server that runs QGIS Server, such as IIS on a loopback port.
    Http {
        /// The URL of QGIS Server, without a query.
        base: String,
    },
    /// Processes that the gate starts, supervises and replaces.
    Processes {
        /// The path of `qgis_mapserv.fcgi`.
        program: PathBuf,
        /// The number of processes.
        processes: usize,
        /// The address space that each process may use, in MB (10⁶ bytes).
        memory_mb: u64,
        /// Environment variables of the processes.
        variables: BTreeMap<String, String>,
    },
}

/// The QGIS Server of each catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstreams {
    shared: Option<UpstreamConfig>,
    pinned: BTreeMap<CatalogueId, UpstreamConfig>,
}

/// An error in `[upstream]` or `[qgis]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamConfigError {
    /// More than one QGIS Server is named; the table or file.
    #[error("{0} names more than one QGIS Server; keep only one of `fastcgi`, `http` and [qgis]")]
    Several(String),
    /// No QGIS Server is named for a catalogue.
    #[error(
        "no QGIS Server is configured for the catalogue `{0}`; add [upstream] with `fastcgi` or `http`, or [qgis] with `program`"
    )]
    Missing(CatalogueId),
    /// A table for a catalogue is empty.
    #[error("[upstream.catalogue.{0}] names no QGIS Server; set `fastcgi` or `http`")]
    Empty(CatalogueId),
    /// The site does not have the catalogue.
    #[error("[upstream.catalogue.{0}]: the site has no such catalogue; correct the id or remove the table")]
    Unknown(CatalogueId),
    /// `fastcgi` is not an address; the table.
    #[error(
        "`fastcgi` in {0} is not a valid address; write it like \"unix:/run/qgis.sock\" or \"127.0.0.1:9000\""
    )]
    FastCgi(String),
    /// `http` is not an address; the table and the rule that it breaks.
    #[error("`http` in {0} {1}")]
    Http(String, &'static str),
}

/// `[upstream]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamDocument {
    fastcgi: Option<String>,
    http: Option<String>,
    #[serde(default)]
    catalogue: BTreeMap<CatalogueId, PinnedDocument>,
}

/// `[upstream.catalogue.planning]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinnedDocument {
    fastcgi: Option<String>,
    http: Option<String>,
}

/// `[qgis]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QgisDocument {
    #[serde(deserialize_with = "path")]
    program: PathBuf,
    processes: Option<NonZeroUsize>,
    memory_mb: Option<NonZeroU64>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl Upstreams {
    pub(super) fn of(
        upstream: Option<UpstreamDocument>,
        qgis: Option<QgisDocument>,
        site: &Site,
    ) -> Result<Self, UpstreamConfigError> {
        let upstream = upstream.unwrap_or_default();
        let running = address("[upstream]", upstream.fastcgi, upstream.http)?;
        let shared = match (running, qgis) {
            (Some(_), Some(_)) => return Err(UpstreamConfigError::Several("gate.toml".into())),
            (running, None) => running,
            (None, Some(qgis)) => Some(qgis.into()),
        };
        let mut pinned = BTreeMap::new();
        for (catalogue, document) in upstream.catalogue {
            if site.catalogues.iter().all(|own| own.id != catalogue) {
                return Err(UpstreamConfigError::Unknown(catalogue));
            }
            let place = format!("[upstream.catalogue.{catalogue}]");
            let own = address(&place, document.fastcgi, document.http)?;
            let own = own.ok_or_else(|| UpstreamConfigError::Empty(catalogue.clone()))?;
            pinned.insert(catalogue, own);
        }
        let upstreams = Self { shared, pinned };
        let without = site.catalogues.iter().find(|own| upstreams.of_catalogue(&own.id).is_none());
        without.map_or(Ok(upstreams), |own| Err(UpstreamConfigError::Missing(own.id.clone())))
    }

    /// Returns the QGIS Server of `catalogue`, its own or the shared one, with `{catalogue}` in the address replaced.
    /// Every catalogue of the site has one.
    pub fn of_catalogue(&self, catalogue: &CatalogueId) -> Option<UpstreamConfig> {
        let own = self.pinned.get(catalogue).or(self.shared.as_ref())?;
        let named = |address: &str| address.replace(CATALOGUE, catalogue.as_str());
        Some(match own {
            UpstreamConfig::FastCgi { address } => UpstreamConfig::FastCgi { address: named(address) },
            UpstreamConfig::Http { base } => UpstreamConfig::Http { base: named(base) },
            processes @ UpstreamConfig::Processes { .. } => processes.clone(),
        })
    }
}

impl From<QgisDocument> for UpstreamConfig {
    fn from(document: QgisDocument) -> Self {
        Self::Processes {
            program: document.program,
            processes: document.processes.map_or(2, NonZeroUsize::get),
            memory_mb: document.memory_mb.map_or(4_000, NonZeroU64::get),
            variables: document.variables,
        }
    }
}

fn address(
    place: &str,
    fastcgi: Option<String>,
    http: Option<String>,
) -> Result<Option<UpstreamConfig>, UpstreamConfigError> {
    match (fastcgi, http) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(UpstreamConfigError::Several(place.into())),
        (Some(address), None) if is_fastcgi(&address) => Ok(Some(UpstreamConfig::FastCgi { address })),
        (Some(_), None) => Err(UpstreamConfigError::FastCgi(place.into())),
        (None, Some(base)) => {
            let error = |rule| UpstreamConfigError::Http(place.into(), rule);
            let url = plain_url(&base.replace(CATALOGUE, "x")).map_err(error)?;
            if url.scheme() != "http" {
                return Err(error("must begin with http://; the gate does not use TLS to QGIS Server"));
            }
            Ok(Some(UpstreamConfig::Http { base }))
        }
    }
}

fn is_fastcgi(address: &str) -> bool {
    let address = address.replace(CATALOGUE, "x");
    if address.contains(|character: char| character.is_control() || matches!(character, '{' | '}')) {
        return false;
    }
    if let Some(path) = address.strip_prefix("unix:") {
        return path.starts_with('/');
    }
    match address.parse::<SocketAddr>() {
        Ok(address) => address.port() != 0,
        Err(_) => address.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port)),
    }
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port != 0)
}

fn is_host(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain) && !text.ends_with(|last: char| last.is_ascii_digit())
}
