//! The verifier of sessions, for the servers of data (RFC 9068 §4, RFC 8725 §3): the algorithm is the key's, `typ`, `kid`,
//! `iss`, `aud` and `exp` must be present and right, and the other claims must have the form in which they are minted.

use std::{fmt::Display, str::FromStr};

use uuid::Uuid;

use super::{Issuer, RevocationLimit, SessionKeySource, SessionRefusal, claims::TYPE};
use crate::{
    identifiers::{ClientId, ObjectId, TenantId},
    json::{ClaimError, Members},
    jws::{CompactJws, is_type},
    public_key::PublicKey,
    revision::Revision,
    revocation::{Revocations, RevokedKind, SessionMarks},
    sites::{Access, CatalogueId, Scope, Site},
    timestamp::{CLOCK_AHEAD, Timestamp},
};

/// The value of `observed` in the log line of a request that is allowed only because its site is observed.
pub const WOULD_BE_REFUSED: &str = "would_be_refused";

/// Verifies the sessions of one issuer for one site.
#[derive(Debug, Clone)]
pub struct SessionVerifier<K> {
    issuer: Issuer,
    audience: String,
    tenant: TenantId,
    minimum_revision: Option<Revision>,
    revocation_limit: RevocationLimit,
    keys: K,
}

/// A session that was verified. Only this module creates one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSession {
    subject: String,
    tenant: String,
    client: String,
    id: String,
    key_id: String,
    issued: Timestamp,
    expires: Timestamp,
    scope: Scope,
    enforced_scope: Option<Scope>,
    policy_revision: Option<Revision>,
    marks: SessionMarks,
}

impl<K: SessionKeySource> SessionVerifier<K> {
    /// Creates a verifier of the sessions that `issuer` mints for the site of `tenant` whose external URL is `audience`.
    pub fn new(issuer: Issuer, audience: String, tenant: TenantId, keys: K) -> Self {
        let revocation_limit = RevocationLimit::default();
        Self { issuer, audience, tenant, minimum_revision: None, revocation_limit, keys }
    }

    /// Creates a verifier of the sessions that `issuer` mints for `site`, which refuses what the site's document says.
    pub fn of_site(issuer: Issuer, site: &Site, keys: K) -> Self {
        Self::new(issuer, site.external_url.as_str().to_owned(), site.tenant(), keys)
            .requiring(site.minimum_revision)
            .limiting(RevocationLimit::of(site))
    }

    /// Also refuses the sessions that were decided by a document of the site before revision `minimum`, if there is one.
    #[must_use]
    pub fn requiring(self, minimum: Option<Revision>) -> Self {
        Self { minimum_revision: minimum, ..self }
    }

    /// Sets how long sessions are accepted without a newer revocation document; without limit by default.
    #[must_use]
    pub fn limiting(self, revocation_limit: RevocationLimit) -> Self {
        Self { revocation_limit, ..self }
    }

    /// Verifies `token` at `now`.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedSession, SessionRefusal> {
        let jws = CompactJws::parse(token)?;
        let header = jws.header()?;
        let key_id = check_header(&header)?;
        let found = self.keys.find(key_id, now).await.map_err(|_| SessionRefusal::KeysUnavailable)?;
        let key = found.ok_or(SessionRefusal::UnknownKey)?;
        check_signature(&jws, &header, &key)?;
        let session = self.check_claims(&jws.payload()?, key_id, now)?;
        self.check_revocation(&session, now).await?;
        Ok(session)
    }

    /// Refuses `session`, which was verified at some time before, if it is revoked at `now`, or if it is not known whether it is.
    pub async fn check_revocation(
        &self,
        session: &VerifiedSession,
        now: Timestamp,
    ) -> Result<(), SessionRefusal> {
        let revocations = self.keys.revocations(now).await;
        self.revocation_limit.check(&revocations, now)?;
        session.revoked_by(&revocations).map_or(Ok(()), |kind| Err(SessionRefusal::Revoked(kind)))
    }

    fn check_claims(
        &self,
        claims: &Members<'_>,
        key_id: &str,
        now: Timestamp,
    ) -> Result<VerifiedSession, SessionRefusal> {
        if claims.string("iss")? != self.issuer.as_str() {
            return Err(SessionRefusal::IssuerMismatch);
        }
        if claims.string("aud")? != self.audience {
            return Err(SessionRefusal::AudienceMismatch);
        }
        let tenant: TenantId = as_minted(claims, "tid")?;
        if tenant != self.tenant {
            return Err(SessionRefusal::TenantMismatch);
        }
        let expires = Timestamp::from_unix_seconds(claims.number("exp")?);
        if now >= expires {
            return Err(SessionRefusal::Expired);
        }
        let nbf = if claims.has("nbf") { claims.number("nbf")? } else { 0 };
        let issued = claims.number("iat")?;
        let begins = issued.max(nbf);
        if Timestamp::from_unix_seconds(begins) > now.plus(CLOCK_AHEAD) {
            return Err(SessionRefusal::NotYetValid);
        }
        let policy_revision = self.check_revision(claims)?;
        let (subject, id) = (subject_of(claims, tenant)?, as_minted::<Uuid>(claims, "jti")?.to_string());
        Ok(VerifiedSession {
            marks: SessionMarks::of(&self.audience, &subject, &id),
            subject,
            tenant: tenant.to_string(),
            client: as_minted::<ClientId>(claims, "client_id")?.to_string(),
            id,
            key_id: key_id.to_owned(),
            issued: Timestamp::from_unix_seconds(issued),
            expires,
            scope: scope_of(claims)?,
            enforced_scope: enforced_scope_of(claims)?,
            policy_revision,
        })
    }

    fn check_revision(&self, claims: &Members<'_>) -> Result<Option<Revision>, SessionRefusal> {
        let found = revision_of(claims)?;
        match self.minimum_revision {
            Some(minimum) if found.is_none_or(|found| found < minimum) => {
                Err(SessionRefusal::PolicyOutdated { found, minimum })
            }
            _ => Ok(found),
        }
    }
}

