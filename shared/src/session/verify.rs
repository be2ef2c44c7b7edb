//! The verifier of sessions, for every server of data (RFC 9068 §4, RFC 8725 §3): the algorithm is the key's, and
//! `typ`, `kid`, `iss`, `aud` and `exp` must be there and be right.

use std::time::Duration;

use super::{Issuer, SessionKey, SessionKeySource, claims::TYPE};
use crate::{
    json::{ClaimError, Members},
    jws::{CompactJws, JwsError},
    sites::{Access, CatalogueId, Scope},
    timestamp::Timestamp,
};

/// How far ahead of the verifier's clock `iat` and `nbf` may lie. Windows itself holds its clock no closer than 5 minutes
/// (Kerberos' own bound), and a session that was minted by a clock that is right is no session from the future. `exp`
/// has no leeway.
pub const CLOCK_AHEAD: Duration = Duration::from_mins(5);

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
    key_id: String,
    expires: Timestamp,
    scope: Scope,
}

/// Why a session is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    /// Not a compact JWS.
    #[error(transparent)]
    Malformed(#[from] JwsError),
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

impl<K: SessionKeySource> SessionVerifier<K> {
    /// Verifies what `issuer` minted for the site whose external URL is `audience`, with the keys of `keys`.
    pub fn new(issuer: Issuer, audience: String, keys: K) -> Self {
        Self { issuer, audience, keys }
    }

    /// Verifies `token` at `now`.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedSession, SessionRefusal> {
        let jws = CompactJws::parse(token)?;
        let header = jws.header()?;
        let key_id = check_header(&header)?;
        let found = self.keys.find(key_id, now).await.map_err(|_| SessionRefusal::KeysUnavailable)?;
        let key = found.ok_or(SessionRefusal::UnknownKey)?;
        check_signature(&jws, &header, &key)?;
        self.check_claims(&jws.payload()?, key_id, now)
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
        let expires = Timestamp::from_unix_seconds(claims.number("exp")?);
        if now >= expires {
            return Err(SessionRefusal::Expired);
        }
        let nbf = if claims.has("nbf") { claims.number("nbf")? } else { 0 };
        let begins = claims.number("iat")?.max(nbf);
        if Timestamp::from_unix_seconds(begins) > now.plus(CLOCK_AHEAD) {
            return Err(SessionRefusal::NotYetValid);
        }
        Ok(VerifiedSession {
            subject: claims.string("sub")?.to_owned(),
            tenant: claims.string("tid")?.to_owned(),
            client: claims.string("client_id")?.to_owned(),
            id: claims.string("jti")?.to_owned(),
            key_id: key_id.to_owned(),
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

    /// Header `kid`: the key that it was verified with.
    pub fn key_id(&self) -> &str {
        &self.key_id
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::DecodingKey;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        keyring::{SigningAlgorithm, SigningKey, SoftwareKey},
        session::{
            SessionKeysUnavailable, mint,
            testing::{AUDIENCE, ISSUER, NOW, claims, signing_key},
        },
    };

    const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];

    /// Published keys; none can be had when `down`.
    #[derive(Default)]
    struct Keys {
        known: HashMap<String, SessionKey>,
        down: bool,
    }

    impl SessionKeySource for Keys {
        async fn find(&self, id: &str, _: Timestamp) -> Result<Option<SessionKey>, SessionKeysUnavailable> {
            if self.down {
                Err(SessionKeysUnavailable("down".into()))
            } else {
                Ok(self.known.get(id).cloned())
            }
        }
    }

    fn published(algorithm: SigningAlgorithm) -> Keys {
        let (key, jwk) = signing_key(algorithm);
        let session_key = SessionKey::new(algorithm, DecodingKey::from_jwk(&jwk).unwrap());
        Keys { known: [(key.id.to_string(), session_key)].into(), down: false }
    }

    fn verifier(keys: Keys) -> SessionVerifier<Keys> {
        SessionVerifier::new(ISSUER.parse().unwrap(), AUDIENCE.into(), keys)
    }

    /// Every future here is ready when it is first looked at.
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

        fn unsay(&mut self, member: &str) {
            self.header.as_object_mut().unwrap().remove(member).expect("the member was there");
        }

        fn unclaim(&mut self, claim: &str) {
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
    fn what_was_minted_verifies_and_says_the_same() {
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
        }
    }

    #[test]
    fn every_field_spoiled_alone_is_refused_for_its_own_reason() {
        type Spoil = fn(&mut Draft);
        use SessionRefusal as R;
        let missing = |name| R::Claim(ClaimError::Missing(name));
        let wrong = |name| R::Claim(ClaimError::WrongForm(name));
        let cases: Vec<(Spoil, R)> = vec![
            (|token| token.header["typ"] = json!("JWT"), R::NotASession),
            (|token| token.header["typ"] = json!("at+jwt2"), R::NotASession),
            (|token| token.header["typ"] = json!(""), R::NotASession),
            (|token| token.unsay("typ"), R::NotASession),
            (|token| token.header["typ"] = json!(1), wrong("typ")),
            (|token| token.unsay("kid"), missing("kid")),
            (|token| token.header["kid"] = json!(null), wrong("kid")),
            (|token| token.header["kid"] = json!("unheard-of"), R::UnknownKey),
            (|token| token.header["kid"] = json!(""), R::UnknownKey),
            (|token| token.header["crit"] = json!([]), R::CriticalHeader),
            (|token| token.unsay("alg"), missing("alg")),
            (|token| token.header["alg"] = json!("none"), R::UnsupportedAlgorithm),
            (|token| token.header["alg"] = json!("HS256"), R::UnsupportedAlgorithm),
            (|token| token.header["alg"] = json!("es256"), R::UnsupportedAlgorithm),
            (|token| token.unclaim("iss"), missing("iss")),
            (|token| token.claims["iss"] = json!("https://auth.example/"), R::IssuerMismatch),
            (|token| token.claims["iss"] = json!("https://evil.example"), R::IssuerMismatch),
            (|token| token.unclaim("aud"), missing("aud")),
            (
                |token| token.claims["aud"] = json!("https://poziserver-riverbend.example/pozi"),
                R::AudienceMismatch,
            ),
            (
                |token| token.claims["aud"] = json!("https://poziserver-saltmarsh.example/pozi/"),
                R::AudienceMismatch,
            ),
            (|token| token.claims["aud"] = json!([AUDIENCE]), wrong("aud")),
            (|token| token.unclaim("exp"), missing("exp")),
            (|token| token.claims["exp"] = json!("never"), wrong("exp")),
            (|token| token.claims["exp"] = json!(NOW), R::Expired),
            (|token| token.unclaim("iat"), missing("iat")),
            (|token| token.claims["iat"] = json!(NOW + 301), R::NotYetValid),
            (|token| token.claims["nbf"] = json!(NOW + 301), R::NotYetValid),
            (|token| token.claims["nbf"] = json!("now"), wrong("nbf")),
            (|token| token.unclaim("sub"), missing("sub")),
            (|token| token.unclaim("tid"), missing("tid")),
            (|token| token.unclaim("client_id"), missing("client_id")),
            (|token| token.unclaim("jti"), missing("jti")),
            (|token| token.unclaim("scope"), missing("scope")),
            (|token| token.claims["scope"] = json!(["planning:read"]), wrong("scope")),
            (|token| token.claims["scope"] = json!("planning:admin"), R::Scope),
            (|token| token.claims["scope"] = json!("planning:read\nroads:write"), R::Scope),
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

    #[test]
    fn a_session_ends_at_its_exp_and_begins_within_the_leeway_to_the_second() {
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

    #[test]
    fn the_media_types_prefix_and_letter_case_do_not_matter() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            let mut draft = Draft::of(SigningAlgorithm::Es256);
            draft.header["typ"] = json!(typ);
            assert!(at(&draft.signed(), SigningAlgorithm::Es256, NOW).is_ok(), "{typ}");
        }
        let mut twice = Draft::of(SigningAlgorithm::Es256);
        twice.header["typ"] = json!("application/application/at+jwt");
        assert_eq!(at(&twice.signed(), SigningAlgorithm::Es256, NOW), Err(SessionRefusal::NotASession));
    }

    #[test]
    fn a_token_without_a_signature_is_refused_whatever_its_header_says() {
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

    /// The oldest trick: a verifier that believes `alg` takes the public key, which everybody has, for a shared secret.
    #[test]
    fn a_public_key_used_as_a_shared_secret_signs_nothing() {
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

    #[test]
    fn the_algorithm_is_the_keys_and_never_the_headers() {
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

    #[test]
    fn another_key_of_the_same_kind_signs_nothing() {
        let mut draft = Draft::of(SigningAlgorithm::Es256);
        draft.key.signer = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap().0;
        assert_eq!(at(&draft.signed(), SigningAlgorithm::Es256, NOW), Err(SessionRefusal::BadSignature));
    }

    #[test]
    fn keys_that_a_token_brings_along_are_never_looked_at() {
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

    #[test]
    fn a_member_that_comes_twice_is_refused() {
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
    fn without_keys_nothing_is_believed() {
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
    fn an_empty_scope_opens_nothing() {
        let mut draft = Draft::of(SigningAlgorithm::Es256);
        draft.claims["scope"] = json!("");
        let session = at(&draft.signed(), SigningAlgorithm::Es256, NOW).unwrap();
        assert!(session.scope().is_empty());
        assert!(!session.allows(&"planning".parse().unwrap(), Access::Read));
    }

    #[test]
    fn one_bit_flipped_in_any_byte_and_the_session_no_longer_verifies() {
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
        fn no_text_makes_it_panic(text in "\\PC{0,200}|[A-Za-z0-9_.=-]{0,400}") {
            prop_assert!(at(&text, SigningAlgorithm::Es256, NOW).is_err());
        }
    }
}
