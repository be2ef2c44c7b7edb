//! Keys that are made in KMS and never leave it: each signature is a call.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec, Tag},
};
use aws_types::SdkConfig;

use super::{
    table::reason,
    wire::{es256_signature, public_jwk},
};
use crate::keyring::{
    KeyDisposal, KeyMaker, KeyOpener, MadeKey, PrivateHalf, RingKey, Signer, SigningAlgorithm,
    SigningUnavailable, VaultError,
};

/// The tag by which policies, and people, know the keys of a ring.
const TAG: &str = "pozi:ring";

/// The largest message that KMS hashes itself, in bytes; of a longer one it takes the hash.
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html>.
const MAX_RAW_MESSAGE: usize = 4_096;

/// How long KMS keeps a key that is to be deleted, in days: as short as it allows.
const DELETION_DAYS: i32 = 7;

/// Keys of one ring in KMS.
#[derive(Debug, Clone)]
pub struct KmsKeys {
    client: Client,
    tag: Option<Arc<str>>,
}

/// Signs with one key in KMS.
#[derive(Debug, Clone)]
pub struct KmsSigner {
    client: Client,
    key: String,
    algorithm: SigningAlgorithm,
}

impl KmsKeys {
    /// Makes keys that bear the tag `pozi:ring` with the value `tag`. Without one it makes none, and only opens those
    /// that there are.
    pub fn new(connection: &SdkConfig, tag: Option<&str>) -> Self {
        Self { client: Client::new(connection), tag: tag.map(Into::into) }
    }
}

impl KeyMaker for KmsKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<MadeKey, VaultError> {
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
            .map_err(|error| VaultError::Vault(reason(&error)))?;
        let key = made.key_metadata.and_then(|metadata| metadata.arn).ok_or(VaultError::NotMade)?;
        let public = self.client.get_public_key().key_id(&key).send().await;
        let public = public.map_err(|error| VaultError::Vault(reason(&error)))?.public_key;
        let jwk = public.and_then(|der| public_jwk(algorithm, der.as_ref())).ok_or(VaultError::NotMade)?;
        Ok(MadeKey { jwk, private: PrivateHalf::Vault(key) })
    }
}

impl KeyOpener for KmsKeys {
    type Signer = KmsSigner;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<KmsSigner, VaultError> {
        let PrivateHalf::Vault(name) = &key.private else { return Err(VaultError::kept_elsewhere(key)) };
        Ok(KmsSigner { client: self.client.clone(), key: name.clone(), algorithm })
    }
}

impl KeyDisposal for KmsKeys {
    async fn dispose(&self, private: &PrivateHalf) -> Result<(), VaultError> {
        let PrivateHalf::Vault(arn) = private else { return Ok(()) };
        // By its id alone it can only be one of this account and region.
        let key = arn.rsplit('/').next().unwrap_or(arn);
        let deletion = self.client.schedule_key_deletion().key_id(key).pending_window_in_days(DELETION_DAYS);
        match deletion.send().await {
            Ok(_) => Ok(()),
            // It is about to be deleted already, or is gone.
            Err(error)
                if error.as_service_error().is_some_and(|refusal| {
                    refusal.is_kms_invalid_state_exception() || refusal.is_not_found_exception()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(VaultError::Vault(reason(&error))),
        }
    }
}

impl Signer for KmsSigner {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningUnavailable> {
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
            .map_err(|error| SigningUnavailable(reason(&error)))?;
        let signature = signed.signature.map(Blob::into_inner).unwrap_or_default();
        match self.algorithm {
            SigningAlgorithm::Rs256 => Ok(signature),
            SigningAlgorithm::Es256 => es256_signature(&signature)
                .ok_or_else(|| SigningUnavailable("KMS answered with no ECDSA signature".into())),
        }
    }
}
