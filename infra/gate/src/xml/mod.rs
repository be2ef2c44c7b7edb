//! XML bodies.
//!
//! Bodies and filters are parsed into a small tree ([`tree::Element`]), turned into types by a closed list of elements and
//! attributes, and written anew ([`write::Writer`]). QGIS never parses what the client wrote.
//!
//! Namespaces are not resolved: QGIS Server matches elements by local name in any namespace and accepts undeclared
//! prefixes, and Pozi's clients rely on both. What is written declares each prefix that it uses.
//!
//! | module | reads and writes |
//! |---|---|
//! | [`filter`] | OGC filters (FES 1.x and 2.0), from a parameter or from a body |
//! | [`get_feature`] | WFS `GetFeature` |
//! | [`describe`] | WFS `DescribeFeatureType` |
//! | [`transaction`] | WFS `Transaction` 1.0.0 and 1.1.0 |
//! | [`gml`] | geometries |
//!
//! The behaviour of QGIS Server that is described in these modules was tried on 3.22.16.

pub mod body;
pub mod describe;
pub mod filter;
pub mod get_feature;
pub mod gml;
pub mod names;
pub mod structure;
pub mod transaction;
pub mod tree;
pub mod write;

/// Maximum size in bytes of a body of a reading operation.
pub const MAX_READ_BYTES: usize = 1 << 20;

/// Maximum size in bytes of a `Transaction`. QGIS parses 8 MiB in about a second; 32 MiB killed its process.
pub const MAX_TRANSACTION_BYTES: usize = 8 << 20;
