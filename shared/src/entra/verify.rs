//! The only way to a [`VerifiedSubject`]: checks the signature, then every claim against what the site expects.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.

use std::time::Duration;

use jsonwebtoken::Algorithm;

use super::{
    Cloud, EntraKey, Groups, SubjectRefusal, UnverifiedToken,
    claims::{Claims, Kind},
};
use crate::{
    identifiers::{ClientId, ObjectId, TenantId},
    json::ClaimError,
    timestamp::Timestamp,
};

/// How far Entra's clock may be ahead of ours. It applies to `nbf` and `iat` only: a session must not outlive its subject
/// token, so there is none to issue after `exp`.
const LEEWAY: Duration = Duration::from_mins(1);

/// The scope that the Web App requests at sign-in. ID tokens and app-only tokens do not have it.
const REQUIRED_SCOPE: &str = "user_impersonation";

/// What a site expects of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The site's cloud.
    pub cloud: Cloud,
    /// The site's tenant.
    pub tenant: TenantId,
    /// The registration's Application ID URI, without a trailing slash.
    pub application_id_uri: String,
    /// The registration's own client id.
    pub client: ClientId,
    /// Other clients that may request tokens for it.
    pub further_clients: Vec<ClientId>,
}

/// A person whose Entra token was verified for a site. `tenant` and `object` together identify the person permanently;
/// names and e-mail addresses can change and are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSubject {
    tenant: TenantId,
    object: ObjectId,
    client: ClientId,
    groups: Groups,
    expires: Timestamp,
}

/// Verifies `token` with `key` against what a site expects, at `now`.
pub fn verify(
    token: UnverifiedToken<'_>,
    key: &EntraKey,
    expected: &Expected,
    now: Timestamp,
) -> Result<VerifiedSubject, SubjectRefusal> {
    check_signature(&token, key, expected)?;
    let claims = token.claims;
    check_issuer(&claims, expected)?;
    check_audience(&claims, expected)?;
    check_kind(&claims)?;
    let client = check_client(&claims, expected)?;
    check_scope(&claims)?;
    check_times(&claims, now)?;
    Ok(VerifiedSubject {
        tenant: claims.tenant,
        object: claims.object.ok_or(ClaimError::Missing("oid"))?,
        client,
        groups: claims.groups,
        expires: claims.expires,
    })
}

impl Expected {
    /// Whether `audience` is the site's application. In version 1.0 it is the Application ID URI, with or without a
    /// trailing slash, the client id, or historically `spn:` and the client id; in version 2.0 it is the client id. Letter
    /// case does not matter in a GUID, nor in a URI's scheme and host (RFC 3986 §6.2.2.1).
    pub fn accepts_audience(&self, audience: &str) -> bool {
        let as_uri = audience.strip_suffix('/').unwrap_or(audience);
        let as_client = audience.strip_prefix("spn:").unwrap_or(audience);
        self.is_same_uri(as_uri) || as_client.parse() == Ok(self.client)
    }

    fn is_same_uri(&self, uri: &str) -> bool {
        let own = &self.application_id_uri;
        let host_ends = own.match_indices('/').nth(2).map_or(own.len(), |(index, _)| index);
        match (own.split_at_checked(host_ends), uri.split_at_checked(host_ends)) {
            (Some((own_host, own_path)), Some((host, path))) => {
                own_host.eq_ignore_ascii_case(host) && own_path == path
            }
            _ => false,
        }
    }

    fn accepts_client(&self, client: ClientId) -> bool {
        client == self.client || self.further_clients.contains(&client)
    }
}

impl VerifiedSubject {
    /// Returns claim `tid`.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Returns claim `oid`.
    pub fn object(&self) -> ObjectId {
        self.object
    }