impl VerifiedSession {
    /// Whether the session gives `access` to `catalogue`.
    pub fn allows(&self, catalogue: &CatalogueId, access: Access) -> bool {
        self.scope.allows(catalogue, access)
    }

    /// Returns the claim `sub`: `<tid>.<oid>`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the claim `tid`.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Returns the claim `client_id`.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Returns the claim `jti`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the header member `kid`: the key that it was verified with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns which of its kinds `revocations` revokes it by, or `None` if it does not. Costs less than a microsecond.
    pub fn revoked_by(&self, revocations: &Revocations) -> Option<RevokedKind> {
        revocations.revokes(&self.key_id, self.issued, &self.marks)
    }

    /// Returns the claim `iat`.
    pub fn issued(&self) -> Timestamp {
        self.issued
    }

    /// Returns the claim `exp`.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Returns the claim `scope`.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the claim `enforced_scope`: what the site's rules allow, if they are only observed.
    pub fn enforced_scope(&self) -> Option<&Scope> {
        self.enforced_scope.as_ref()
    }

    /// Whether the session gives `access` to `catalogue` only because the site is observed: its rules would refuse it.
    pub fn opens_by_observation(&self, catalogue: &CatalogueId, access: Access) -> bool {
        self.enforced_scope.as_ref().is_some_and(|enforced| !enforced.allows(catalogue, access))
    }

    /// Returns the claim `policy_revision`, which sessions of older versions of the service lack.
    pub fn policy_revision(&self) -> Option<Revision> {
        self.policy_revision
    }
}

