//! The only users of the network, the file system and the system clock. Each implements a trait of another module.

mod authorities;
#[cfg(feature = "aws")]
pub mod aws;
mod bounded_http;
mod clock;
mod distribution;
mod graph_call;
mod http_document;
mod http_graph;
mod http_key_sets;
mod http_service;
mod http_token_endpoint;
mod key_ring_file;
mod key_set_file;
#[cfg(feature = "lambda")]
pub mod lambda;
mod microsoft;
pub mod private_file;
mod revocation_document_file;
mod revocation_file;
mod roots;
mod site_files;

pub use self::{
    authorities::{Authority, AuthorityError},
    bounded_http::{HttpClientError, MAX_DOCUMENT_BYTES, Network, http_client},
    clock::SystemClock,
    distribution::{ORIGIN_HEADER, behind_distribution},
    http_document::HttpDocument,
    http_graph::HttpGraph,
    http_key_sets::HttpKeySets,
    http_service::HttpService,
    http_token_endpoint::HttpTokenEndpoint,
    key_ring_file::KeyRingFile,
    key_set_file::{KeySetFile, KeySetFileError},
    microsoft::Microsoft,
    private_file::{OwnFileError, UntrustedFileError},
    revocation_document_file::{KnownRevocations, RevocationDocumentFile, RevocationDocumentFileError},
    revocation_file::RevocationFile,
    site_files::{LoadError, SiteFiles, read_site_files},
};
