//! Well-known text.
