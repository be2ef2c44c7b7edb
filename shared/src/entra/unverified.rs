//! A parsed but unverified token. It exposes only what the lookup of its key needs, and the audit log.

use super::{Groups, MalformedTokenError, Place, SubjectRefusal, TokenVersion, claims::Claims};
use crate::{
    error::shortened,
    identifiers::TenantId,
    json::{ClaimError, Members},
    jws::{CompactJws, is_type},
    timestamp::Timestamp,
};

/// An Entra access token as received.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    pub(super) jws: CompactJws<'a>,
    pub(super) claims: Claims,
    key_id: String,
}

impl<'a> UnverifiedToken<'a> {
    /// Parses `token`. Refuses what no key could make acceptable: an algorithm other than RS256, a critical header, a missing
    /// claim, and every other kind of token, such as Microsoft Graph's, ID tokens and our own sessions.
    pub fn parse(token: &'a str) -> Result<Self, SubjectRefusal> {
        // Nearly every token passes the first check, which looks at many bytes at once because it never stops early.
        let is_plain = token.bytes().fold(true, |is_plain, byte| is_plain & byte.is_ascii_graphic());
        if !is_plain && token.contains(is_invisible) {
            return Err(SubjectRefusal::Whitespace { at: place_of_whitespace(token) });
        }
        let jws = CompactJws::parse(token)?;
        let key_id = check_header(&jws.header()?)?;
        let claims = Claims::read(&jws.payload()?)?;
        Ok(Self { jws, claims, key_id })
    }

    /// Returns claim `tid`.
    pub fn tenant(&self) -> TenantId {
        self.claims.tenant
    }

    /// Returns claim `ver`.
    pub fn version(&self) -> TokenVersion {
        self.claims.version
    }

    /// Refuses a token past its `exp`: no fetch of keys could make it acceptable. [`verify`](super::verify) checks it again.
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), SubjectRefusal> {
        self.claims.check_expiry(now)
    }

    /// Returns the id of the signing key: `kid`, or `x5t` in old tokens without `kid`.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the groups that count at a site by its `groups_as_roles`, as the token claims them, for an explanation that says
    /// so: nobody has verified them.
    pub fn into_claimed_groups(self, groups_as_roles: bool) -> Groups {
        self.claims.groups.counted(groups_as_roles)
    }

    /// Returns claim `uti`, Entra's own id of the token, for the audit log.
    pub fn unique_id(&self) -> Option<&str> {
        self.claims.unique_id.as_deref()
    }
}

/// Returns the key id. Ignores `jku`, `x5u`, `jwk` and `x5c`: a token must not choose the key that verifies it
/// (RFC 8725 §3.10).
fn check_header(header: &Members<'_>) -> Result<String, SubjectRefusal> {
    let kind = header.optional_string("typ")?;
    if kind.is_some_and(|kind| is_type(kind, "at+jwt")) {
        return Err(SubjectRefusal::PoziToken);
    }
    if kind.is_some_and(|kind| is_type(kind, "pop")) {
        return Err(SubjectRefusal::ProofOfPossession { mark: "`typ` is `pop`" });
    }
    let alg = header.string("alg")?;
    if alg != "RS256" {
        return Err(SubjectRefusal::UnsupportedAlgorithm { alg: alg.chars().take(20).collect() });
    }
    if header.has("crit") {
        return Err(SubjectRefusal::CriticalHeader);
    }
    if header.has("nonce") {
        return Err(SubjectRefusal::GraphToken { mark: "the header has `nonce`".to_owned() });
    }
    if let Some(found) = kind.filter(|kind| !is_type(kind, "JWT")) {
        return Err(MalformedTokenError::Type { found: shortened(found) }.into());
    }
    let key_id = match header.optional_string("kid")? {
        Some(key_id) => key_id,
        None => header.string("x5t").map_err(|_| ClaimError::Missing("kid"))?,
    };
    Ok(key_id.to_owned())
}

