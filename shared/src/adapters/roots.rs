//! The trusted certificate authorities: Mozilla's list, compiled in, so that a cold start reads no file and the machine's own
//! list has no effect.

use reqwest::Certificate;

/// Returns all of them, for a client that trusts no others.
pub(super) fn certificates() -> Result<Vec<Certificate>, reqwest::Error> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Certificate::from_der(der)).collect()
}

/// Returns all of them as one PEM text (RFC 7468), the only form that the AWS SDK takes.
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
