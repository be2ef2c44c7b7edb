//! QGIS expressions.
