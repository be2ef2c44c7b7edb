//! Tokens looked into and verified without any of the service's own code, so that it can bear witness against it.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// A part of a compact JWS as JSON: 0 is its header, 1 its payload.
///
/// # Panics
/// When it has no such part, or that is not JSON.
#[expect(clippy::expect_used, reason = "a test that looks into what is no token has failed")]
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("the token has the part");
    let json = URL_SAFE_NO_PAD.decode(part).expect("the part is base64url without padding");
    serde_json::from_slice(&json).expect("the part is JSON")
}

/// The entry of `key_set` that the token names and that verifies it.
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
