//! Decodes and verifies tokens without the service's own code, as an independent check of it.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// Decodes a part of a compact JWS: 0 is its header, 1 its payload.
///
/// # Panics
/// If there is no such part, or it is not JSON.
#[expect(clippy::expect_used, reason = "a test with an invalid token fails")]
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("the token has the part");
    let json = URL_SAFE_NO_PAD.decode(part).expect("the part is base64url without padding");
    serde_json::from_slice(&json).expect("the part is JSON")
}

/// Returns the key of `key_set` that the token names, if it verifies the token.
pub fn verified_by<'a>(token: &str, key_set: &'a Value) -> Option<&'a Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let header = part(token, 0);
    let entry = key_set["keys"].as_array()?.iter().find(|entry| entry["kid"] == header["kid"])?;
    let member = |name: &str| URL_SAFE_NO_PAD.decode(entry[name].as_str()?).ok();
    let verified = match (header["alg"].as_str()?, entry["kty"].as_str()?) {
        ("ES256", "EC") => {
            let point = [vec![4], member("x")?, member("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature)
        }
        ("RS256", "RSA") => PublicKeyComponents { n: member("n")?, e: member("e")? }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            signed.as_bytes(),
            &signature,
        ),
        _ => return None,
    };
    verified.is_ok().then_some(entry)
}
