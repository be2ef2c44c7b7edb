//! Where QGIS Server is: `[upstream]` where it runs already, `[qgis]` where the gate starts it.

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

/// What stands for the catalogue's id in an address.
const CATALOGUE: &str = "{catalogue}";

/// A QGIS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamConfig {
    /// Processes that listen for `FastCGI`.
    FastCgi {
        /// `unix:` and the path of a socket, or `host:port`.
        address: String,
    },
    /// A web server that runs QGIS Server, IIS on a loopback port for one.
    Http {
        /// The address of QGIS Server there, without query.
        base: String,
    },
    /// Processes that the gate starts, watches and replaces.
    Processes {
        /// `qgis_mapserv.fcgi`.
        program: PathBuf,
        /// How many.
        processes: usize,
        /// The address space that each may use, in MB of 10⁶ bytes.
        memory_mb: u64,
        /// Environment variables that they get.
        variables: BTreeMap<String, String>,
    },
}

/// The QGIS Server of each catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstreams {
    shared: Option<UpstreamConfig>,
    pinned: BTreeMap<CatalogueId, UpstreamConfig>,
}

/// What is wrong with `[upstream]` or `[qgis]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// More than one is named where one answers.
    #[error("{0} names more than one QGIS Server; keep one of `fastcgi`, `http` and [qgis]")]
    Several(String),
    /// None is named for a catalogue.
    #[error(
        "no QGIS Server is named for the catalogue `{0}`: write [upstream] with `fastcgi` or `http`, or [qgis] with `program`"
    )]
    Missing(CatalogueId),
    /// A table for a catalogue is empty.
    #[error("[upstream.catalogue.{0}] names no QGIS Server: write `fastcgi` or `http`")]
    Empty(CatalogueId),
    /// A catalogue that the site does not have.
    #[error("[upstream.catalogue.{0}]: the site has no such catalogue")]
    Unknown(CatalogueId),
    /// Not an address for `FastCGI`.
    #[error("`fastcgi` of {0} is no address; write \"unix:/run/qgis.sock\" or \"127.0.0.1:9000\"")]
    FastCgi(String),
    /// Not an address for HTTP.
    #[error("`http` of {0} {1}")]
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
    ) -> Result<Self, UpstreamFault> {
        let upstream = upstream.unwrap_or_default();
        let running = address("[upstream]", upstream.fastcgi, upstream.http)?;
        let shared = match (running, qgis) {
            (Some(_), Some(_)) => return Err(UpstreamFault::Several("gate.toml".into())),
            (running, None) => running,
            (None, Some(qgis)) => Some(qgis.into()),
        };
        let mut pinned = BTreeMap::new();
        for (catalogue, document) in upstream.catalogue {
            if site.catalogues.iter().all(|own| own.id != catalogue) {
                return Err(UpstreamFault::Unknown(catalogue));
            }
            let place = format!("[upstream.catalogue.{catalogue}]");
            let own = address(&place, document.fastcgi, document.http)?;
            let own = own.ok_or_else(|| UpstreamFault::Empty(catalogue.clone()))?;
            pinned.insert(catalogue, own);
        }
        let upstreams = Self { shared, pinned };
        let without = site.catalogues.iter().find(|own| upstreams.of_catalogue(&own.id).is_none());
        without.map_or(Ok(upstreams), |own| Err(UpstreamFault::Missing(own.id.clone())))
    }

    /// The QGIS Server of `catalogue`: its own, else the one that the others share, with `{catalogue}` in its address
    /// replaced. Each catalogue of the site has one.
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
) -> Result<Option<UpstreamConfig>, UpstreamFault> {
    match (fastcgi, http) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(UpstreamFault::Several(place.into())),
        (Some(address), None) if is_fastcgi(&address) => Ok(Some(UpstreamConfig::FastCgi { address })),
        (Some(_), None) => Err(UpstreamFault::FastCgi(place.into())),
        (None, Some(base)) => {
            let fault = |rule| UpstreamFault::Http(place.into(), rule);
            let url = plain_url(&base.replace(CATALOGUE, "x")).map_err(fault)?;
            if url.scheme() != "http" {
                return Err(fault("must begin with http://: QGIS Server is on this machine or beside it"));
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
