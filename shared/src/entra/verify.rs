//! The only way to a [`VerifiedSubject`]: checks every claim of a signed token against what the site expects.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens>.

use std::{collections::BTreeSet, time::Duration};

use super::{Cloud, Groups, GroupsFrom, SignedToken, SubjectRefusal, claims::Claims};
use crate::{
    error::shortened,
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
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
    /// The longest time since `iat`. Entra's own tokens live for 60 to 90 minutes; those of Continuous Access Evaluation,
    /// for up to 28 hours, would keep groups alive that the person has left.
    pub max_token_age: Duration,
    /// Whether object ids in `roles` count as groups if the token has no `groups`.
    pub groups_as_roles: bool,
}

/// A person whose Entra token was verified for a site. `tenant` and `object` together identify the person permanently;
/// names and e-mail addresses can change and are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSubject {
    tenant: TenantId,
    object: ObjectId,
    client: ClientId,
    groups: Groups,
    groups_from: GroupsFrom,
    issued: Timestamp,
    expires: Timestamp,
}

/// Verifies `token` against what a site expects, at `now`.
pub fn verify(
    token: SignedToken,
    expected: &Expected,
    now: Timestamp,
) -> Result<VerifiedSubject, SubjectRefusal> {
    let claims = token.claims;
    check_tenant(&claims, expected)?;
    check_audience(&claims, expected)?;
    check_client(&claims, expected)?;
    check_scope(&claims)?;
    check_times(&claims, expected, now)?;
    Ok(VerifiedSubject {
        tenant: claims.tenant,
        object: claims.object,
        client: claims.client,
        groups: claims.groups.counted(expected.groups_as_roles),
        groups_from: GroupsFrom::Token,
        issued: claims.issued,
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

    fn clients(&self) -> impl Iterator<Item = &ClientId> {
        std::iter::once(&self.client).chain(&self.further_clients)
    }
}

impl Claims {
    pub(super) fn check_expiry(&self, now: Timestamp) -> Result<(), SubjectRefusal> {
        if now >= self.expires {
            return Err(SubjectRefusal::Expired { ago: now.since(self.expires) });
        }
        Ok(())
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

    /// Returns where the groups come from.
    pub fn groups_from(&self) -> GroupsFrom {
        self.groups_from
    }

    /// Returns the subject with `groups`, which were resolved for it. For the resolver alone.
    pub(super) fn with_groups(self, groups: BTreeSet<GroupId>, groups_from: GroupsFrom) -> Self {
        Self { groups: Groups::Listed(groups), groups_from, ..self }
    }

    /// Returns claim `iat`.
    pub fn issued(&self) -> Timestamp {
        self.issued
    }

    /// Returns claim `exp`.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// The issuer is that of the token's own tenant and cloud already; the site must be of the same.
fn check_tenant(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    let (cloud, version, tenant) = (expected.cloud, claims.version, expected.tenant);
    if claims.tenant != tenant || !cloud.is_issuer(&claims.issuer, version, tenant) {
        let (found, expected) = (shortened(&claims.issuer), cloud.issuer(version, tenant));
        return Err(SubjectRefusal::IssuerMismatch { found, expected });
    }
    Ok(())
}

fn check_audience(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    if !expected.accepts_audience(&claims.audience) {
        return Err(SubjectRefusal::AudienceMismatch {
            found: shortened(&claims.audience),
            application_id_uri: expected.application_id_uri.clone(),
            client: expected.client,
        });
    }
    Ok(())
}

fn check_client(claims: &Claims, expected: &Expected) -> Result<(), SubjectRefusal> {
    if !expected.clients().any(|client| *client == claims.client) {
        let listed: Vec<_> = expected.clients().map(ToString::to_string).collect();
        let expected = shortened(&listed.join(", "));
        return Err(SubjectRefusal::ClientNotAllowed { found: claims.client, expected });
    }
    Ok(())
}

fn check_scope(claims: &Claims) -> Result<(), SubjectRefusal> {
    if !claims.scopes.split(' ').any(|scope| scope == REQUIRED_SCOPE) {
        return Err(SubjectRefusal::ScopeMissing { found: shortened(&claims.scopes) });
    }
    Ok(())
}

fn check_times(claims: &Claims, expected: &Expected, now: Timestamp) -> Result<(), SubjectRefusal> {
    claims.check_expiry(now)?;
    let valid_from = claims.not_before.max(claims.issued);
    if valid_from > now.plus(LEEWAY) {
        return Err(SubjectRefusal::NotYetValid { valid_from, now });
    }
    let age = now.since(claims.issued);
    if age > expected.max_token_age {
        return Err(SubjectRefusal::TooOld { age, limit: expected.max_token_age });
    }
    Ok(())
}

/// For this crate's tests of what follows verification.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Returns a subject in `groups`, whose token expires at `expires`.
    pub(crate) fn subject(groups: Groups, expires: Timestamp) -> VerifiedSubject {
        let id = uuid::Uuid::from_u128;
        let subject = subject_of(TenantId::new(id(1)), ObjectId::new(id(2)), groups);
        VerifiedSubject { expires, ..subject }
    }

    /// Returns the subject `object` of `tenant`.
    pub(crate) fn subject_of(tenant: TenantId, object: ObjectId, groups: Groups) -> VerifiedSubject {
        VerifiedSubject {
            tenant,
            object,
            client: ClientId::new(uuid::Uuid::from_u128(3)),
            groups,
            groups_from: GroupsFrom::Token,
            issued: Timestamp::default(),
            expires: Timestamp::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        entra::{
            CONSUMER_TENANT, EntraKey, EntraKeySet, MalformedTokenError, TokenVersion, UnverifiedToken,
            signed::{
                APPLICATION_ID_URI, CLIENT, Draft, FURTHER_CLIENT, GROUP, NOW, OTHER_KEY, PERSON, TENANT,
                TENANT_KEY, VARIANTS, expected, now, signed_text, variant,
            },
        },
        json::ClaimError,
    };

    const OTHER: &str = "11111111-2222-3333-4444-555555555555";
    const VERSIONS: [TokenVersion; 2] = [TokenVersion::V1, TokenVersion::V2];

    fn verified(
        token: &str,
        key: &EntraKey,
        cloud: Cloud,
        now: Timestamp,
    ) -> Result<VerifiedSubject, SubjectRefusal> {
        let signed = UnverifiedToken::parse(token)?.verify_signature(key, cloud)?;
        verify(signed, &expected(cloud), now)
    }

    fn at(token: &str, now: Timestamp) -> Result<VerifiedSubject, SubjectRefusal> {
        verified(token, &TENANT_KEY.read(None), Cloud::Public, now)
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
                    let subject = verified(&token, &key, cloud, now()).unwrap();
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
                let found = verified(&token, &TENANT_KEY.read(None), wanted, now());
                let shared = issued == wanted
                    || (version == TokenVersion::V1 && issued != Cloud::China && wanted != Cloud::China);
                assert_eq!(found.is_ok(), shared, "{issued:?} for {wanted:?} in {version:?}");
                assert!(found.is_ok() || matches!(found, Err(SubjectRefusal::IssuerMismatch { .. })));
            }
        }
    }

    type Spoilt = (fn(&mut Draft), SubjectRefusal);

    fn audience(found: &str) -> SubjectRefusal {
        SubjectRefusal::AudienceMismatch {
            found: found.to_owned(),
            application_id_uri: APPLICATION_ID_URI.to_owned(),
            client: CLIENT.parse().unwrap(),
        }
    }

    fn client_not_allowed() -> SubjectRefusal {
        let expected = format!("{CLIENT}, {FURTHER_CLIENT}");
        SubjectRefusal::ClientNotAllowed { found: OTHER.parse().unwrap(), expected }
    }

    fn missing(claim: &'static str) -> SubjectRefusal {
        ClaimError::Missing(claim).into()
    }

    fn spoilt_shape() -> Vec<Spoilt> {
        let alg = |alg: &str| SubjectRefusal::UnsupportedAlgorithm { alg: alg.to_owned() };
        vec![
            (|token| token.remove_claim("exp"), missing("exp")),
            (|token| token.remove_claim("oid"), missing("oid")),
            (|token| token.remove_claim("appid"), missing("appid")),
            (
                |token| token.claims["ver"] = json!("1.1"),
                MalformedTokenError::Version { found: "1.1".into() }.into(),
            ),
            (|token| token.claims["Tid"] = json!(OTHER), MalformedTokenError::AmbiguousTenant.into()),
            (
                |token| token.header["typ"] = json!("JOSE"),
                MalformedTokenError::Type { found: "JOSE".into() }.into(),
            ),
            (|token| token.header["crit"] = json!(["exp"]), SubjectRefusal::CriticalHeader),
            (|token| token.header["alg"] = json!("none"), alg("none")),
            (|token| token.header["alg"] = json!("RS512"), alg("RS512")),
            (
                |token| token.header["nonce"] = json!("n"),
                SubjectRefusal::GraphToken { mark: "the header has `nonce`".into() },
            ),
            (
                |token| token.header["typ"] = json!("pop"),
                SubjectRefusal::ProofOfPossession { mark: "`typ` is `pop`" },
            ),
            (
                |token| token.claims["tfp"] = json!("B2C_1_signin"),
                SubjectRefusal::B2cToken { issuer: format!("https://sts.windows.net/{TENANT}/") },
            ),
            (
                |token| token.claims["tid"] = json!(CONSUMER_TENANT.to_string()),
                SubjectRefusal::PersonalAccount,
            ),
            (|token| token.header["typ"] = json!("at+jwt"), SubjectRefusal::PoziToken),
        ]
    }

    fn spoilt_identity() -> Vec<Spoilt> {
        let own = format!("https://sts.windows.net/{TENANT}/");
        let issuer =
            |found: &str| SubjectRefusal::IssuerMismatch { found: found.into(), expected: own.clone() };
        vec![
            (|token| token.claims["iss"] = json!("https://evil.example/"), issuer("https://evil.example/")),
            (
                |token| token.claims["iss"] = json!(format!("https://STS.windows.net/{TENANT}/")),
                issuer(&format!("https://STS.windows.net/{TENANT}/")),
            ),
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
            (
                |token| token.claims["tid"] = json!(OTHER),
                SubjectRefusal::IssuerMismatch {
                    found: own.clone(),
                    expected: format!("https://sts.windows.net/{OTHER}/"),
                },
            ),
            (
                |token| {
                    token.claims["tid"] = json!(OTHER);
                    token.claims["iss"] = json!(format!("https://sts.windows.net/{OTHER}/"));
                },
                issuer(&format!("https://sts.windows.net/{OTHER}/")),
            ),
            (|token| token.claims["aud"] = json!(OTHER), audience(OTHER)),
            (|token| token.claims["aud"] = json!(""), audience("")),
            (|token| token.claims["appid"] = json!(OTHER), client_not_allowed()),
        ]
    }

    fn spoilt_purpose() -> Vec<Spoilt> {
        let without_scope_and_client: fn(&mut Draft) = |token| {
            token.remove_claim("scp");
            token.remove_claim("appid");
        };
        let ago = Duration::from_secs(7);
        let scope_missing = |found: &str| SubjectRefusal::ScopeMissing { found: found.to_owned() };
        let (age, limit) = (Duration::from_secs(7_201), Duration::from_hours(2));
        vec![
            (|token| token.claims["scp"] = json!("User.Read openid"), scope_missing("User.Read openid")),
            (
                |token| token.claims["scp"] = json!("user_impersonation2"),
                scope_missing("user_impersonation2"),
            ),
            (|token| token.claims["scp"] = json!("USER_IMPERSONATION"), scope_missing("USER_IMPERSONATION")),
            (|token| token.claims["scp"] = json!(""), scope_missing("")),
            (without_scope_and_client, SubjectRefusal::IdToken),
            (|token| token.remove_claim("scp"), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["idtyp"] = json!("app"), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["sub"] = json!(PERSON), SubjectRefusal::AppOnlyToken),
            (|token| token.claims["exp"] = json!(NOW - 7), SubjectRefusal::Expired { ago }),
            (
                |token| token.claims["nbf"] = json!(NOW + 600),
                SubjectRefusal::NotYetValid { valid_from: later(600), now: now() },
            ),
            (|token| token.claims["iat"] = json!(NOW - 7_201), SubjectRefusal::TooOld { age, limit }),
        ]
    }

    /// RFC 7519 §4.1.1; RFC 8725 §3.8.
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
        // The others are tested with the registry, the lookup of keys, the issuers of keys, and the parser.
        let elsewhere = ["UnknownTenant", "UnknownKey", "KeysUnavailable", "KeyIssuerMismatch", "Whitespace"];
        assert!(elsewhere.iter().all(|name| !reached.contains(name)), "{reached:?}");
        assert_eq!(reached.len() + elsewhere.len(), VARIANTS, "{reached:?}");
    }

    /// RFC 7519 §4.
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

    /// RFC 7519 §4.1.4.
    #[test]
    fn refuses_a_token_from_the_second_of_its_exp() {
        for (exp, ok) in [(NOW - 1, false), (NOW, false), (NOW + 1, true)] {
            let found = outcome(&Draft::with(|token| token.claims["exp"] = json!(exp)));
            let refused = Err(SubjectRefusal::Expired { ago: Duration::from_secs(NOW - exp.min(NOW)) });
            assert!(if ok { found.is_ok() } else { found == refused }, "{exp}");
        }
    }

    /// RFC 7519 §4.1.5.
    #[test]
    fn allows_the_leeway_and_no_second_more() {
        for name in ["nbf", "iat"] {
            for (ahead, ok) in [(0, true), (60, true), (61, false)] {
                let found = outcome(&Draft::with(|token| token.claims[name] = json!(NOW + ahead)));
                let refused = Err(SubjectRefusal::NotYetValid { valid_from: later(ahead), now: now() });
                assert!(if ok { found.is_ok() } else { found == refused }, "{name} {ahead} s ahead");
            }
        }
    }

    /// RFC 7519 §4.1.6.
    #[test]
    fn refuses_a_token_that_is_older_than_the_site_allows() {
        for minutes in [15, 120, 28 * 60] {
            let limit = Duration::from_secs(minutes * 60);
            let site = Expected { max_token_age: limit, ..expected(Cloud::Public) };
            for (age, ok) in [(limit.as_secs(), true), (limit.as_secs() + 1, false)] {
                let token = Draft::with(|token| token.claims["iat"] = json!(NOW - age)).signed();
                let token = UnverifiedToken::parse(&token).unwrap();
                let token = token.verify_signature(&TENANT_KEY.read(None), Cloud::Public).unwrap();
                let found = verify(token, &site, now()).map(drop);
                let refused = SubjectRefusal::TooOld { age: Duration::from_secs(age), limit };
                assert_eq!(found, if ok { Ok(()) } else { Err(refused) }, "{minutes} min");
            }
        }
    }

    /// The registry gives a tenant its own sites only; this check does not depend on it.
    #[test]
    fn refuses_a_site_of_another_tenant_or_cloud() {
        let token = || {
            let token = Draft::with(|_| ()).signed();
            let token = UnverifiedToken::parse(&token).unwrap();
            token.verify_signature(&TENANT_KEY.read(None), Cloud::Public).unwrap()
        };
        let elsewhere = Expected { tenant: OTHER.parse().unwrap(), ..expected(Cloud::Public) };
        for site in [elsewhere, expected(Cloud::China)] {
            let found = verify(token(), &site, now());
            assert!(matches!(found, Err(SubjectRefusal::IssuerMismatch { .. })), "{found:?}");
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

    /// RFC 7519 §4.1.3; RFC 8725 §3.9.
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
            assert_eq!(found, Err(self::audience(audience)));
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
            assert_eq!(outcome(&draft), Err(client_not_allowed()));
        }
    }

    #[test]
    fn finds_the_scope_among_others() {
        for scopes in ["user_impersonation", "openid user_impersonation", "user_impersonation  x"] {
            assert!(outcome(&Draft::with(|token| token.claims["scp"] = json!(scopes))).is_ok(), "{scopes}");
        }
    }

    /// RFC 8725 §3.10.
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

    /// RFC 7519 §11.1; RFC 8725 §3.8.
    #[test]
    fn a_key_of_the_consumer_tenant_or_of_another_never_vouches_for_this_one() {
        let consumer = Cloud::Public.issuer(TokenVersion::V2, CONSUMER_TENANT);
        let other = Cloud::Public.issuer(TokenVersion::V2, OTHER.parse().unwrap());
        let other_cloud = format!("{}/{{tenantid}}/v2.0", Cloud::China.login());
        let odd = "https://login.microsoftonline.com/{TENANTID}/v2.0".to_owned();
        for key_issuer in [consumer, other, other_cloud, odd, String::new()] {
            for version in VERSIONS {
                let token = Draft::of(Cloud::Public, version).signed();
                let key = TENANT_KEY.read(Some(&key_issuer));
                let found = verified(&token, &key, Cloud::Public, now());
                let expected = Cloud::Public.issuer(TokenVersion::V2, TENANT.parse().unwrap());
                let key_issuer = key_issuer.clone();
                assert_eq!(found, Err(SubjectRefusal::KeyIssuerMismatch { key_issuer, expected }));
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
        let Some(key) = keys.key(token.key_id()) else { return false };
        let signed = token.verify_signature(key, Cloud::Public);
        signed.and_then(|token| verify(token, &expected(Cloud::Public), now())).is_ok()
    }

    /// RFC 7515 §5.2; RFC 8725 §3.3.
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