    /// Returns claim `appid` or `azp`: the client that the person used.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Returns the person's groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Returns claim `exp`.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

fn check_signature(
    token: &UnverifiedToken<'_>,
    key: &EntraKey,
    expected: &Expected,
) -> Result<(), SubjectRefusal> {
    if let Some(key_issuer) = key.foreign_issuer(expected.cloud, token.claims.tenant) {
        return Err(SubjectRefusal::KeyIssuerMismatch { key_issuer: key_issuer.to_owned() });
    }
    if !token.jws.is_signed_by(&key.decoding, Algorithm::RS256) {
        return Err(SubjectRefusal::BadSignature);
    }
    Ok(())
}

fn check_issuer(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    let issuer = expected.cloud.issuer(claims.version, expected.tenant);
    if claims.tenant != expected.tenant || claims.issuer != issuer {
        return Err(SubjectRefusal::IssuerMismatch { found: shortened(&claims.issuer), expected: issuer });
    }
    Ok(())
}

fn check_audience(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    if !expected.accepts_audience(&claims.audience) {
        return Err(SubjectRefusal::AudienceMismatch { found: shortened(&claims.audience) });
    }
    Ok(())
}

fn check_kind(claims: &Claims) -> Result<(), SubjectRefusal> {
    match claims.kind {
        Kind::DelegatedAccess => Ok(()),
        Kind::Id => Err(SubjectRefusal::IdToken),
        Kind::AppOnly => Err(SubjectRefusal::AppOnlyToken),
    }
}

fn check_client(claims: &Claims, expected: &Expected) -> Result<ClientId, SubjectRefusal> {
    let found = claims.client.ok_or(ClaimError::Missing("appid or azp"))?;
    if !expected.accepts_client(found) {
        return Err(SubjectRefusal::ClientNotAllowed { found });
    }
    Ok(found)
}

fn check_scope(claims: &Claims) -> Result<(), SubjectRefusal> {
    if !claims.scopes.split(' ').any(|scope| scope == REQUIRED_SCOPE) {
        return Err(SubjectRefusal::ScopeMissing);
    }
    Ok(())
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), SubjectRefusal> {
    if now >= claims.expires {
        return Err(SubjectRefusal::Expired { ago: now.since(claims.expires) });
    }
    let valid_from = claims.not_before.max(claims.issued);
    if valid_from > now.plus(LEEWAY) {
        return Err(SubjectRefusal::NotYetValid { valid_from });
    }
    Ok(())
}

/// Shortens a claim for the log: the caller chooses its length.
fn shortened(claim: &str) -> String {
    claim.chars().take(200).collect()
}

/// For this crate's tests of what follows verification.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Returns a subject in `groups`, whose token expires at `expires`.
    pub(crate) fn subject(groups: Groups, expires: Timestamp) -> VerifiedSubject {
        let id = uuid::Uuid::from_u128;
        VerifiedSubject {
            tenant: TenantId::new(id(1)),
            object: ObjectId::new(id(2)),
            client: ClientId::new(id(3)),
            groups,
            expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::entra::{
        CONSUMER_TENANT, EntraKeySet, MalformedTokenError, TokenVersion,
        signed::{
            APPLICATION_ID_URI, CLIENT, Draft, FURTHER_CLIENT, GROUP, NOW, OTHER_KEY, PERSON, TENANT,
            TENANT_KEY, VARIANTS, expected, now, signed_text, variant,
        },
    };

    const OTHER: &str = "11111111-2222-3333-4444-555555555555";
    const VERSIONS: [TokenVersion; 2] = [TokenVersion::V1, TokenVersion::V2];

    fn at(token: &str, now: Timestamp) -> Result<VerifiedSubject, SubjectRefusal> {
        let key = TENANT_KEY.read(None);
        verify(UnverifiedToken::parse(token)?, &key, &expected(Cloud::Public), now)
    }

    fn outcome(draft: &Draft) -> Result<VerifiedSubject, SubjectRefusal> {
        at(&draft.signed(), now())
    }

    fn later(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(NOW + seconds)
    }

    #[test]
    fn verifies_tokens_of_both_versions_in_every_cloud() {
        for cloud in [Cloud::Public, Cloud::UsGovernment, Cloud::China] {
            for version in VERSIONS {
                let token = Draft::of(cloud, version).signed();
                let template = format!("{}/{{tenantid}}/v2.0", cloud.login());
                let own = cloud.issuer(TokenVersion::V2, TENANT.parse().unwrap());
                for issuer in [None, Some(template.as_str()), Some(own.as_str())] {
                    let key = TENANT_KEY.read(issuer);
                    let token = UnverifiedToken::parse(&token).unwrap();
                    let subject = verify(token, &key, &expected(cloud), now()).unwrap();
                    assert_eq!(subject.tenant().to_string(), TENANT);
                    assert_eq!(subject.object().to_string(), PERSON);
                    assert_eq!(subject.client().to_string(), CLIENT);
                    assert_eq!(subject.groups(), &Groups::Listed([GROUP.parse().unwrap()].into()));
                    assert_eq!(subject.expires(), later(1_800));
                }
            }
        }
    }

    #[test]
    fn refuses_a_token_of_another_cloud_unless_the_two_share_their_issuer() {
        let clouds = [Cloud::Public, Cloud::UsGovernment, Cloud::China];
        for (issued, wanted) in clouds.iter().flat_map(|one| clouds.iter().map(move |other| (*one, *other))) {
            for version in VERSIONS {
                let token = Draft::of(issued, version).signed();
                let token = UnverifiedToken::parse(&token).unwrap();
                let found = verify(token, &TENANT_KEY.read(None), &expected(wanted), now());
                let shared = issued == wanted
                    || (version == TokenVersion::V1 && issued != Cloud::China && wanted != Cloud::China);
                assert_eq!(found.is_ok(), shared, "{issued:?} for {wanted:?} in {version:?}");
                assert!(found.is_ok() || matches!(found, Err(SubjectRefusal::IssuerMismatch { .. })));
            }
        }
    }

    type Spoilt = (fn(&mut Draft), SubjectRefusal);

    fn missing(claim: &'static str) -> SubjectRefusal {
        ClaimError::Missing(claim).into()
    }

    fn spoilt_shape() -> Vec<Spoilt> {
        let alg = |alg: &str| SubjectRefusal::UnsupportedAlgorithm { alg: alg.to_owned() };
        vec![
            (|token| token.remove_claim("exp"), missing("exp")),
            (|token| token.remove_claim("oid"), missing("oid")),
            (|token| token.remove_claim("appid"), missing("appid or azp")),
            (|token| token.claims["ver"] = json!("1.1"), MalformedTokenError::Version.into()),
            (|token| token.claims["Tid"] = json!(OTHER), MalformedTokenError::AmbiguousTenant.into()),
            (|token| token.header["typ"] = json!("JOSE"), MalformedTokenError::Type.into()),
            (|token| token.header["crit"] = json!(["exp"]), SubjectRefusal::CriticalHeader),
            (|token| token.header["alg"] = json!("none"), alg("none")),
            (|token| token.header["alg"] = json!("RS512"), alg("RS512")),
            (|token| token.header["nonce"] = json!("n"), SubjectRefusal::GraphToken),
            (|token| token.header["typ"] = json!("at+jwt"), SubjectRefusal::PoziToken),
        ]
    }

    fn spoilt_identity() -> Vec<Spoilt> {
        let own = format!("https://sts.windows.net/{TENANT}/");
        let issuer =
            |found: &str| SubjectRefusal::IssuerMismatch { found: found.into(), expected: own.clone() };
        let audience = |found: &str| SubjectRefusal::AudienceMismatch { found: found.to_owned() };
        vec![
            (|token| token.claims["iss"] = json!("https://evil.example/"), issuer("https://evil.example/")),
            (
                |token| token.claims["iss"] = json!(format!("https://sts.windows.net/{TENANT}")),
                issuer(own.trim_end_matches('/')),
            ),
            (
                |token| {
                    token.claims["iss"] = json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
                },
                issuer(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
            ),
            (|token| token.claims["tid"] = json!(OTHER), issuer(&own)),
            (
                |token| {
                    token.claims["tid"] = json!(OTHER);
                    token.claims["iss"] = json!(format!("https://sts.windows.net/{OTHER}/"));
                },
                issuer(&format!("https://sts.windows.net/{OTHER}/")),
            ),
            (|token| token.claims["aud"] = json!(OTHER), audience(OTHER)),
            (|token| token.claims["aud"] = json!(""), audience("")),
            (
                |token| token.claims["appid"] = json!(OTHER),
                SubjectRefusal::ClientNotAllowed { found: OTHER.parse().unwrap() },
            ),
        ]
    }

    fn spoilt_purpose() -> Vec<Spoilt> {
        let without_scope_and_client: fn(&mut Draft) = |token| {
            token.remove_claim("scp");
            token.remove_claim("appid");
        };
        let ago = Duration::from_secs(7);
        vec![
            (|token| token.claims["scp"] = json!("User.Read openid"), SubjectRefusal::ScopeMissing),
            (|token| token.claims["scp"] = json!("user_impersonation2"), SubjectRefusal::ScopeMissing),
            (|token| token.claims["scp"] = json!("USER_IMPERSONATION"), SubjectRefusal::ScopeMissing),
            (|token| token.claims["scp"] = json!(""), SubjectRefusal::ScopeMissing),
            (without_scope_and_client, SubjectRefusal::IdToken),
            (|token| token.remove_claim("scp"), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["idtyp"] = json!("app"), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["sub"] = json!(PERSON), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["exp"] = json!(NOW - 7), SubjectRefusal::Expired { ago }),
            (
                |token| token.claims["nbf"] = json!(NOW + 600),
                SubjectRefusal::NotYetValid { valid_from: later(600) },
            ),
        ]
    }

    #[test]
    fn every_field_spoiled_alone_is_refused_for_its_own_reason() {
        let mut reached = BTreeSet::new();
        for (spoil, refusal) in [spoilt_shape(), spoilt_identity(), spoilt_purpose()].concat() {
            assert_eq!(outcome(&Draft::with(spoil)), Err(refusal.clone()));
            reached.insert(variant(&refusal));
        }
        let by_another = Draft::with(|_| ()).signed_by(&OTHER_KEY);
        assert_eq!(at(&by_another, now()), Err(SubjectRefusal::BadSignature));
        reached.insert("BadSignature");
        // The others are tested with the registry, the lookup of keys, and the issuers of keys.
        let elsewhere = ["UnknownTenant", "UnknownKey", "KeysUnavailable", "KeyIssuerMismatch"];
        assert!(elsewhere.iter().all(|name| !reached.contains(name)), "{reached:?}");
        assert_eq!(reached.len() + elsewhere.len(), VARIANTS, "{reached:?}");
    }

    #[test]
    fn refuses_a_repeated_claim_even_with_equal_values() {
        let draft = Draft::with(|_| ());
        let claims = draft.claims.to_string();
        let twice = claims.replacen('{', &format!("{{\"tid\":\"{TENANT}\","), 1);
        let header = draft.header.to_string();
        assert!(at(&signed_text(&TENANT_KEY, &header, &claims), now()).is_ok());
        let refusal = at(&signed_text(&TENANT_KEY, &header, &twice), now()).unwrap_err();
        assert_eq!(variant(&refusal), "Malformed");
    }

    #[test]
    fn refuses_a_token_from_the_second_of_its_exp() {
        for (exp, ok) in [(NOW - 1, false), (NOW, false), (NOW + 1, true)] {
            let found = outcome(&Draft::with(|token| token.claims["exp"] = json!(exp)));
            let refused = Err(SubjectRefusal::Expired { ago: Duration::from_secs(NOW - exp.min(NOW)) });
            assert!(if ok { found.is_ok() } else { found == refused }, "{exp}");
        }
    }

    #[test]
    fn allows_the_leeway_and_no_second_more() {
        for name in ["nbf", "iat"] {
            for (ahead, ok) in [(0, true), (60, true), (61, false)] {
                let found = outcome(&Draft::with(|token| token.claims[name] = json!(NOW + ahead)));
                let refused = Err(SubjectRefusal::NotYetValid { valid_from: later(ahead) });
                assert!(if ok { found.is_ok() } else { found == refused }, "{name} {ahead} s ahead");
            }
        }
    }

    #[test]
    fn no_time_overflows() {
        for name in ["exp", "nbf", "iat"] {
            let token = Draft::with(|token| token.claims[name] = json!(u64::MAX)).signed();
            for now in [0, NOW, u64::MAX] {
                let _ = at(&token, Timestamp::from_unix_seconds(now));
            }
            assert_eq!(at(&token, now()).is_ok(), name == "exp");
        }
    }

    #[test]
    fn accepts_every_form_of_the_sites_audience_in_both_versions() {
        let with_slash = format!("{APPLICATION_ID_URI}/");
        let spn = format!("spn:{CLIENT}");
        let upper = CLIENT.to_uppercase();
        let spn_upper = format!("spn:{upper}");
        for audience in [APPLICATION_ID_URI, &with_slash, CLIENT, &spn, &upper, &spn_upper] {
            for version in VERSIONS {
                let mut draft = Draft::of(Cloud::Public, version);
                draft.claims["aud"] = json!(audience);
                assert!(outcome(&draft).is_ok(), "{audience}");
            }
        }
    }

    #[test]
    fn refuses_an_audience_that_only_resembles_the_sites() {
        let two_slashes = format!("{APPLICATION_ID_URI}//");
        let below = format!("{APPLICATION_ID_URI}/more");
        let shouted = APPLICATION_ID_URI.to_uppercase();
        let api = format!("api://{CLIENT}");
        let spaced = format!(" {CLIENT}");
        for audience in
            [&two_slashes, &below, &shouted, &api, &spaced, "https://poziserver-riverbend.example"]
        {
            let found = outcome(&Draft::with(|token| token.claims["aud"] = json!(audience)));
            assert_eq!(found, Err(SubjectRefusal::AudienceMismatch { found: audience.to_string() }));
        }
    }

    #[test]
    fn accepts_and_names_another_client_that_the_site_lists() {
        for (version, claim) in VERSIONS.into_iter().zip(["appid", "azp"]) {
            let mut draft = Draft::of(Cloud::Public, version);
            draft.claims[claim] = json!(FURTHER_CLIENT);
            assert_eq!(outcome(&draft).unwrap().client().to_string(), FURTHER_CLIENT);
        }
    }

    #[test]
    fn ignores_the_other_versions_client_claim() {
        for (version, own, other) in [(TokenVersion::V1, "appid", "azp"), (TokenVersion::V2, "azp", "appid")]
        {
            let mut draft = Draft::of(Cloud::Public, version);
            draft.claims[own] = json!(OTHER);
            draft.claims[other] = json!(CLIENT);
            assert_eq!(
                outcome(&draft),
                Err(SubjectRefusal::ClientNotAllowed { found: OTHER.parse().unwrap() })
            );
        }
    }

    #[test]
    fn finds_the_scope_among_others() {
        for scopes in ["user_impersonation", "openid user_impersonation", "user_impersonation  x"] {
            assert!(outcome(&Draft::with(|token| token.claims["scp"] = json!(scopes))).is_ok(), "{scopes}");
        }
    }

    #[test]
    fn keys_that_a_token_brings_along_are_never_looked_at() {
        for member in ["jku", "x5u", "jwk", "x5c"] {
            for value in [json!("https://evil.example/keys"), OTHER_KEY.jwk(None), json!(["MIIB"])] {
                let draft = Draft::with(|token| token.header[member] = value);
                assert!(outcome(&draft).is_ok(), "{member}");
                let by_another = draft.signed_by(&OTHER_KEY);
                assert_eq!(at(&by_another, now()), Err(SubjectRefusal::BadSignature), "{member}");
            }
        }
    }

    #[test]
    fn a_key_of_the_consumer_tenant_or_of_another_never_vouches_for_this_one() {
        let consumer = Cloud::Public.issuer(TokenVersion::V2, CONSUMER_TENANT);
        let other = Cloud::Public.issuer(TokenVersion::V2, OTHER.parse().unwrap());
        let other_cloud = format!("{}/{{tenantid}}/v2.0", Cloud::China.login());
        let odd = "https://login.microsoftonline.com/{TENANTID}/v2.0".to_owned();
        for key_issuer in [consumer, other, other_cloud, odd, String::new()] {
            for version in VERSIONS {
                let token = Draft::of(Cloud::Public, version).signed();
                let token = UnverifiedToken::parse(&token).unwrap();
                let key = TENANT_KEY.read(Some(&key_issuer));
                let found = verify(token, &key, &expected(Cloud::Public), now());
                assert_eq!(found, Err(SubjectRefusal::KeyIssuerMismatch { key_issuer: key_issuer.clone() }));
            }
        }
    }

    #[test]
    fn shortens_long_claims_for_the_log() {
        let endless = "x".repeat(5_000);
        for name in ["iss", "aud"] {
            let refusal = outcome(&Draft::with(|token| token.claims[name] = json!(endless))).unwrap_err();
            assert!(refusal.to_string().len() < 400, "{refusal}");
        }
    }

    /// Whether the token verifies with the byte at `index` replaced. Its key is found by its own `kid`.
    fn survives(token: &str, index: usize, byte: u8) -> bool {
        let mut bytes = token.as_bytes().to_vec();
        bytes[index] = byte;
        let Ok(text) = String::from_utf8(bytes) else { return false };
        let Ok(token) = UnverifiedToken::parse(&text) else { return false };
        let keys = EntraKeySet::parse(&TENANT_KEY.document(None), Cloud::Public).unwrap();
        keys.key(token.key_id())
            .is_some_and(|key| verify(token, key, &expected(Cloud::Public), now()).is_ok())
    }

    #[test]
    fn one_bit_flipped_in_any_byte_and_the_token_no_longer_verifies() {
        let token = Draft::with(|_| ()).signed();
        assert!(survives(&token, 0, token.as_bytes()[0]), "unchanged, it verifies");
        for (index, byte) in token.bytes().enumerate() {
            assert!(!survives(&token, index, byte ^ (1 << (index % 7))), "byte {index}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn refuses_a_token_with_any_byte_replaced(at in any::<prop::sample::Index>(), byte in 0..128_u8) {
            let token = Draft::with(|_| ()).signed();
            let index = at.index(token.len());
            prop_assume!(token.as_bytes()[index] != byte);
            prop_assert!(!survives(&token, index, byte));
        }
    }
}
