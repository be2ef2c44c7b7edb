//! A client of KMS that is made when it is first used.

use std::{
    ops::Deref,
    sync::{Arc, LazyLock},
};

use aws_sdk_kms::Client;
use aws_types::SdkConfig;

/// Clones are the same client. Making it parses what the SDK knows of all regions, a fifth of the work of a function's start,
/// and can be done while the key ring is read.
#[derive(Debug, Clone)]
pub(super) struct KmsClient(Arc<LazyLock<Client, MakeClient>>);

type MakeClient = Box<dyn FnOnce() -> Client + Send>;

impl KmsClient {
    pub(super) fn new(connection: &SdkConfig) -> Self {
        let connection = connection.clone();
        Self(Arc::new(LazyLock::new(Box::new(move || Client::new(&connection)))))
    }

    /// Makes the client if there is none yet.
    pub(super) fn prepare(&self) {
        LazyLock::force(&self.0);
    }
}

impl Deref for KmsClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}
