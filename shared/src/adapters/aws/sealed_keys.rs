//! Private keys that KMS seals: made and used in this process, stored encrypted. The encryption context binds each to its
//! key id, table and issuer, so that one that was moved elsewhere does not open.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_kms::{Client, primitives::Blob};
use aws_types::SdkConfig;

use super::table::reason;
use crate::{
    keyring::{
        KeyDisposal, KeyId, KeyMaker, KeyOpener, MadeKey, PrivateHalf, PrivateKey, RingKey, SigningAlgorithm,
        SoftwareKey, VaultError,
    },
    session::Issuer,
};

/// Seals under one KMS key, for one table and issuer.
#[derive(Debug, Clone)]
pub struct SealedKeys {
    client: Client,
    sealing_key: Arc<str>,
    table: Arc<str>,
    issuer: Arc<str>,
}

impl SealedKeys {
    /// Seals with the symmetric KMS key `sealing_key` (an ARN) what is stored in `table` and signs for `issuer`.
    pub fn new(connection: &SdkConfig, sealing_key: &str, table: &str, issuer: &Issuer) -> Self {
        Self {
            client: Client::new(connection),
            sealing_key: sealing_key.into(),
            table: table.into(),
            issuer: issuer.to_string().into(),
        }
    }

    fn context(&self, id: &KeyId) -> HashMap<String, String> {
        let pairs = [("kid", id.as_str()), ("table", &*self.table), ("issuer", &*self.issuer)];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

impl KeyMaker for SealedKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<MadeKey, VaultError> {
        let (key, private) = SoftwareKey::generate(algorithm).map_err(|_| VaultError::NotMade)?;
        let jwk = key.public_jwk();
        let id = KeyId::thumbprint(&jwk).ok_or(VaultError::NotMade)?;
        let sealed = self
            .client
            .encrypt()
            .key_id(&*self.sealing_key)
            .plaintext(Blob::new(private.as_pkcs8()))
            .set_encryption_context(Some(self.context(&id)))
            .send()
            .await
            .map_err(|error| VaultError::Vault(reason(&error)))?;
        let sealed = sealed.ciphertext_blob.ok_or(VaultError::NotMade)?;
        Ok(MadeKey { jwk, private: PrivateHalf::Sealed(sealed.into_inner()) })
    }
}

impl KeyOpener for SealedKeys {
    type Signer = SoftwareKey;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<SoftwareKey, VaultError> {
        let PrivateHalf::Sealed(sealed) = &key.private else { return Err(VaultError::kept_elsewhere(key)) };
        let opened = self
            .client
            .decrypt()
            .key_id(&*self.sealing_key)
            .ciphertext_blob(Blob::new(sealed.as_slice()))
            .set_encryption_context(Some(self.context(&key.id)))
            .send()
            .await;
        let opened = opened.map_err(|error| match error.as_service_error() {
            // KMS says no more than this of a wrong context or a changed ciphertext.
            Some(refusal) if refusal.is_invalid_ciphertext_exception() => {
                VaultError::Unfit { id: key.id.to_string() }
            }
            _ => VaultError::Vault(reason(&error)),
        })?;
        let private = PrivateKey::from_pkcs8(opened.plaintext.map(Blob::into_inner).unwrap_or_default());
        SoftwareKey::fitting(algorithm, &private, &key.id)
    }
}

impl KeyDisposal for SealedKeys {
    /// A sealed key is gone with the ring that held it.
    async fn dispose(&self, _: &PrivateHalf) -> Result<(), VaultError> {
        Ok(())
    }
}
