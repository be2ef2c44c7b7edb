//! The client assertion: what an app registration with a certificate sends to Entra in place of a secret (RFC 7523 §2.2).
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use std::time::Duration;

use aws_lc_rs::{rand::SystemRandom, signature::RSA_PSS_SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ClientCertificate, CredentialFormError};
use crate::{identifiers::ClientId, timestamp::Timestamp};

/// How long an assertion is valid. It is sent at once; Microsoft recommends 5 to 10 minutes.
const LIFETIME: Duration = Duration::from_mins(5);

impl ClientCertificate {
    /// Returns an assertion that `client` makes at `now`, for the token endpoint `audience` alone. `id` must be new.
    pub fn assertion(
        &self,
        client: ClientId,
        audience: &str,
        id: Uuid,
        now: Timestamp,
    ) -> Result<String, CredentialFormError> {
        let thumbprint = URL_SAFE_NO_PAD.encode(self.thumbprint);
        let header = json!({ "typ": "JWT", "alg": "PS256", "x5t#S256": thumbprint });
        let claims = json!({
            "aud": audience,
            "iss": client,
            "sub": client,
            "jti": id.to_string(),
            "iat": now,
            "nbf": now,
            "exp": now.plus(LIFETIME),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| CredentialFormError::PrivateKey)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        digest,
        signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
    };

    use super::{
        super::{ApplicationCredential, credential::testing::certificate},
        *,
    };

    /// RFC 7523 §3; RFC 7515 §4.1.8.
    #[test]
    fn names_client_endpoint_and_certificate_and_verifies_with_its_key() {
        let (stored, der, public) = certificate();
        let Ok(ApplicationCredential::Certificate(own)) = stored.parse() else { panic!("a certificate") };
        let client = ClientId::new(Uuid::from_u128(7));
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let text = own.assertion(client, "https://login.example/token", Uuid::from_u128(1), now).unwrap();
        let [header, claims, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!("three") };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let value = |part| serde_json::from_slice::<Value>(&decoded(part)).unwrap();
        let thumbprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &der));
        assert_eq!(value(header), json!({ "typ": "JWT", "alg": "PS256", "x5t#S256": thumbprint }));
        let at = 1_800_000_000;
        assert_eq!(
            value(claims),
            json!({
                "aud": "https://login.example/token", "iss": client, "sub": client,
                "jti": Uuid::from_u128(1).to_string(), "iat": at, "nbf": at, "exp": at + 300,
            })
        );
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public);
        key.verify(format!("{header}.{claims}").as_bytes(), &decoded(signature)).unwrap();
    }
}
