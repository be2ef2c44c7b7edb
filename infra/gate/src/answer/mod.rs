//! Turns QGIS Server's answer into the client's: status, body and selected headers, with links that lead to the gate.
//!
//! ```text
//! QGIS's answer ─► valid? (media, headers) ─► links (xml, json, html) ─► our headers ─► HEAD, CORS, gzip
//! ```
//!
//! Tested with QGIS Server 3.22. Kinds of content that it does not send are refusal.

mod accept;
mod body;
mod compression;
mod cors;
mod disk_path;
mod headers;
mod html_links;
mod json_links;
mod links;
mod media;
mod query;
mod rebuild;
mod refusal;
mod schema_locations;
mod xml_links;
mod xml_path;

pub use self::{
    accept::api_accept,
    compression::{TextCompression, compression},
    cors::{Cors, preflight},
    headers::without_body,
    links::Links,
    rebuild::{Interface, rebuild},
    refusal::{challenged, refusal, retry_after},
};
