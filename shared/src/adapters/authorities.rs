//! Certificate authorities that a machine or its administrator adds to the compiled-in ones.

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem, pem::PemObject};

/// An authority that a TLS client can use.
#[derive(Debug, Clone)]
pub struct Authority(pub(super) CertificateDer<'static>);

/// A text is not a list of authorities.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Not PEM.
    #[error("not a list of certificates in PEM (-----BEGIN CERTIFICATE-----)")]
    NotPem(#[source] pem::Error),
    /// PEM without a certificate.
    #[error("it holds no certificate; it must hold at least one in PEM (-----BEGIN CERTIFICATE-----)")]
    Empty,
    /// A certificate that TLS cannot use.
    #[error("certificate {0} in it, counted from 1, cannot be used as an authority")]
    Unusable(usize),
}

impl Authority {
    /// Reads an authority from DER (X.509). `None` if TLS cannot use it: certificate stores hold such certificates, which
    /// must not make the others unusable.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        Self::usable(der.to_vec().into())
    }

    /// Reads every authority of `pem` (RFC 7468).
    pub fn all_of_pem(pem: &[u8]) -> Result<Vec<Self>, AuthorityError> {
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(AuthorityError::NotPem)?;
        if certificates.is_empty() {
            return Err(AuthorityError::Empty);
        }
        let usable =
            |(index, certificate)| Self::usable(certificate).ok_or(AuthorityError::Unusable(index + 1));
        certificates.into_iter().enumerate().map(usable).collect()
    }

    fn usable(certificate: CertificateDer<'static>) -> Option<Self> {
        RootCertStore::empty().add(certificate.clone()).is_ok().then_some(Self(certificate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_certificates_that_tls_cannot_use() {
        let made = || rcgen::generate_simple_self_signed(["authority.example".to_owned()]).unwrap();
        let [sound, other] = [made(), made()].map(|made| made.cert.der().to_vec());
        let (sound, other) = (&sound[..], &other[..]);
        assert!(Authority::of_der(sound).is_some());
        for spoiled in [&b""[..], b"rubbish", &sound[..sound.len() - 1], &sound[1..]] {
            assert!(Authority::of_der(spoiled).is_none());
        }
        let pem = |der: &[u8]| {
            use base64::{Engine, engine::general_purpose::STANDARD};
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der))
        };
        let two = pem(sound) + "a word between\n" + &pem(other);
        assert_eq!(Authority::all_of_pem(two.as_bytes()).unwrap().len(), 2);
        let second = two + &pem(b"rubbish");
        assert!(matches!(Authority::all_of_pem(second.as_bytes()), Err(AuthorityError::Unusable(3))));
        for text in ["", "no certificate\n"] {
            assert!(matches!(Authority::all_of_pem(text.as_bytes()), Err(AuthorityError::Empty)), "{text}");
        }
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        assert!(matches!(Authority::all_of_pem(broken.as_bytes()), Err(AuthorityError::NotPem(_))));
    }
}
