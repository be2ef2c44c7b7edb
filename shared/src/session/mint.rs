//! Mints a session: writes header and claims, then has them signed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{SessionClaims, claims::TYPE};
use crate::keyring::{Signer, SigningAlgorithm, SigningError, SigningKey};

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

/// Returns the compact JWS of `claims`, signed with `key`.
pub async fn mint<S: Signer>(claims: &SessionClaims, key: &SigningKey<S>) -> Result<String, SigningError> {
    let mut token = message(claims, key.algorithm, key.id.as_str())?;
    let signature = key.signer.sign(token.as_bytes()).await?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Returns the size in bytes of the session that [`mint`] makes of claims of this size with a key of `algorithm`.
pub(super) fn size_of(claims: &SessionClaims, algorithm: SigningAlgorithm) -> Result<usize, SigningError> {
    // An RFC 7638 thumbprint: 32 bytes, base64url.
    const KEY_ID: &str = "0000000000000000000000000000000000000000000";
    let signature = (algorithm.signature_bytes() * 4).div_ceil(3);
    Ok(message(claims, algorithm, KEY_ID)?.len() + ".".len() + signature)
}

/// Returns header and claims, encoded: what is signed.
fn message(
    claims: &SessionClaims,
    algorithm: SigningAlgorithm,
    key_id: &str,
) -> Result<String, SigningError> {
    let mut token = String::with_capacity(1_024);
    append(&mut token, &Header { typ: TYPE, alg: algorithm.name(), kid: key_id })?;
    token.push('.');
    append(&mut token, claims)?;
    Ok(token)
}

fn append(token: &mut String, part: &impl Serialize) -> Result<(), SigningError> {
    let json = serde_json::to_vec(part).map_err(|error| SigningError(error.into()))?;
    URL_SAFE_NO_PAD.encode_string(json, token);
    Ok(())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, crypto};
    use serde_json::json;

    use super::*;
    use crate::{
        error::with_causes,
        session::testing::{claims, signing_key},
    };

    fn part(token: &str, index: usize) -> serde_json::Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    /// RFC 7515 §4.1.9, §5.1, §6; RFC 7519 §5.1, §5.2; RFC 8725 §3.11; RFC 9068 §2.1.
    #[tokio::test]
    async fn the_header_has_type_algorithm_and_key_and_nothing_else() {
        for (algorithm, name) in [(SigningAlgorithm::Es256, "ES256"), (SigningAlgorithm::Rs256, "RS256")] {
            let (key, jwk) = signing_key(algorithm);
            let token = mint(&claims("planning:read"), &key).await.unwrap();
            assert_eq!(part(&token, 0), json!({"typ": "at+jwt", "alg": name, "kid": key.id.as_str()}));
            assert_eq!(part(&token, 1), serde_json::to_value(claims("planning:read")).unwrap());
            let (message, signature) = token.rsplit_once('.').unwrap();
            let public = DecodingKey::from_jwk(&jwk).unwrap();
            let to_jsonwebtoken = algorithm.to_jsonwebtoken();
            assert!(crypto::verify(signature, message.as_bytes(), &public, to_jsonwebtoken).unwrap());
        }
    }

    struct Broken;

    impl Signer for Broken {
        async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SigningError> {
            Err(SigningError("the vault is closed".into()))
        }
    }

    /// RFC 9068 §2.1.
    #[tokio::test]
    async fn a_failed_signature_is_an_error() {
        let (key, _) = signing_key(SigningAlgorithm::Es256);
        let broken = SigningKey { id: key.id, algorithm: key.algorithm, signer: Broken };
        let refusal = mint(&claims("planning:read"), &broken).await.unwrap_err();
        assert_eq!(with_causes(&refusal), "no signing key is available: the vault is closed");
    }
}
