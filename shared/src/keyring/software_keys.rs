//! Keys that are made in this process and kept at hand.

use super::{
    KeyDisposal, KeyId, KeyMaker, KeyOpener, MadeKey, PrivateHalf, PrivateKey, RingKey, SigningAlgorithm,
    SoftwareKey, VaultError,
};

/// Makes keys in this process and keeps them at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoftwareKeys;

impl KeyMaker for SoftwareKeys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<MadeKey, VaultError> {
        let (key, private) = SoftwareKey::generate(algorithm).map_err(|_| VaultError::NotMade)?;
        Ok(MadeKey { jwk: key.public_jwk(), private: PrivateHalf::Plain(private) })
    }
}

impl KeyOpener for SoftwareKeys {
    type Signer = SoftwareKey;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<SoftwareKey, VaultError> {
        let PrivateHalf::Plain(private) = &key.private else { return Err(VaultError::kept_elsewhere(key)) };
        SoftwareKey::fitting(algorithm, private, &key.id)
    }
}

impl KeyDisposal for SoftwareKeys {
    /// A key at hand is gone with the ring that held it.
    async fn dispose(&self, _: &PrivateHalf) -> Result<(), VaultError> {
        Ok(())
    }
}

impl SoftwareKey {
    /// Opens `private` if it is the private half of the key `id`: a vault that hands out another's would otherwise have
    /// sessions signed under a name that verifies none of them.
    pub fn fitting(
        algorithm: SigningAlgorithm,
        private: &PrivateKey,
        id: &KeyId,
    ) -> Result<Self, VaultError> {
        let unfit = || VaultError::Unfit { id: id.to_string() };
        let key = Self::open(algorithm, private).map_err(|_| unfit())?;
        if KeyId::thumbprint(&key.public_jwk()).as_ref() == Some(id) { Ok(key) } else { Err(unfit()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyring::KeyState, timestamp::Timestamp};

    async fn key() -> RingKey {
        let made = SoftwareKeys.make(SigningAlgorithm::Es256).await.unwrap();
        RingKey::new(made, KeyState::Active { since: Timestamp::default() }).unwrap()
    }

    async fn opened(key: &RingKey) -> Result<KeyId, VaultError> {
        let signer = SoftwareKeys.open(key, SigningAlgorithm::Es256).await?;
        Ok(KeyId::thumbprint(&signer.public_jwk()).unwrap())
    }

    #[tokio::test]
    async fn only_the_private_half_of_the_very_key_opens_it() {
        let (own, other) = (key().await, key().await);
        assert_eq!(opened(&own).await.unwrap(), own.id);
        let foreign = RingKey { private: other.private, ..own.clone() };
        assert!(matches!(opened(&foreign).await, Err(VaultError::Unfit { id }) if id == own.id.as_str()));
        for private in [PrivateHalf::Sealed(vec![1]), PrivateHalf::Vault("key/1".into())] {
            let elsewhere = RingKey { private, ..own.clone() };
            assert!(matches!(opened(&elsewhere).await, Err(VaultError::KeptElsewhere { .. })));
        }
    }
}
