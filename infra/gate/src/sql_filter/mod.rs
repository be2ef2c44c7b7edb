//! `FILTER` of WMS.
