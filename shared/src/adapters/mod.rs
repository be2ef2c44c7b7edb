//! The only users of the network, the file system and the system clock. Each implements a port.

#[cfg(feature = "aws")]
pub mod aws;
mod clock;
mod http_key_sets;
mod key_ring_file;
#[cfg(feature = "lambda")]
pub mod lambda;
mod roots;
mod site_files;

pub use self::{
    clock::SystemClock,
    http_key_sets::{HttpKeySets, MAX_KEY_SET_BYTES},
    key_ring_file::KeyRingFile,
    site_files::{LoadError, SiteFiles},
};
