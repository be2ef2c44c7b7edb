//! Geometries as clients write them, counted and written anew, so that nothing but numbers reaches QGIS.

pub mod gml;
pub mod wkt;
