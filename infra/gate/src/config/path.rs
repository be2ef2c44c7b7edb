//! Paths in a configuration.

use std::path::PathBuf;

use pozi_auth::sites::escaped_path;
use serde::{Deserialize, Deserializer, de::Error};

/// Deserialises a path that is neither empty nor damaged by TOML escapes.
pub(super) fn path<'de, D: Deserializer<'de>>(value: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(value)?;
    match escaped_path(&text) {
        Some(advice) => Err(D::Error::custom(advice)),
        None if text.is_empty() => Err(D::Error::custom("the path is empty; write one")),
        None => Ok(text.into()),
    }
}
