//! The whole service in one process on localhost.
