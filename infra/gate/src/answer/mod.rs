//! What of QGIS Server's answer reaches the client: status, body and chosen headers, with links that lead back here.
//!
//! ```text
//! QGIS's answer ─► is it one? (media, headers) ─► links (xml, json, html) ─► our headers ─► HEAD, CORS, gzip
//! ```
//!
//! Everything was tried on QGIS Server 3.22. What it does not send is not let through.

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
mod refused;
mod schema_locations;
mod xml_links;
mod xml_place;

pub use self::{
    accept::api_accept,
    compression::{TextCompression, compression},
    cors::{Cors, preflight},
    headers::without_body,
    links::Links,
    rebuild::{Interface, rebuild},
    refused::{challenged, refusal, retry_after},
};
