//! The verifier of sessions, for every server of data (RFC 9068 §4, RFC 8725 §3): the algorithm is the key's, and
//! `typ`, `kid`, `iss`, `aud` and `exp` must be there and be right.

use jsonwebtoken::DecodingKey;

use super::{Issuer, claims::TYPE};
use crate::{
    entra::LEEWAY,
    json::{ClaimError, Members},
    jws::{CompactJws, NotAJws},
    keyring::SigningAlgorithm,
    ports::SessionKeySource,
    sites::{Access, CatalogueId, Scope},
    timestamp::Timestamp,
};

/// A public key that sessions are verified with, bound to its one algorithm.
#[derive(Debug, Clone)]
pub struct SessionKey {
    algorithm: SigningAlgorithm,
    decoding: DecodingKey,
}

/// Verifies the sessions of one issuer for one site.
#[derive(Debug, Clone)]
pub struct SessionVerifier<K> {
    issuer: Issuer,
    audience: String,
    keys: K,
}

/// A session that was verified. Nothing else builds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSession {
    subject: String,
    tenant: String,
    client: String,
    id: String,
    expires: Timestamp,
    scope: Scope,
}

/// Why a session is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    /// Not a compact JWS.
    #[error(transparent)]
    Malformed(#[from] NotAJws),
    /// A claim or header member is missing or has the wrong form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Another kind of token: an Entra token, say.
    #[error("not a Pozi session: `typ` is not {TYPE}")]
    NotASession,
    /// The header has `crit`.
    #[error("the header has `crit`")]
    CriticalHeader,
    /// `alg` is not the algorithm of the key that it names.
    #[error("`alg` is not that of the key")]
    UnsupportedAlgorithm,
    /// The issuer publishes no such key.
    #[error("no such key is published")]
    UnknownKey,
    /// The signature is not of that key over these bytes.
    #[error("the signature does not match")]
    BadSignature,
    /// Minted by somebody else.
    #[error("minted by another issuer")]
    IssuerMismatch,
    /// Meant for another site.
    #[error("meant for another site")]
    AudienceMismatch,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Minted in the future.
    #[error("minted in the future")]
    NotYetValid,
    /// `scope` is not one of ours.
    #[error("`scope` is not <catalogue>:<read|write>, separated by spaces")]
    Scope,
    /// The issuer's keys cannot be had.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
}

impl SessionKey {
    /// A key of `algorithm`.
    pub fn new(algorithm: SigningAlgorithm, decoding: DecodingKey) -> Self {
        Self { algorithm, decoding }
    }
}

impl<K: SessionKeySource> SessionVerifier<K> {
    /// Verifies what `issuer` minted for the site whose external URL is `audience`, with the keys of `keys`.
    pub fn new(issuer: Issuer, audience: String, keys: K) -> Self {
        Self { issuer, audience, keys }
    }

    /// Verifies `token` at `now`.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedSession, SessionRefusal> {
        let jws = CompactJws::parse(token)?;
        let header = jws.header()?;
        let found =
            self.keys.find(check_header(&header)?, now).await.map_err(|_| SessionRefusal::KeysUnavailable)?;
        let key = found.ok_or(SessionRefusal::UnknownKey)?;
        check_signature(&jws, &header, &key)?;
        self.check_claims(&jws.payload()?, now)
    }

    fn check_claims(&self, claims: &Members<'_>, now: Timestamp) -> Result<VerifiedSession, SessionRefusal> {
        if claims.string("iss")? != self.issuer.as_str() {
            return Err(SessionRefusal::IssuerMismatch);
        }
        if claims.string("aud")? != self.audience {
            return Err(SessionRefusal::AudienceMismatch);
        }
        let expires = Timestamp::from_unix_seconds(claims.number("exp")?);
        if now >= expires {
            return Err(SessionRefusal::Expired);
        }
        if Timestamp::from_unix_seconds(claims.number("iat")?) > now.plus(LEEWAY) {
            return Err(SessionRefusal::NotYetValid);
        }
        Ok(VerifiedSession {
            subject: claims.string("sub")?.to_owned(),
            tenant: claims.string("tid")?.to_owned(),
            client: claims.string("client_id")?.to_owned(),
            id: claims.string("jti")?.to_owned(),
            expires,
            scope: claims.string("scope")?.parse().map_err(|_| SessionRefusal::Scope)?,
        })
    }
}

impl VerifiedSession {
    /// Whether the session opens `catalogue` for `access`.
    pub fn allows(&self, catalogue: &CatalogueId, access: Access) -> bool {
        self.scope.allows(catalogue, access)
    }

    /// Claim `sub`: `<tid>.<oid>`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Claim `tid`.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Claim `client_id`.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Claim `jti`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Claim `exp`.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Claim `scope`.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// RFC 9068 §4 lets the media type's prefix be there or not.
fn check_header<'a>(header: &'a Members<'_>) -> Result<&'a str, SessionRefusal> {
    let kind = header.optional_string("typ")?.ok_or(SessionRefusal::NotASession)?;
    let kind = kind.to_ascii_lowercase();
    if kind.strip_prefix("application/").unwrap_or(&kind) != TYPE {
        return Err(SessionRefusal::NotASession);
    }
    if header.has("crit") {
        return Err(SessionRefusal::CriticalHeader);
    }
    Ok(header.string("kid")?)
}

fn check_signature(
    jws: &CompactJws<'_>,
    header: &Members<'_>,
    key: &SessionKey,
) -> Result<(), SessionRefusal> {
    if header.string("alg")? != key.algorithm.name() {
        return Err(SessionRefusal::UnsupportedAlgorithm);
    }
    if !jws.is_signed_by(&key.decoding, key.algorithm.of_library()) {
        return Err(SessionRefusal::BadSignature);
    }
    Ok(())
}
