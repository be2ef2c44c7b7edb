//! The credential of an app registration: a client secret, or a certificate with its private key.

use std::{fmt, str::FromStr};

use aws_lc_rs::{digest, signature::RsaKeyPair};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use serde::Deserialize;
use zeroize::Zeroizing;

/// The longest client secret, in bytes. Entra's have 40.
const MAX_SECRET: usize = 256;

/// What an app registration proves its identity with. `Debug` shows nothing of it.
#[derive(Debug)]
pub enum ApplicationCredential {
    /// A text that Entra made.
    Secret(ClientSecret),
    /// A certificate whose private key is held here.
    Certificate(ClientCertificate),
}

/// A client secret.
pub struct ClientSecret(Zeroizing<String>);

/// A certificate, of which only the hash is needed, and its private key.
pub struct ClientCertificate {
    pub(super) thumbprint: digest::Digest,
    pub(super) key: RsaKeyPair,
}

/// Why a text is not a credential. It quotes nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFormError {
    /// Not a JSON object with the members of one kind of credential.
    #[error(
        "it is not a JSON object with either `client_secret`, or `certificate` and `private_key`, and nothing else"
    )]
    Members,
    /// The client secret is not one.
    #[error("`client_secret` is empty, or has characters that no client secret has")]
    Secret,
    /// The certificate is not one.
    #[error("`certificate` is not one certificate in PEM with the label CERTIFICATE")]
    Certificate,
    /// The private key is not one, or Entra does not accept its kind.
    #[error(
        "`private_key` is not one RSA key of 2,048 bits or more in PEM with the label PRIVATE KEY (PKCS#8)"
    )]
    PrivateKey,
}

/// The text as it is stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    client_secret: Option<Zeroizing<String>>,
    certificate: Option<String>,
    private_key: Option<Zeroizing<String>>,
}

impl FromStr for ApplicationCredential {
    type Err = CredentialFormError;

    /// Parses the stored JSON. The parser's own errors may quote a secret, so they are dropped.
    fn from_str(text: &str) -> Result<Self, CredentialFormError> {
        let document: Document = serde_json::from_str(text).map_err(|_| CredentialFormError::Members)?;
        match document {
            Document { client_secret: Some(secret), certificate: None, private_key: None } => {
                ClientSecret::new(secret).map(Self::Secret)
            }
            Document { client_secret: None, certificate: Some(certificate), private_key: Some(key) } => {
                ClientCertificate::parse(&certificate, &key).map(Self::Certificate)
            }
            _ => Err(CredentialFormError::Members),
        }
    }
}

impl ClientSecret {
    fn new(secret: Zeroizing<String>) -> Result<Self, CredentialFormError> {
        let is_one = (1..=MAX_SECRET).contains(&secret.len());
        if is_one && secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(secret))
        } else {
            Err(CredentialFormError::Secret)
        }
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ClientCertificate {
    fn parse(certificate: &str, key: &str) -> Result<Self, CredentialFormError> {
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
        let Ok([certificate]) = certificates.as_deref() else { return Err(CredentialFormError::Certificate) };
        let keys: Result<Vec<_>, _> = PrivatePkcs8KeyDer::pem_slice_iter(key.as_bytes()).collect();
        let Ok([key]) = keys.as_deref() else { return Err(CredentialFormError::PrivateKey) };
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der());
        Ok(Self {
            thumbprint: digest::digest(&digest::SHA256, certificate),
            key: key.map_err(|_| CredentialFormError::PrivateKey)?,
        })
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(…)")
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
    use serde_json::json;

    /// RFC 7468.
    pub(super) fn pem(label: &str, der: &[u8]) -> String {
        let text = STANDARD.encode(der);
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    /// Returns a new certificate as it is stored, its DER, and its public key (PKCS#1).
    pub(crate) fn certificate() -> (String, Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let stored = json!({
            "certificate": pem("CERTIFICATE", certificate.der()),
            "private_key": pem("PRIVATE KEY", &key.serialize_der()),
        });
        (stored.to_string(), certificate.der().to_vec(), key.public_key_raw().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn error(stored: &Value) -> CredentialFormError {
        stored.to_string().parse::<ApplicationCredential>().unwrap_err()
    }

    #[test]
    fn is_a_client_secret_or_a_certificate_and_shows_neither() {
        let secret: ApplicationCredential = r#"{"client_secret":"a~B8Q"}"#.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(ClientSecret(…))");
        assert!(matches!(secret, ApplicationCredential::Secret(secret) if secret.expose() == "a~B8Q"));
        let (stored, der, _) = testing::certificate();
        let certificate: ApplicationCredential = stored.parse().unwrap();
        assert_eq!(format!("{certificate:?}"), "Certificate(ClientCertificate(…))");
        let ApplicationCredential::Certificate(certificate) = certificate else { panic!("a certificate") };
        assert_eq!(certificate.thumbprint.as_ref(), digest::digest(&digest::SHA256, &der).as_ref());
    }

    #[test]
    fn everything_else_is_refused_and_not_quoted() {
        use CredentialFormError as E;
        let (stored, ..) = testing::certificate();
        let stored: Value = serde_json::from_str(&stored).unwrap();
        let (certificate, key) =
            (stored["certificate"].as_str().unwrap(), stored["private_key"].as_str().unwrap());
        let elliptic = testing::pem("PRIVATE KEY", &rcgen::KeyPair::generate().unwrap().serialize_der());
        for (stored, expected) in [
            (json!({}), E::Members),
            (json!([]), E::Members),
            (json!("hidden"), E::Members),
            (json!({ "client_secret": null }), E::Members),
            (json!({ "client_secret": 7 }), E::Members),
            (json!({ "client_secret": "hidden", "note": "x" }), E::Members),
            (
                json!({ "client_secret": "hidden", "certificate": certificate, "private_key": key }),
                E::Members,
            ),
            (json!({ "client_secret": "hidden", "private_key": key }), E::Members),
            (json!({ "certificate": certificate }), E::Members),
            (json!({ "client_secret": "" }), E::Secret),
            (json!({ "client_secret": "hidden\n" }), E::Secret),
            (json!({ "client_secret": "x".repeat(MAX_SECRET + 1) }), E::Secret),
            (json!({ "certificate": "hidden", "private_key": key }), E::Certificate),
            (json!({ "certificate": key, "private_key": key }), E::Certificate),
            (json!({ "certificate": certificate.repeat(2), "private_key": key }), E::Certificate),
            (json!({ "certificate": certificate, "private_key": "hidden" }), E::PrivateKey),
            (json!({ "certificate": certificate, "private_key": key.repeat(2) }), E::PrivateKey),
            (json!({ "certificate": certificate, "private_key": elliptic }), E::PrivateKey),
        ] {
            let found = error(&stored);
            assert_eq!(found, expected, "{stored}");
            assert!(!found.to_string().contains("hidden"));
        }
        for text in ["", "hidden", r#"{"client_secret":"a","client_secret":"b"}"#] {
            assert_eq!(text.parse::<ApplicationCredential>().unwrap_err(), E::Members, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_fail_otherwise(text in "\\PC{0,60}") {
            let stored = json!({ "client_secret": text }).to_string();
            let is_one = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            prop_assert_eq!(stored.parse::<ApplicationCredential>().is_ok(), is_one);
        }
    }
}
