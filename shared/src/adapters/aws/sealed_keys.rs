//! Private keys that are made and used in this process, and stored encrypted by KMS. The encryption context binds each to
//! its key id, table and issuer: moved elsewhere, it cannot be decrypted.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_kms::primitives::Blob;
use aws_types::SdkConfig;

use super::kms_client::KmsClient;
use crate::{
    keyring::{
        KeyDisposal, KeyId, KeyMaker, KeyOpener, NewKey, PrivateHalf, PrivateKey, RingKey, SigningAlgorithm,
        SoftwareKey, VaultError,
    },
    session::Issuer,
};

/// Seals private keys with one KMS key, for one table and issuer.
#[derive(Debug, Clone)]
pub struct SealedKeys {
    client: KmsClient,
    sealing_key: Arc<str>,
    table: Arc<str>,
    issuer: Arc<str>,
}

impl SealedKeys {
    /// Uses the symmetric KMS key `sealing_key` (an ARN) for the ring in `table` that signs for `issuer`.
    pub fn new(connection: &SdkConfig, sealing_key: &str, table: &str, issuer: &Issuer) -> Self {
        Self {
            client: KmsClient::new(connection),
            sealing_key: sealing_key.into(),
            table: table.into(),
            issuer: issuer.to_string().into(),
        }
    }

    /// Makes the client of KMS ready. Sends nothing, but takes a while of the processor.
    pub fn prepare(&self) {
        self.client.prepare();
    }

    fn context(&self, id: &KeyId) -> HashMap<String, String> {
        let pairs = [("kid", id.as_str()), ("table", &*self.table), ("issuer", &*self.issuer)];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

impl KeyMaker for SealedKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
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
            .map_err(|error| VaultError::Vault(error.into()))?;
        let sealed = sealed.ciphertext_blob.ok_or(VaultError::NotMade)?;
        Ok(NewKey { jwk, private: PrivateHalf::Sealed(sealed.into_inner()) })
    }
}

impl KeyOpener for SealedKeys {
    type Signer = SoftwareKey;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<SoftwareKey, VaultError> {
        let PrivateHalf::Sealed(sealed) = &key.private else {
            return Err(VaultError::StoredOtherwise(key.id.clone()));
        };
        let opened = self
            .client
            .decrypt()
            .key_id(&*self.sealing_key)
            .ciphertext_blob(Blob::new(sealed.as_slice()))
            .set_encryption_context(Some(self.context(&key.id)))
            .send()
            .await;
        let opened = opened.map_err(|error| match error.as_service_error() {
            // KMS gives this one reason for a wrong context and for a changed ciphertext.
            Some(refusal) if refusal.is_invalid_ciphertext_exception() => {
                VaultError::Mismatch(key.id.clone())
            }
            _ => VaultError::Vault(error.into()),
        })?;
        let private = PrivateKey::from_pkcs8(opened.plaintext.map(Blob::into_inner).unwrap_or_default());
        SoftwareKey::open_as(&key.id, algorithm, &private)
    }
}

impl KeyDisposal for SealedKeys {}
