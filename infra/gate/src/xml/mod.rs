//! XML bodies.
//!
//! Bodies and filters are read once into a small tree ([`tree::Element`]), turned into types by a closed list of elements
//! and attributes, and written anew ([`write::Writer`]). What QGIS parses is never what the client wrote.
//!
//! Namespaces are not resolved. QGIS Server matches elements by their local name in any namespace and takes prefixes that
//! are not declared, and Pozi's clients rely on both; what is written declares each prefix it uses.
//!
//! | module | reads and writes |
//! |---|---|
//! | [`filter`] | OGC filters (FES 1.x and 2.0), from a parameter or from a body |
//! | [`get_feature`] | WFS `GetFeature` |
//! | [`describe`] | WFS `DescribeFeatureType` |
//! | [`transaction`] | WFS `Transaction` 1.0.0 and 1.1.0 |
//! | [`gml`] | geometries |
//!
//! What is said here about QGIS Server was tried on 3.22.16.

pub mod body;
pub mod describe;
pub mod filter;
pub mod get_feature;
pub mod gml;
pub mod names;
#[cfg(test)]
mod recorded;
pub mod transaction;
pub mod tree;
pub mod write;

/// The largest body of an operation that reads, in bytes.
pub const MAX_READ_BYTES: usize = 1 << 20;

/// The largest `Transaction`, in bytes. QGIS parses 8 MiB in about a second; 32 MiB ended its process.
pub const MAX_TRANSACTION_BYTES: usize = 8 << 20;
