//! The token endpoint for an app that signs in as itself (RFC 6749 §4.4), with a secret or a certificate.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{AppCredential, EmulatedEntra, Registration, claims::GRAPH},
    error::{self, EntraError},
};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may differ, in seconds.
const SKEW: u64 = 300;

/// What proves who the client is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "these are the parameters' names")]
pub(super) struct ClientProof {
    client_secret: String,
    client_assertion_type: String,
    client_assertion: String,
}

/// Answers a request at `now` (Unix seconds).
pub(super) fn issue(
    entra: &EmulatedEntra,
    registration: &Registration,
    proof: &ClientProof,
    scope: &str,
    now: u64,
) -> Result<Value, EntraError> {
    entra.count_application_request();
    if scope != format!("{GRAPH}/.default") {
        return Err(error::not_a_default_scope(scope));
    }
    let credentials = entra.credentials_of(registration);
    match (proof.client_secret.as_str(), proof.client_assertion.as_str()) {
        ("", "") => return Err(error::secret_missing()),
        (secret, "") => check_secret(secret, &credentials, registration)?,
        ("", assertion) if proof.client_assertion_type == ASSERTION => {
            check_assertion(assertion, &credentials, registration, now)?;
        }
        _ => return Err(error::invalid_value("client_assertion_type", &proof.client_assertion_type)),
    }
    let (token, end) = entra.application_token(registration, now);
    let lifetime = end.saturating_sub(now);
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    }))
}

fn check_secret(
    secret: &str,
    credentials: &[AppCredential],
    registration: &Registration,
) -> Result<(), EntraError> {
    let found = credentials.iter().find_map(|own| match own {
        AppCredential::Secret { value, is_expired } if value == secret => Some(*is_expired),
        _ => None,
    });
    match found {
        Some(false) => Ok(()),
        Some(true) => Err(error::secret_expired(registration)),
        None => Err(error::wrong_secret(registration)),
    }
}

fn check_assertion(
    assertion: &str,
    credentials: &[AppCredential],
    registration: &Registration,
    now: u64,
) -> Result<(), EntraError> {
    let wrong = || error::wrong_certificate(registration);
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(wrong)?;
    let (header, claims) = signed.split_once('.').ok_or_else(wrong)?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| wrong());
    let object = |part: &str| serde_json::from_slice::<Value>(&decoded(part)?).map_err(|_| wrong());
    let (header, claims) = (object(header)?, object(claims)?);
    let thumbprint = header["x5t#S256"].as_str().filter(|_| header["alg"] == "PS256").ok_or_else(wrong)?;
    let key = credentials.iter().find_map(|own| match own {
        AppCredential::Certificate { der, public_key }
            if URL_SAFE_NO_PAD.encode(digest(&SHA256, der)) == thumbprint =>
        {
            Some(public_key)
        }
        _ => None,
    });
    let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.ok_or_else(wrong)?);
    key.verify(signed.as_bytes(), &decoded(signature)?).map_err(|_| wrong())?;
    let client = registration.client_id.to_string();
    let endpoint = format!("/{}/oauth2/v2.0/token", registration.tenant_id);
    let is_for_us = claims["aud"].as_str().is_some_and(|audience| audience.ends_with(&endpoint));
    let has_id = claims["jti"].as_str().is_some_and(|id| !id.is_empty());
    if claims["iss"] != client.as_str() || claims["sub"] != client.as_str() || !is_for_us || !has_id {
        return Err(wrong());
    }
    let time = |name: &str| claims[name].as_u64().ok_or_else(wrong);
    if time("nbf")? > now + SKEW || time("exp")? <= now || time("exp")? > now + 2 * SKEW {
        return Err(error::assertion_out_of_time());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{rand::SystemRandom, signature::RSA_PSS_SHA256, signature::RsaKeyPair};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

    use super::*;
    use crate::tests::{emulated, riverbend};

    const NOW: u64 = 1_800_000_000;

    fn code(entra: &EmulatedEntra, proof: &ClientProof) -> Option<u32> {
        let scope = format!("{GRAPH}/.default");
        issue(entra, &riverbend(), proof, &scope, NOW).err().map(|error| error.code)
    }

    #[test]
    fn accepts_an_assertion_of_the_registered_certificate_for_this_client_and_tenant_alone() {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let der = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let entra = emulated();
        let public_key = key.public_key_raw().to_vec();
        entra.set_credentials("riverbend", vec![AppCredential::Certificate { der: der.clone(), public_key }]);
        let pair = RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap();
        let signed = |change: fn(&mut Value, &mut Value)| {
            let mut header =
                json!({ "alg": "PS256", "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)) });
            let client = riverbend().client_id.to_string();
            let endpoint = format!("https://login.example/{}/oauth2/v2.0/token", riverbend().tenant_id);
            let mut claims = json!({
                "aud": endpoint, "iss": client, "sub": client, "jti": "1", "nbf": NOW, "exp": NOW + 300,
            });
            change(&mut header, &mut claims);
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let text = format!("{}.{}", part(&header), part(&claims));
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
            let client_assertion = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
            ClientProof {
                client_assertion_type: ASSERTION.to_owned(),
                client_assertion,
                ..ClientProof::default()
            }
        };
        let good = signed(|_, _| ());
        assert_eq!(code(&entra, &good), None);
        for (proof, expected) in [
            (signed(|header, _| header["alg"] = json!("RS256")), 700_027),
            (signed(|header, _| header["x5t#S256"] = json!("x")), 700_027),
            (signed(|_, claims| claims["iss"] = json!("x")), 700_027),
            (signed(|_, claims| claims["sub"] = json!("x")), 700_027),
            (signed(|_, claims| claims["aud"] = json!("https://login.example/x/oauth2/v2.0/token")), 700_027),
            (signed(|_, claims| claims["jti"] = json!("")), 700_027),
            (signed(|_, claims| claims["exp"] = json!(NOW)), 700_024),
            (signed(|_, claims| claims["exp"] = json!(NOW + 3_600)), 700_024),
            (signed(|_, claims| claims["nbf"] = json!(NOW + 301)), 700_024),
            (
                ClientProof { client_assertion: format!("{}A", good.client_assertion), ..good.clone() },
                700_027,
            ),
            (ClientProof { client_assertion_type: String::new(), ..good.clone() }, 90_023),
            (ClientProof { client_secret: "x".to_owned(), ..good.clone() }, 90_023),
            (ClientProof { client_secret: "x".to_owned(), ..ClientProof::default() }, 7_000_215),
            (ClientProof::default(), 7_000_218),
        ] {
            assert_eq!(code(&entra, &proof), Some(expected), "{proof:?}");
        }
        let scope = issue(&entra, &riverbend(), &good, "openid", NOW).unwrap_err();
        assert_eq!(scope.code, 1_002_012);
    }
}