/// Whether a character is a blank, a line break, or an invisible one that is copied along by accident, such as a byte order
/// mark. A JWT has none.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn place_of_whitespace(token: &str) -> Place {
    if token.trim_matches(is_invisible).contains(is_invisible) {
        Place::Within
    } else if token.starts_with(is_invisible) {
        Place::Start
    } else {
        Place::End
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        entra::{
            Cloud,
            signed::{Draft, TENANT, TENANT_KEY},
        },
        json::ClaimError,
        jws::{JwsError, MAX_TOKEN_BYTES},
    };

    /// Parses the draft unsigned, since parsing does not check signatures.
    fn parse(draft: &Draft) -> Result<String, SubjectRefusal> {
        let [header, claims] =
            [&draft.header, &draft.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        UnverifiedToken::parse(&format!("{header}.{claims}.")).map(|token| token.key_id().to_owned())
    }

    #[test]
    fn exposes_what_the_lookups_need() {
        for version in [TokenVersion::V1, TokenVersion::V2] {
            let token = Draft::of(Cloud::Public, version).signed();
            let token = UnverifiedToken::parse(&token).unwrap();
            assert_eq!(token.tenant().to_string(), TENANT);
            assert_eq!(token.version(), version);
            assert_eq!(token.key_id(), TENANT_KEY.id);
            assert_eq!(token.unique_id(), Some("unique"));
            assert_eq!(token.check_expiry(Timestamp::from_unix_seconds(0)), Ok(()));
            let late = Timestamp::from_unix_seconds(1 << 40);
            assert!(matches!(token.check_expiry(late), Err(SubjectRefusal::Expired { .. })));
        }
    }

    #[test]
    fn identifies_the_key_by_kid_or_else_by_x5t() {
        let named = |change: fn(&mut Draft)| parse(&Draft::with(change));
        assert_eq!(named(|token| token.header["x5t"] = json!("thumb")).as_deref(), Ok(TENANT_KEY.id));
        let old = named(|token| {
            token.remove_header("kid");
            token.header["x5t"] = json!("thumb");
        });
        assert_eq!(old.as_deref(), Ok("thumb"));
        let nameless = named(|token| {
            token.remove_header("kid");
            token.remove_header("x5t");
        });
        assert_eq!(nameless, Err(ClaimError::Missing("kid").into()));
        assert_eq!(
            named(|token| token.header["kid"] = json!(7)),
            Err(ClaimError::WrongForm("kid").into()),
            "`x5t` does not replace a `kid` of the wrong form"
        );
    }

    /// RFC 7515 §4.1.9.
    #[test]
    fn accepts_typ_jwt_in_any_letter_case_or_absent() {
        assert!(parse(&Draft::with(|token| token.remove_header("typ"))).is_ok());
        for (typ, outcome) in [
            ("JWT", Ok(())),
            ("jwt", Ok(())),
            ("Jwt", Ok(())),
            ("application/JWT", Ok(())),
            ("JWT ", Err(MalformedTokenError::Type { found: "JWT ".into() }.into())),
            ("", Err(MalformedTokenError::Type { found: String::new() }.into())),
            ("dpop+jwt", Err(MalformedTokenError::Type { found: "dpop+jwt".into() }.into())),
            ("pop", Err(SubjectRefusal::ProofOfPossession { mark: "`typ` is `pop`" })),
            ("PoP", Err(SubjectRefusal::ProofOfPossession { mark: "`typ` is `pop`" })),
            ("application/pop", Err(SubjectRefusal::ProofOfPossession { mark: "`typ` is `pop`" })),
            ("at+jwt", Err(SubjectRefusal::PoziToken)),
            ("AT+JWT", Err(SubjectRefusal::PoziToken)),
            ("application/at+jwt", Err(SubjectRefusal::PoziToken)),
        ] {
            let found = parse(&Draft::with(|token| token.header["typ"] = json!(typ)));
            assert_eq!(found.map(drop), outcome, "{typ}");
        }
        let odd = parse(&Draft::with(|token| token.header["typ"] = json!(["JWT"])));
        assert_eq!(odd, Err(ClaimError::WrongForm("typ").into()));
    }

    /// RFC 7515 §4.1.1, §5.2, §5.3; RFC 7518 §3.6; RFC 8725 §3.1.
    #[test]
    fn the_algorithm_is_rs256_to_the_letter() {
        for alg in
            ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", ""]
        {
            let found = parse(&Draft::with(|token| token.header["alg"] = json!(alg)));
            assert_eq!(found, Err(SubjectRefusal::UnsupportedAlgorithm { alg: alg.to_owned() }));
        }
        let absent = parse(&Draft::with(|token| token.remove_header("alg")));
        assert_eq!(absent, Err(ClaimError::Missing("alg").into()));
        let endless = parse(&Draft::with(|token| token.header["alg"] = json!("x".repeat(5_000))));
        assert_eq!(endless, Err(SubjectRefusal::UnsupportedAlgorithm { alg: "x".repeat(20) }));
    }

    /// RFC 7515 §4, §4.1.11.
    #[test]
    fn refuses_crit_and_nonce_with_any_value() {
        for value in [json!(null), json!([]), json!(""), json!(["b64"])] {
            let crit = parse(&Draft::with(|token| token.header["crit"] = value.clone()));
            assert_eq!(crit, Err(SubjectRefusal::CriticalHeader), "{value}");
            let graph = parse(&Draft::with(|token| token.header["nonce"] = value.clone()));
            let mark = "the header has `nonce`".to_owned();
            assert_eq!(graph, Err(SubjectRefusal::GraphToken { mark }), "{value}");
        }
    }

    /// RFC 7515 §2.
    #[test]
    fn refuses_malformed_text() {
        let whole = Draft::with(|_| ()).signed();
        let doubled = format!("{whole}.{whole}");
        let padded = whole.replacen('.', "=.", 1);
        let long = format!("{whole}{}", "A".repeat(MAX_TOKEN_BYTES));
        for (text, wrong) in [
            ("", JwsError::Parts),
            ("nonsense", JwsError::Parts),
            (doubled.as_str(), JwsError::Parts),
            (padded.as_str(), JwsError::Base64("the header")),
            (long.as_str(), JwsError::TooLong),
        ] {
            assert_eq!(UnverifiedToken::parse(text).unwrap_err(), wrong.into());
        }
    }

    #[test]
    fn says_where_a_space_or_line_break_is() {
        let whole = Draft::with(|_| ()).signed();
        for blank in [" ", "\n", "\r\n", "\t", "\u{a0}", "\u{feff}", "\u{200b}", "\0"] {
            for (text, at) in [
                (format!("{blank}{whole}"), Place::Start),
                (format!("{whole}{blank}"), Place::End),
                (format!("{whole}{blank}{blank}{blank}"), Place::End),
                (format!("{}{blank}{}", &whole[..76], &whole[76..]), Place::Within),
                (format!("Bearer {whole}{blank}"), Place::Within),
            ] {
                let found = UnverifiedToken::parse(&text).unwrap_err();
                assert_eq!(found, SubjectRefusal::Whitespace { at }, "{blank:?}");
            }
        }
    }

    /// Generates headers and payloads with values of every JSON type.
    fn members() -> impl Strategy<Value = String> {
        let names = "(alg|kid|typ|x5t|crit|iss|aud|tid|ver|exp|nbf|iat|scp|groups|oid|[a-z]{1,3})";
        let values = prop_oneof![
            Just("null".to_owned()),
            Just("\"RS256\"".to_owned()),
            Just("\"1.0\"".to_owned()),
            Just(format!("\"{TENANT}\"")),
            Just("[\"a\",{}]".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f32>().prop_map(|number| number.to_string()),
            "\"\\PC{0,10}\"",
        ];
        prop::collection::vec((names, values), 0..12).prop_map(|members| {
            let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        })
    }

    proptest! {
        #[test]
        fn never_panics_on_text(text in "\\PC{0,200}|[A-Za-z0-9_.=-]{0,400}") {
            let _ = UnverifiedToken::parse(&text);
        }

        #[test]
        fn never_panics_on_members(header in members(), claims in members()) {
            let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
            let _ = UnverifiedToken::parse(&format!("{header}.{claims}.c2ln"));
        }
    }
}
