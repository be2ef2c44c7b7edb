//! The certificate authorities that servers are believed by: Mozilla's list, compiled in, so that a cold start reads no
//! file and a machine's own list changes nothing.

use reqwest::Certificate;

/// All of them, for a client that believes no others.
pub(super) fn certificates() -> Result<Vec<Certificate>, reqwest::Error> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Certificate::from_der(der)).collect()
}

/// All of them as one PEM text (RFC 7468), for the AWS SDK, which takes no other form.
#[cfg(feature = "aws")]
pub(super) fn pem() -> String {
    use std::fmt::Write as _;

    use base64::{Engine, engine::general_purpose::STANDARD};

    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().fold(String::new(), |mut pem, der| {
        let text = STANDARD.encode(der);
        // Writing to a string cannot fail.
        let _ = writeln!(pem, "-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----");
        pem
    })
}
