//! The directory's signing keys: RSA-2048, each with a self-signed certificate whose thumbprint is the key's id.

use std::{
    error::Error,
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError, mpsc},
    thread,
};

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    error::Unspecified,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SignatureAlgorithm};
use serde_json::{Value, json};

/// The number of keys made at a time: a start takes one, and the first v2.0 key set another.
const KEY_THREADS: usize = 2;

/// A private key and its certificate.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    certificate: Vec<u8>,
    id: String,
}

impl SigningKey {
    /// A new key: one that was made ahead, or the one being made.
    pub(super) fn fresh() -> Arc<Self> {
        // Making a key takes about a tenth of a second, sometimes several, which would slow down tests and levers.
        static MADE_AHEAD: LazyLock<Mutex<mpsc::Receiver<Arc<SigningKey>>>> = LazyLock::new(make_ahead);
        let made = MADE_AHEAD.lock().unwrap_or_else(PoisonError::into_inner).recv();
        made.unwrap_or_else(|_| Arc::new(Self::generate()))
    }

    /// `kid` and `x5t`: the SHA-1 thumbprint of the certificate, as in Entra.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The public key as an entry of a v1.0 key set, which has no `alg`.
    pub(super) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.id,
            "x5t": self.id,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            "x5c": [STANDARD.encode(&self.certificate)],
        })
    }

    /// Signs a compact JWS. `kid` and `x5t` of the header, if present, are set to this key.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let mut header = header.clone();
        for name in ["kid", "x5t"] {
            if let Some(member) = header.get_mut(name) {
                *member = self.id.as_str().into();
            }
        }
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs a compact JWS of two texts, JSON or not.
    pub(super) fn sign_text(&self, header: &str, claims: &str) -> String {
        let mut jws = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(jws.as_bytes());
        jws.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jws);
        jws
    }

    /// Whether `signature` is this key's, by RS256.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key());
        public.verify(message, signature).is_ok()
    }

    #[expect(
        clippy::expect_used,
        reason = "fails only for a key too short for the hash, and all have 2048 bits"
    )]
    fn signature(&self, message: &[u8]) -> Vec<u8> {
        rs256(&self.pair, message).expect("a 2048-bit RSA key signs any message")
    }

    #[expect(clippy::expect_used, reason = "the emulated directory cannot run without a key")]
    fn generate() -> Self {
        Self::try_generate().expect("the machine can make an RSA key and its certificate")
    }

    fn try_generate() -> Result<Self, Box<dyn Error>> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let certificate = certificate_of(&pair)?;
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        Ok(Self { pair, certificate, id: URL_SAFE_NO_PAD.encode(thumbprint) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Starts the threads that make keys ahead. Each holds one until it is taken.
fn make_ahead() -> Mutex<mpsc::Receiver<Arc<SigningKey>>> {
    let (made, taken) = mpsc::sync_channel(0);
    for _ in 0..KEY_THREADS {
        let made = made.clone();
        thread::spawn(move || while made.send(Arc::new(SigningKey::generate())).is_ok() {});
    }
    Mutex::new(taken)
}

fn certificate_of(pair: &RsaKeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "accounts.entra.invalid");
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    Ok(params.self_signed(&Signer(pair))?.der().to_vec())
}

/// Signs a certificate with the key that it certifies.
struct Signer<'a>(&'a RsaKeyPair);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        rs256(self.0, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn rs256(pair: &RsaKeyPair, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(haystack: &[u8], needle: &[u8]) -> bool {
        haystack.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn a_keys_id_is_its_certificates_thumbprint() {
        let key = SigningKey::fresh();
        let jwk = key.jwk();
        let certificate = STANDARD.decode(jwk["x5c"][0].as_str().unwrap()).unwrap();
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        assert_eq!(jwk["kid"], URL_SAFE_NO_PAD.encode(thumbprint));
        assert_eq!(jwk["x5t"], jwk["kid"]);
        assert_eq!(key.id().len(), 27);
    }

    #[test]
    fn a_certificate_certifies_the_published_modulus_and_is_signed_with_it() {
        let key = SigningKey::fresh();
        let jwk = key.jwk();
        let certificate = STANDARD.decode(jwk["x5c"][0].as_str().unwrap()).unwrap();
        let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
        assert_eq!(modulus.len(), 256);
        assert!(contains(&certificate, key.pair.public_key().as_ref()));
        assert!(contains(key.pair.public_key().as_ref(), &modulus));

        // Certificate ::= SEQUENCE { tbs, algorithm, signature }, all three with two length bytes but the second.
        let tbs_length = 4 + usize::from(u16::from_be_bytes([certificate[6], certificate[7]]));
        let tbs = &certificate[4..4 + tbs_length];
        assert_eq!(key.signature(tbs), certificate[certificate.len() - 256..]);
    }

    #[test]
    fn an_entry_has_exactly_the_members_of_a_real_one() {
        let jwk = SigningKey::fresh().jwk();
        let mut members: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["e", "kid", "kty", "n", "use", "x5c", "x5t"]);
        assert_eq!(jwk["e"], "AQAB");
    }
}
