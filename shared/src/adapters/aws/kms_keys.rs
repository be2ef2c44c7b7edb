//! Keys that are made in KMS and never leave it: each signature is a call to KMS.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec, Tag},
};
use aws_types::SdkConfig;
use jsonwebtoken::jwk::Jwk;

use super::{
    kms_client::KmsClient,
    wire::{es256_signature, public_jwk},
};
use crate::keyring::{
    KeyDisposal, KeyMaker, KeyOpener, NewKey, PrivateHalf, RingKey, Signer, SigningAlgorithm, SigningError,
    VaultError,
};

/// The tag by which IAM policies, and people, recognise the keys of a ring.
const TAG: &str = "pozi:ring";

/// The largest message that KMS takes, in bytes; for a longer one it takes the hash.
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html>.
const MAX_RAW_MESSAGE: usize = 4_096;

/// How long KMS keeps a key before it is deleted, in days: the shortest time that it allows.
const DELETION_DAYS: i32 = 7;

/// The keys of one ring in KMS.
#[derive(Debug, Clone)]
pub struct KmsKeys {
    client: KmsClient,
    tag: Option<Arc<str>>,
}

/// Signs with one key in KMS.
#[derive(Debug, Clone)]
pub struct KmsSigner {
    client: KmsClient,
    key: String,
    algorithm: SigningAlgorithm,
}

impl KmsKeys {
    /// Makes keys with the tag `pozi:ring` and the value `tag`. Without one it opens keys but makes none.
    pub fn new(connection: &SdkConfig, tag: Option<&str>) -> Self {
        Self { client: KmsClient::new(connection), tag: tag.map(Into::into) }
    }

    /// As that of [`SealedKeys`](super::SealedKeys::prepare).
    pub fn prepare(&self) {
        self.client.prepare();
    }
}

impl KmsSigner {
    /// Signs with `key` (an ARN), which is of `algorithm`.
    pub fn new(connection: &SdkConfig, key: &str, algorithm: SigningAlgorithm) -> Self {
        Self { client: KmsClient::new(connection), key: key.to_owned(), algorithm }
    }

    /// Returns the public key, as it would be published.
    pub async fn public_key(&self) -> Result<Jwk, VaultError> {
        public_key(&self.client, &self.key, self.algorithm).await
    }
}

async fn public_key(client: &Client, key: &str, algorithm: SigningAlgorithm) -> Result<Jwk, VaultError> {
    let public = client.get_public_key().key_id(key).send().await;
    let public = public.map_err(|error| VaultError::Vault(error.into()))?.public_key;
    public.and_then(|der| public_jwk(algorithm, der.as_ref())).ok_or(VaultError::NotMade)
}

impl KeyMaker for KmsKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
        let tag = Tag::builder().tag_key(TAG).tag_value(self.tag.as_deref().ok_or(VaultError::NotMade)?);
        let made = self
            .client
            .create_key()
            .key_spec(match algorithm {
                SigningAlgorithm::Es256 => KeySpec::EccNistP256,
                SigningAlgorithm::Rs256 => KeySpec::Rsa2048,
            })
            .key_usage(KeyUsageType::SignVerify)
            .description("Signs Pozi sessions")
            .tags(tag.build().map_err(|_| VaultError::NotMade)?)
            .send()
            .await
            .map_err(|error| VaultError::Vault(error.into()))?;
        let key = made.key_metadata.and_then(|metadata| metadata.arn).ok_or(VaultError::NotMade)?;
        let jwk = public_key(&self.client, &key, algorithm).await?;
        Ok(NewKey { jwk, private: PrivateHalf::Vault(key) })
    }
}

impl KeyOpener for KmsKeys {
    type Signer = KmsSigner;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<KmsSigner, VaultError> {
        let PrivateHalf::Vault(name) = &key.private else {
            return Err(VaultError::StoredOtherwise(key.id.clone()));
        };
        Ok(KmsSigner { client: self.client.clone(), key: name.clone(), algorithm })
    }
}

impl KeyDisposal for KmsKeys {
    async fn dispose(&self, private: &PrivateHalf) -> Result<(), VaultError> {
        let PrivateHalf::Vault(arn) = private else { return Ok(()) };
        // An id, unlike an ARN, can only name a key of this account and region.
        let key = arn.rsplit('/').next().unwrap_or(arn);
        let deletion = self.client.schedule_key_deletion().key_id(key).pending_window_in_days(DELETION_DAYS);
        match deletion.send().await {
            Ok(_) => Ok(()),
            // Its deletion is scheduled already, or it no longer exists.
            Err(error)
                if error.as_service_error().is_some_and(|refusal| {
                    refusal.is_kms_invalid_state_exception() || refusal.is_not_found_exception()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(VaultError::Vault(error.into())),
        }
    }
}

impl Signer for KmsSigner {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let (kind, message) = if message.len() <= MAX_RAW_MESSAGE {
            (MessageType::Raw, message.to_vec())
        } else {
            (MessageType::Digest, digest::digest(&digest::SHA256, message).as_ref().to_vec())
        };
        let signed = self
            .client
            .sign()
            .key_id(&self.key)
            .message(Blob::new(message))
            .message_type(kind)
            .signing_algorithm(match self.algorithm {
                SigningAlgorithm::Es256 => SigningAlgorithmSpec::EcdsaSha256,
                SigningAlgorithm::Rs256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
            })
            .send()
            .await
            .map_err(|error| SigningError(error.into()))?;
        let signature = signed.signature.map(Blob::into_inner).unwrap_or_default();
        match self.algorithm {
            SigningAlgorithm::Rs256 => Ok(signature),
            SigningAlgorithm::Es256 => es256_signature(&signature)
                .ok_or_else(|| SigningError("KMS answered with no ECDSA signature".into())),
        }
    }
}
