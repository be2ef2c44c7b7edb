//! Keys that are made in this process and stored in clear.

use super::{
    KeyDisposal, KeyId, KeyMaker, KeyOpener, NewKey, PrivateHalf, PrivateKey, RingKey, SigningAlgorithm,
    SoftwareKey, VaultError,
};

/// Makes keys in this process and leaves their private halves in clear.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftwareKeys;

impl KeyMaker for SoftwareKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
        let (key, private) = SoftwareKey::generate(algorithm).map_err(|_| VaultError::NotMade)?;
        Ok(NewKey { jwk: key.public_jwk(), private: PrivateHalf::Plain(private) })
    }
}

impl KeyOpener for SoftwareKeys {
    type Signer = SoftwareKey;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<SoftwareKey, VaultError> {
        match &key.private {
            PrivateHalf::Plain(private) => SoftwareKey::open_as(&key.id, algorithm, private),
            _ => Err(VaultError::StoredOtherwise(key.id.clone())),
        }
    }
}

impl KeyDisposal for SoftwareKeys {}

impl SoftwareKey {
    /// Opens `private` if it is the private half of the key `id`. With another key's, sessions would be signed under an id
    /// whose public key does not verify them.
    pub fn open_as(
        id: &KeyId,
        algorithm: SigningAlgorithm,
        private: &PrivateKey,
    ) -> Result<Self, VaultError> {
        let key = Self::open(algorithm, private).ok();
        key.filter(|key| KeyId::thumbprint(&key.public_jwk()).as_ref() == Some(id))
            .ok_or_else(|| VaultError::Mismatch(id.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyring::KeyState, timestamp::Timestamp};

    async fn key() -> RingKey {
        let new = SoftwareKeys.make(SigningAlgorithm::Es256).await.unwrap();
        RingKey::new(new, KeyState::Active { since: Timestamp::default() }).unwrap()
    }

    async fn opened(key: &RingKey) -> Result<KeyId, VaultError> {
        let signer = SoftwareKeys.open(key, SigningAlgorithm::Es256).await?;
        Ok(KeyId::thumbprint(&signer.public_jwk()).unwrap())
    }

    #[tokio::test]
    async fn opens_a_key_only_with_its_own_private_half() {
        let (own, other) = (key().await, key().await);
        assert_eq!(opened(&own).await.unwrap(), own.id);
        let foreign = RingKey { private: other.private, ..own.clone() };
        assert!(matches!(opened(&foreign).await, Err(VaultError::Mismatch(id)) if id == own.id));
        for private in [PrivateHalf::Sealed(vec![1]), PrivateHalf::Vault("key/1".into())] {
            let elsewhere = RingKey { private, ..own.clone() };
            assert!(matches!(opened(&elsewhere).await, Err(VaultError::StoredOtherwise(_))));
        }
    }
}
