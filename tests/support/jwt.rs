//! Decodes and verifies tokens without the service's own code, as an independent check of it.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// Decodes a part of a compact JWS: 0 is its header, 1 its payload.
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("the token has the part");
    let json = URL_SAFE_NO_PAD.decode(part).expect("the part is base64url without padding");
    serde_json::from_slice(&json).expect("the part is JSON")
}

/// Returns the key of `key_set` that the token names, if it verifies the token.
pub fn verified_by<'a>(token: &str, key_set: &'a Value) -> Option<&'a Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, signature) = (part(token, 0), URL_SAFE_NO_PAD.decode(signature).ok()?);
    let key = key_set["keys"].as_array()?.iter().find(|key| key["kid"] == header["kid"])?;
    (key["alg"] == header["alg"] && verifies(key, message.as_bytes(), &signature)).then_some(key)
}

/// Whether the public key `jwk` verifies `signature` over `message`.
pub fn verifies(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let member = |name: &str| {
        let text = jwk[name].as_str().expect("the key has the member");
        URL_SAFE_NO_PAD.decode(text).expect("the member is base64url without padding")
    };
    match (jwk["alg"].as_str(), jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("ES256"), Some("EC"), Some("P-256")) => {
            let point = [vec![4], member("x"), member("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
        }
        (Some("RS256"), Some("RSA"), None) => {
            let key = PublicKeyComponents { n: member("n"), e: member("e") };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
        }
        _ => false,
    }
}