/// Returns `kid`. RFC 9068 §4 allows `typ` with or without the prefix of the media type.
pub(super) fn check_header<'a>(header: &'a Members<'_>) -> Result<&'a str, SessionRefusal> {
    let kind = header.optional_string("typ")?.ok_or(SessionRefusal::NotASession)?;
    if !is_type(kind, TYPE) {
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
    key: &PublicKey,
) -> Result<(), SessionRefusal> {
    if header.string("alg")? != key.algorithm() {
        return Err(SessionRefusal::UnsupportedAlgorithm);
    }
    if !jws.is_signed_by(key) {
        return Err(SessionRefusal::BadSignature);
    }
    Ok(())
}

/// Returns the claim `name` as a `T`, which must be written as the service writes it: a second spelling would be a second
/// identity for anyone who compares texts.
pub(super) fn as_minted<T: FromStr + Display>(
    claims: &Members<'_>,
    name: &'static str,
) -> Result<T, ClaimError> {
    let value: T = claims.parsed(name)?;
    if value.to_string() == claims.string(name)? { Ok(value) } else { Err(ClaimError::WrongForm(name)) }
}

/// Returns the claim `sub`: `<tid>.<oid>`, with the tenant of the claim `tid`.
pub(super) fn subject_of(claims: &Members<'_>, tenant: TenantId) -> Result<String, ClaimError> {
    let subject = claims.string("sub")?;
    let object = subject.split_once('.').and_then(|(_, object)| object.parse::<ObjectId>().ok());
    let minted = object.map(|object| format!("{tenant}.{object}"));
    minted.filter(|minted| minted == subject).ok_or(ClaimError::WrongForm("sub"))
}

/// Returns the claim `scope`, which has one form: sorted, each permission once, one space between two (RFC 6749 §3.3). It is
/// never empty, because the service mints no session that opens nothing.
pub(super) fn scope_of(claims: &Members<'_>) -> Result<Scope, SessionRefusal> {
    let scope = written_scope(claims.string("scope")?)?;
    if scope.is_empty() { Err(SessionRefusal::Scope) } else { Ok(scope) }
}

/// Returns the claim `enforced_scope` if it is there, in the form of `scope`. It may be empty: the rules allow nothing.
pub(super) fn enforced_scope_of(claims: &Members<'_>) -> Result<Option<Scope>, SessionRefusal> {
    claims.optional_string("enforced_scope")?.map(written_scope).transpose()
}

/// Returns the claim `policy_revision` if it is there.
pub(super) fn revision_of(claims: &Members<'_>) -> Result<Option<Revision>, ClaimError> {
    if claims.has("policy_revision") {
        claims.number("policy_revision").map(|count| Some(Revision(count)))
    } else {
        Ok(None)
    }
}

fn written_scope(text: &str) -> Result<Scope, SessionRefusal> {
    let scope: Scope = text.parse().map_err(|_| SessionRefusal::Scope)?;
    if scope.to_string() == text { Ok(scope) } else { Err(SessionRefusal::Scope) }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Arc};

    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        identifiers::SessionId,
        jws::JwsError,
        keyring::{KeyId, SigningAlgorithm, SigningKey, SoftwareKey},
        revocation::{RevocationDraft, RevocationList, Revoked, UnverifiedRevocations},
        session::{
            RevocationsUnavailableError, SessionKeyError, mint,
            testing::{AUDIENCE, ISSUER, NOW, TENANT, claims, signing_key},
        },
        sites::PastRevocationLimit,
    };

    const OTHER_TENANT: &str = "00000000-0000-0000-0000-00000000000a";
    const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];

    /// Published keys; an outage when `down`.
    #[derive(Default)]
    struct Keys {
        known: HashMap<String, PublicKey>,
        down: bool,
        revocations: Arc<Revocations>,
    }

    impl SessionKeySource for Keys {
        async fn find(&self, id: &str, _: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
            if self.down { Err(SessionKeyError("down".into())) } else { Ok(self.known.get(id).cloned()) }
        }

        async fn revocations(&self, _: Timestamp) -> Arc<Revocations> {
            Arc::clone(&self.revocations)
        }
    }

    fn published(algorithm: SigningAlgorithm) -> Keys {
        let (key, jwk) = signing_key(algorithm);
        let session_key = PublicKey::of(&jwk).unwrap();
        Keys { known: [(key.id.to_string(), session_key)].into(), ..Keys::default() }
    }

    fn verifier(keys: Keys) -> SessionVerifier<Keys> {
        SessionVerifier::new(ISSUER.parse().unwrap(), AUDIENCE.into(), TENANT.parse().unwrap(), keys)
    }

    /// Runs a future that is ready at once.
    fn ready<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn at(token: &str, algorithm: SigningAlgorithm, now: u64) -> Result<VerifiedSession, SessionRefusal> {
        ready(verifier(published(algorithm)).verify(token, Timestamp::from_unix_seconds(now)))
    }

    /// A session before it is signed.
    struct Draft {
        header: Value,
        claims: Value,
        key: SigningKey<SoftwareKey>,
    }

    impl Draft {
        fn of(algorithm: SigningAlgorithm) -> Self {
            let (key, _) = signing_key(algorithm);
            Self {
                header: json!({"typ": "at+jwt", "alg": algorithm.name(), "kid": key.id.as_str()}),
                claims: serde_json::to_value(claims("planning:read roads:write")).unwrap(),
                key,
            }
        }

        fn signed(&self) -> String {
            signed_text(&self.key, &self.header.to_string(), &self.claims.to_string())
        }

        fn remove_header(&mut self, member: &str) {
            self.header.as_object_mut().unwrap().remove(member).expect("the member was there");
        }

        fn remove_claim(&mut self, claim: &str) {
            self.claims.as_object_mut().unwrap().remove(claim).expect("the claim was there");
        }
    }

    fn message(header: &str, claims: &str) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn signed_text(key: &SigningKey<SoftwareKey>, header: &str, claims: &str) -> String {
        let message = message(header, claims);
        let signature = key.signer.sign_now(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn verifies_a_minted_session_and_returns_its_claims() {
        for algorithm in BOTH {
            let claims = claims("planning:read roads:write");
            let token = ready(mint(&claims, &signing_key(algorithm).0)).unwrap();
            let session = at(&token, algorithm, NOW).unwrap();
            assert_eq!(session.subject(), claims.sub);
            assert_eq!(session.tenant(), claims.tid.to_string());
            assert_eq!(session.client(), claims.client_id.to_string());
            assert_eq!(session.id(), claims.jti);
            assert_eq!(session.expires(), claims.exp);
            assert_eq!(session.scope().to_string(), claims.scope);
            assert_eq!(session.policy_revision(), Some(claims.policy_revision));
            assert_eq!(session.enforced_scope(), None);
        }
    }

    #[test]
    fn an_observed_session_opens_its_scope_and_says_what_the_rules_would_refuse() {
        for (enforced, would_be_refused) in [
            ("", [true, true, true, true]),
            ("planning:read", [false, true, true, true]),
            ("planning:read roads:read", [false, true, false, true]),
            ("planning:write", [false, false, true, true]),
            ("planning:read planning:write roads:read roads:write", [false; 4]),
        ] {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            draft.claims["scope"] = json!("planning:read planning:write roads:read roads:write");
            draft.claims["enforced_scope"] = json!(enforced);
            let session = at(&draft.signed(), SigningAlgorithm::Es256, NOW).unwrap();
            assert_eq!(session.enforced_scope().map(ToString::to_string).as_deref(), Some(enforced));
            let asked = ["planning", "roads"].map(|id| id.parse::<CatalogueId>().unwrap());
            let asked = asked.iter().flat_map(|id| [(id, Access::Read), (id, Access::Write)]);
            for ((catalogue, access), expected) in asked.zip(would_be_refused) {
                assert!(session.allows(catalogue, access));
                assert_eq!(
                    session.opens_by_observation(catalogue, access),
                    expected,
                    "{enforced}: {catalogue}"
                );
            }
        }
        let enforced =
            at(&Draft::of(SigningAlgorithm::Es256).signed(), SigningAlgorithm::Es256, NOW).unwrap();
        assert!(!enforced.opens_by_observation(&"planning".parse().unwrap(), Access::Read));
        assert!(!enforced.opens_by_observation(&"planning".parse().unwrap(), Access::Write));
    }

    #[test]
    fn refuses_new_claims_that_are_not_written_as_they_are_minted() {
        let wrong = |name| SessionRefusal::Claim(ClaimError::WrongForm(name));
        for (name, value, refusal) in [
            ("enforced_scope", json!(" "), SessionRefusal::Scope),
            ("enforced_scope", json!("planning"), SessionRefusal::Scope),
            ("enforced_scope", json!("planning:admin"), SessionRefusal::Scope),
            ("enforced_scope", json!("planning:read "), SessionRefusal::Scope),
            ("enforced_scope", json!("roads:read planning:read"), SessionRefusal::Scope),
            ("enforced_scope", json!(["planning:read"]), wrong("enforced_scope")),
            ("enforced_scope", json!(null), wrong("enforced_scope")),
            ("policy_revision", json!("1"), wrong("policy_revision")),
            ("policy_revision", json!(-1), wrong("policy_revision")),
            ("policy_revision", json!(null), wrong("policy_revision")),
            ("policy_revision", json!([1]), wrong("policy_revision")),
        ] {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            draft.claims[name] = value;
            let text = draft.claims[name].to_string();
            assert_eq!(at(&draft.signed(), SigningAlgorithm::Es256, NOW), Err(refusal), "{name} {text}");
        }
    }

    #[test]
    fn refuses_a_session_of_an_older_revision_than_the_oldest_accepted() {
        let verified = |found: Option<u64>, minimum: Option<u64>| {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            match found {
                Some(found) => draft.claims["policy_revision"] = json!(found),
                None => draft.remove_claim("policy_revision"),
            }
            let verifier = verifier(published(SigningAlgorithm::Es256)).requiring(minimum.map(Revision));
            ready(verifier.verify(&draft.signed(), Timestamp::from_unix_seconds(NOW)))
        };
        for (found, minimum) in [(None, None), (Some(1), None), (Some(1), Some(1)), (Some(7), Some(6))] {
            assert_eq!(verified(found, minimum).unwrap().policy_revision(), found.map(Revision));
        }
        for (found, minimum, message) in [
            (Some(6), 7, "decided by revision 6 of the site's document, and the oldest accepted is 7"),
            (None, 1, "decided by an unknown revision of the site's document, and the oldest accepted is 1"),
        ] {
            let refusal = verified(found, Some(minimum)).unwrap_err();
            assert_eq!((refusal.code(), refusal.to_string().as_str()), ("policy_outdated", message));
        }
    }

    /// RFC 7515 §4.1.1, §4.1.4, §4.1.11, §5.3; RFC 7519 §4.1.1, §4.1.3, §4.1.6, §7.2; RFC 8414 §4; RFC 8693 §4.2;
    /// RFC 8725 §3.8, §3.9; RFC 9068 §2.2, §4.
    #[test]
    fn refuses_each_wrong_member_for_its_own_reason() {
        type Spoil = fn(&mut Draft);
        use SessionRefusal as R;
        let missing = |name| R::Claim(ClaimError::Missing(name));
        let wrong = |name| R::Claim(ClaimError::WrongForm(name));
        let cases: Vec<(Spoil, R)> = vec![
            (|token| token.header["typ"] = json!("JWT"), R::NotASession),
            (|token| token.header["typ"] = json!("at+jwt2"), R::NotASession),
            (|token| token.header["typ"] = json!(""), R::NotASession),
            (|token| token.remove_header("typ"), R::NotASession),
            (|token| token.header["typ"] = json!(1), wrong("typ")),
            (|token| token.remove_header("kid"), missing("kid")),
            (|token| token.header["kid"] = json!(null), wrong("kid")),
            (|token| token.header["kid"] = json!("unknown"), R::UnknownKey),
            (|token| token.header["kid"] = json!(""), R::UnknownKey),
            (|token| token.header["crit"] = json!([]), R::CriticalHeader),
            (|token| token.remove_header("alg"), missing("alg")),
            (|token| token.header["alg"] = json!("none"), R::UnsupportedAlgorithm),
            (|token| token.header["alg"] = json!("HS256"), R::UnsupportedAlgorithm),
            (|token| token.header["alg"] = json!("es256"), R::UnsupportedAlgorithm),
            (|token| token.remove_claim("iss"), missing("iss")),
            (|token| token.claims["iss"] = json!("https://auth.example/"), R::IssuerMismatch),
            (|token| token.claims["iss"] = json!("https://evil.example"), R::IssuerMismatch),
            (|token| token.remove_claim("aud"), missing("aud")),
            (
                |token| token.claims["aud"] = json!("https://poziserver-riverbend.example/pozi"),
                R::AudienceMismatch,
            ),
            (
                |token| token.claims["aud"] = json!("https://poziserver-saltmarsh.example/pozi/"),
                R::AudienceMismatch,
            ),
            (|token| token.claims["aud"] = json!([AUDIENCE]), wrong("aud")),
            (|token| token.remove_claim("exp"), missing("exp")),
            (|token| token.claims["exp"] = json!("never"), wrong("exp")),
            (|token| token.claims["exp"] = json!(NOW), R::Expired),
            (|token| token.remove_claim("iat"), missing("iat")),
            (|token| token.claims["iat"] = json!(NOW + 301), R::NotYetValid),
            (|token| token.claims["nbf"] = json!(NOW + 301), R::NotYetValid),
            (|token| token.claims["nbf"] = json!("now"), wrong("nbf")),
            (|token| token.remove_claim("sub"), missing("sub")),
            (|token| token.remove_claim("tid"), missing("tid")),
            (|token| token.claims["tid"] = json!(OTHER_TENANT), R::TenantMismatch),
            (|token| token.claims["tid"] = json!(""), wrong("tid")),
            (|token| token.claims["tid"] = json!([TENANT]), wrong("tid")),
            (|token| token.remove_claim("client_id"), missing("client_id")),
            (|token| token.remove_claim("jti"), missing("jti")),
            (|token| token.remove_claim("scope"), missing("scope")),
            (|token| token.claims["scope"] = json!(["planning:read"]), wrong("scope")),
            (|token| token.claims["nbf"] = json!(null), wrong("nbf")),
        ];
        for algorithm in BOTH {
            for (spoil, refusal) in &cases {
                let mut draft = Draft::of(algorithm);
                assert!(at(&draft.signed(), algorithm, NOW).is_ok(), "unspoiled, it verifies");
                spoil(&mut draft);
                assert_eq!(at(&draft.signed(), algorithm, NOW), Err(refusal.clone()), "{}", draft.header);
            }
        }
    }

    /// A second spelling of an id would be a second identity for anyone who compares texts.
    /// RFC 7519 §4.3; RFC 8693 §4.2; RFC 8725 §3.8.
    #[test]
    fn refuses_ids_and_scopes_that_are_not_written_as_they_are_minted() {
        let two_parts = |tenant: &str, person: &str| format!("{tenant}.{person}");
        let (tenant, person) =
            ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002");
        let capitals = "AAAAAAAA-0000-0000-0000-000000000001";
        let wrong = |name| SessionRefusal::Claim(ClaimError::WrongForm(name));
        for (name, value, refusal) in [
            ("tid", "riverbend".to_owned(), wrong("tid")),
            ("tid", format!("{{{tenant}}}"), wrong("tid")),
            ("tid", capitals.to_owned(), wrong("tid")),
            ("tid", person.to_owned(), SessionRefusal::TenantMismatch),
            ("sub", person.to_owned(), wrong("sub")),
            ("sub", two_parts(tenant, ""), wrong("sub")),
            ("sub", two_parts(person, person), wrong("sub")),
            ("sub", two_parts(tenant, capitals), wrong("sub")),
            ("sub", two_parts(tenant, &two_parts(person, person)), wrong("sub")),
            ("client_id", "web".to_owned(), wrong("client_id")),
            ("client_id", capitals.to_owned(), wrong("client_id")),
            ("jti", "1".to_owned(), wrong("jti")),
            ("jti", tenant.replace('-', ""), wrong("jti")),
            ("scope", String::new(), SessionRefusal::Scope),
            ("scope", " ".to_owned(), SessionRefusal::Scope),
            ("scope", "planning:admin".to_owned(), SessionRefusal::Scope),
            ("scope", "planning:read\nroads:write".to_owned(), SessionRefusal::Scope),
            ("scope", "planning:read  roads:write".to_owned(), SessionRefusal::Scope),
            ("scope", " planning:read roads:write".to_owned(), SessionRefusal::Scope),
            ("scope", "planning:read roads:write ".to_owned(), SessionRefusal::Scope),
            ("scope", "roads:write planning:read".to_owned(), SessionRefusal::Scope),
            ("scope", "planning:read planning:read".to_owned(), SessionRefusal::Scope),
        ] {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            draft.claims[name] = json!(value);
            assert_eq!(at(&draft.signed(), SigningAlgorithm::Es256, NOW), Err(refusal), "{name} {value:?}");
        }
    }

    /// RFC 6750 §5.2; RFC 7519 §4.1.4, §4.1.5.
    #[test]
    fn exp_has_no_leeway_and_iat_and_nbf_have_five_minutes() {
        let token = Draft::of(SigningAlgorithm::Es256).signed();
        for (now, refusal) in [
            (NOW - 301, Some(SessionRefusal::NotYetValid)),
            (NOW - 300, None),
            (NOW + 599, None),
            (NOW + 600, Some(SessionRefusal::Expired)),
        ] {
            assert_eq!(at(&token, SigningAlgorithm::Es256, now).err(), refusal, "{now}");
        }
        let mut later = Draft::of(SigningAlgorithm::Es256);
        later.claims["nbf"] = json!(NOW + 60);
        let later = later.signed();
        for (now, refusal) in [(NOW - 241, Some(SessionRefusal::NotYetValid)), (NOW - 240, None)] {
            assert_eq!(at(&later, SigningAlgorithm::Es256, now).err(), refusal, "{now}");
        }
    }

    /// RFC 7515 §4.1.9; RFC 9068 §4.
    #[test]
    fn accepts_typ_in_any_case_with_or_without_the_media_type_prefix() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            draft.header["typ"] = json!(typ);
            assert!(at(&draft.signed(), SigningAlgorithm::Es256, NOW).is_ok(), "{typ}");
        }
        let mut twice = Draft::of(SigningAlgorithm::Es256);
        twice.header["typ"] = json!("application/application/at+jwt");
        assert_eq!(at(&twice.signed(), SigningAlgorithm::Es256, NOW), Err(SessionRefusal::NotASession));
    }

    /// RFC 7518 §3.6; RFC 7519 §8; RFC 8725 §3.2; RFC 9068 §4.
    #[test]
    fn refuses_a_token_without_a_signature() {
        for algorithm in BOTH {
            for (alg, refusal) in [
                ("none", SessionRefusal::UnsupportedAlgorithm),
                (algorithm.name(), SessionRefusal::BadSignature),
            ] {
                let mut draft = Draft::of(algorithm);
                draft.header["alg"] = json!(alg);
                let unsigned = message(&draft.header.to_string(), &draft.claims.to_string()) + ".";
                assert_eq!(at(&unsigned, algorithm, NOW), Err(refusal));
            }
        }
    }

    /// Algorithm confusion (RFC 8725 §2.1): a verifier that trusts `alg` takes the public key for a shared secret.
    /// RFC 7518 §3.1; RFC 7519 §8; RFC 8725 §3.1, §3.5.
    #[test]
    fn refuses_a_public_key_used_as_a_shared_secret() {
        for algorithm in BOTH {
            let (_, jwk) = signing_key(algorithm);
            let jwk = serde_json::to_value(&jwk).unwrap();
            let raw = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap();
            for secret in [jwk.to_string().into_bytes(), raw("n"), raw("x"), [raw("x"), raw("y")].concat()] {
                for alg in ["HS256", algorithm.name()] {
                    let mut draft = Draft::of(algorithm);
                    draft.header["alg"] = json!(alg);
                    let message = message(&draft.header.to_string(), &draft.claims.to_string());
                    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
                    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
                    let refusal = at(&token, algorithm, NOW).unwrap_err();
                    let expected = if alg == "HS256" {
                        SessionRefusal::UnsupportedAlgorithm
                    } else {
                        SessionRefusal::BadSignature
                    };
                    assert_eq!(refusal, expected);
                }
            }
        }
    }

    /// RFC 7515 §5.2; RFC 8725 §3.1.
    #[test]
    fn the_algorithm_comes_from_the_key_and_never_from_the_header() {
        for (named, other) in [BOTH, [BOTH[1], BOTH[0]]].map(|[named, other]| (named, other)) {
            let mut honest = Draft::of(named);
            honest.header["alg"] = json!(other.name());
            assert_eq!(at(&honest.signed(), named, NOW), Err(SessionRefusal::UnsupportedAlgorithm));

            let mut swapped = Draft::of(named);
            swapped.key = signing_key(other).0;
            assert_eq!(at(&swapped.signed(), named, NOW), Err(SessionRefusal::BadSignature));
            swapped.header["alg"] = json!(other.name());
            assert_eq!(at(&swapped.signed(), named, NOW), Err(SessionRefusal::UnsupportedAlgorithm));
        }
    }

    /// RFC 7518 §3.4.
    #[test]
    fn an_es256_signature_has_64_bytes() {
        let draft = Draft::of(SigningAlgorithm::Es256);
        let message = message(&draft.header.to_string(), &draft.claims.to_string());
        let whole = draft.key.signer.sign_now(message.as_bytes()).unwrap();
        assert_eq!(whole.len(), 64);
        let number = |bytes: &[u8]| {
            let padding = if bytes[0] < 0x80 { vec![] } else { vec![0] };
            let length = u8::try_from(padding.len() + bytes.len()).unwrap();
            [vec![2, length], padding, bytes.to_vec()].concat()
        };
        let numbers = [number(&whole[..32]), number(&whole[32..])].concat();
        let der = [vec![0x30, u8::try_from(numbers.len()).unwrap()], numbers].concat();
        let longer = [&whole[..], &[0]].concat();
        let wider = [&[0], &whole[..32], &[0], &whole[32..]].concat();
        for (signature, is_valid) in [
            (whole.clone(), true),
            (whole[..63].to_vec(), false),
            (longer, false),
            (wider, false),
            (der, false),
        ] {
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&signature));
            let found = at(&token, SigningAlgorithm::Es256, NOW);
            let expected = if is_valid { None } else { Some(SessionRefusal::BadSignature) };
            assert_eq!(found.err(), expected, "{} bytes", signature.len());
        }
    }

    #[test]
    fn refuses_the_signature_of_another_key() {
        let mut draft = Draft::of(SigningAlgorithm::Es256);
        draft.key.signer = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap().0;
        assert_eq!(at(&draft.signed(), SigningAlgorithm::Es256, NOW), Err(SessionRefusal::BadSignature));
    }

    /// RFC 7515 §4; RFC 8725 §3.10; RFC 9068 §4.
    #[test]
    fn ignores_keys_that_a_token_brings_along() {
        let (own, jwk) = SoftwareKey::generate(SigningAlgorithm::Es256)
            .map(|(key, _)| {
                let jwk = serde_json::to_value(key.public_jwk()).unwrap();
                (key, jwk)
            })
            .unwrap();
        let mut draft = Draft::of(SigningAlgorithm::Es256);
        draft.header["jwk"] = jwk;
        draft.header["jku"] = json!("https://evil.example/jwks.json");
        draft.header["x5u"] = json!("https://evil.example/chain.pem");
        assert!(at(&draft.signed(), SigningAlgorithm::Es256, NOW).is_ok());
        draft.key.signer = own;
        assert_eq!(at(&draft.signed(), SigningAlgorithm::Es256, NOW), Err(SessionRefusal::BadSignature));
    }

    /// RFC 7515 §4; RFC 7519 §4.
    #[test]
    fn refuses_a_repeated_member() {
        let draft = Draft::of(SigningAlgorithm::Es256);
        let (header, claims) = (draft.header.to_string(), draft.claims.to_string());
        let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
        for (header, claims, part) in [
            (twice(&header, r#""alg":"ES256""#), claims.clone(), "the header"),
            (header, twice(&claims, r#""scope":"planning:write""#), "the payload"),
        ] {
            let found = at(&signed_text(&draft.key, &header, &claims), SigningAlgorithm::Es256, NOW);
            assert_eq!(found, Err(JwsError::Json(part).into()));
        }
    }

    #[test]
    fn refuses_every_session_without_keys() {
        let token = Draft::of(SigningAlgorithm::Es256).signed();
        let now = Timestamp::from_unix_seconds(NOW);
        let down = Keys { down: true, ..published(SigningAlgorithm::Es256) };
        for (keys, refusal) in
            [(down, SessionRefusal::KeysUnavailable), (Keys::default(), SessionRefusal::UnknownKey)]
        {
            assert_eq!(ready(verifier(keys).verify(&token, now)), Err(refusal));
        }
    }

    #[test]
    fn refuses_a_revoked_session_and_every_one_while_it_is_not_known_what_is_revoked() {
        let token = Draft::of(SigningAlgorithm::Es256).signed();
        let now = Timestamp::from_unix_seconds(NOW);
        let (key, _) = signing_key(SigningAlgorithm::Es256);
        let (tenant, object) = claims("planning:read")
            .sub
            .split_once('.')
            .map(|(tid, oid)| (tid.parse().unwrap(), oid.parse().unwrap()))
            .unwrap();
        for (revoked, kind) in [
            (Revoked::Site { url: AUDIENCE.into() }, Some(RevokedKind::Site)),
            (Revoked::Person { tenant, object }, Some(RevokedKind::Person)),
            (Revoked::Session { id: SessionId::new(Uuid::nil()) }, Some(RevokedKind::Session)),
            (Revoked::Session { id: SessionId::new(Uuid::max()) }, None),
            (Revoked::Key { id: key.id.clone() }, Some(RevokedKind::Key)),
        ] {
            let signing = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap().0;
            let id = KeyId::thumbprint(&signing.public_jwk()).unwrap();
            let public = PublicKey::of(&signing.public_jwk()).unwrap();
            let other = SigningKey { id, algorithm: SigningAlgorithm::Es256, signer: signing };
            let list = RevocationList::default().enter(revoked, "a test", now).unwrap();
            let issuer: Issuer = ISSUER.parse().unwrap();
            let draft = RevocationDraft::of(&list, &issuer, (&other.id, other.algorithm), now).unwrap();
            let document = ready(draft.sign(&other)).unwrap().document;
            let unverified = UnverifiedRevocations::parse(&document).unwrap();
            let revocations = unverified.verify(&issuer, &public, now).unwrap();
            let keys = Keys { revocations: Arc::new(revocations), ..published(SigningAlgorithm::Es256) };
            let found = ready(verifier(keys).verify(&token, now));
            assert_eq!(found.err(), kind.map(SessionRefusal::Revoked), "{kind:?}");
        }
        let (age, past) = (CLOCK_AHEAD, PastRevocationLimit::Close);
        let closing = verifier(published(SigningAlgorithm::Es256)).limiting(RevocationLimit { age, past });
        let refused = ready(closing.verify(&token, now));
        assert_eq!(refused, Err(RevocationsUnavailableError { limit: age }.into()));
    }

    /// RFC 6750 §5.2; RFC 7515 §5.2; RFC 8725 §3.3; RFC 9068 §4.
    #[test]
    fn refuses_a_session_with_one_flipped_bit() {
        let token = Draft::of(SigningAlgorithm::Es256).signed();
        for (index, byte) in token.bytes().enumerate() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[index] = byte ^ (1 << (index % 7));
            let text = String::from_utf8(bytes).unwrap();
            assert!(at(&text, SigningAlgorithm::Es256, NOW).is_err(), "byte {index}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// RFC 9068 §4.
        #[test]
        fn a_verified_session_allows_exactly_what_was_minted(
            granted in prop::collection::btree_set((0..4_usize, any::<bool>()), 1..8),
            rs256 in any::<bool>(),
        ) {
            let catalogues = ["planning", "roads", "road", "heritage_2"];
            let access = |write: bool| if write { Access::Write } else { Access::Read };
            let scope: Vec<_> =
                granted.iter().map(|(one, write)| format!("{}:{}", catalogues[*one], access(*write))).collect();
            let algorithm = BOTH[usize::from(rs256)];
            let token = ready(mint(&claims(&scope.join(" ")), &signing_key(algorithm).0)).unwrap();
            let session = at(&token, algorithm, NOW).unwrap();
            for (index, catalogue) in catalogues.iter().enumerate() {
                for write in [false, true] {
                    let may = granted.contains(&(index, true)) || (!write && granted.contains(&(index, false)));
                    prop_assert_eq!(session.allows(&catalogue.parse().unwrap(), access(write)), may);
                }
            }
            prop_assert!(!session.allows(&"elsewhere".parse().unwrap(), Access::Read));
        }

        #[test]
        fn never_panics(text in "\\PC{0,200}|[A-Za-z0-9_.=-]{0,400}") {
            prop_assert!(at(&text, SigningAlgorithm::Es256, NOW).is_err());
        }
    }
}
