//! The sessions of the kit: each has one peculiarity, and the rule of docs/verify.md that decides on it.

use aws_lc_rs::hmac;
use pozi_auth::keyring::{SigningAlgorithm, SigningError};
use serde_json::json;

use super::{
    Expected, KitSession, TENANT, VerifierKit,
    draft::{Draft, encoded},
};

/// A case: rule, name, verdict, and what it changes in a valid session.
type Change = (u8, &'static str, Expected, fn(&mut Draft<'_>));
/// A case of which more than header, claims and key differs: rule, name, and the text that is sent.
type Text = (u8, &'static str, fn(&Draft<'_>) -> Result<String, SigningError>);

use Expected::{Allowed, NotAllowed, Refused};

const DAY: u64 = 24 * 3_600;

/// Returns all sessions, made at `now`.
pub(super) fn all(kit: &VerifierKit, now: u64) -> Result<Vec<KitSession>, SigningError> {
    let mut sessions = Vec::with_capacity(VALID.len() + INVALID.len() + TEXTS.len());
    for (rule, name, expected, change) in VALID.iter().chain(&INVALID).copied() {
        let mut draft = Draft::new(kit, now);
        change(&mut draft);
        sessions.push(KitSession { name, rule, expected, session: draft.token()? });
    }
    for (rule, name, make) in TEXTS {
        let session = make(&Draft::new(kit, now))?;
        sessions.push(KitSession { name, rule, expected: Refused, session });
    }
    Ok(sessions)
}

const VALID: [Change; 25] = [
    (8, "reads two catalogues", Allowed, |_| ()),
    (8, "reads one catalogue", Allowed, |one| one.claims["scope"] = json!("planning:read")),
    (8, "reads and writes", Allowed, |one| one.claims["scope"] = json!("planning:read planning:write")),
    (8, "writes, which includes reading", Allowed, |one| one.claims["scope"] = json!("planning:write")),
    (8, "reads another catalogue", NotAllowed, |one| one.claims["scope"] = json!("heritage:read")),
    (8, "reads and downloads", Allowed, |one| one.claims["scope"] = json!("planning:download planning:read")),
    (8, "reads, and downloads another catalogue", Allowed, |one| {
        one.claims["scope"] = json!("heritage:download planning:read");
    }),
    (8, "downloads alone", NotAllowed, |one| one.claims["scope"] = json!("planning:download")),
    (8, "downloads, and reads another catalogue", NotAllowed, |one| {
        one.claims["scope"] = json!("heritage:read planning:download");
    }),
    (8, "a longer name", NotAllowed, |one| one.claims["scope"] = json!("planning2:read")),
    (8, "a name with another end", NotAllowed, |one| one.claims["scope"] = json!("planning-old:write")),
    (8, "a name with another start", NotAllowed, |one| one.claims["scope"] = json!("old_planning:read")),
    (2, "signed with the next key", Allowed, |one| one.sign_with(&one.kit.next)),
    (3, "brings addresses of keys", Allowed, |one| {
        one.header["jku"] = json!("https://evil.example/jwks.json");
        one.header["x5u"] = json!("https://evil.example/chain.pem");
    }),
    (6, "iat 60 s ahead", Allowed, |one| one.claims["iat"] = json!(one.now + 60)),
    (6, "nbf now", Allowed, |one| one.claims["nbf"] = json!(one.now)),
    (6, "nbf 60 s ahead", Allowed, |one| one.claims["nbf"] = json!(one.now + 60)),
    (7, "decided by a later revision", Allowed, |one| {
        one.claims["policy_revision"] = json!(4_000_000_000_u64);
    }),
    (7, "decided before revisions were carried", Allowed, |one| one.remove_claim("policy_revision")),
    (8, "observed, and open by the rules too", Allowed, |one| one.observe("planning:read", "planning:read")),
    (8, "observed, and closed by the rules", Allowed, |one| {
        one.observe("heritage:read planning:read planning:write", "heritage:read");
    }),
    (8, "observed, and the rules open nothing", Allowed, |one| one.observe("planning:read", "")),
    (8, "observed, with a scope for another catalogue", NotAllowed, |one| one.observe("heritage:read", "")),
    (7, "an unknown claim", Allowed, |one| one.claims["future"] = json!({"more": [1, null]})),
    (7, "an unknown header member", Allowed, |one| one.header["future"] = json!("more")),
];

const INVALID: [Change; 55] = [
    (1, "longer than 16 KiB", Refused, |one| one.claims["future"] = json!("x".repeat(16 * 1_024))),
    (2, "an unknown key", Refused, |one| one.sign_with(&one.kit.stranger)),
    (2, "no kid", Refused, |one| one.remove_header("kid")),
    (2, "kid is a number", Refused, |one| one.header["kid"] = json!(1)),
    (2, "another key under a known kid", Refused, |one| one.key = &one.kit.stranger),
    (2, "two published keys mixed up", Refused, |one| one.key = &one.kit.next),
    (3, "brings the key that signed it", Refused, |one| {
        one.key = &one.kit.stranger;
        one.header["jwk"] = json!(one.kit.stranger.public_jwk());
    }),
    (3, "no alg", Refused, |one| one.remove_header("alg")),
    (3, "alg none, and signed", Refused, |one| one.header["alg"] = json!("none")),
    (3, "alg in lower case", Refused, |one| {
        one.header["alg"] = json!(one.kit.algorithm.name().to_lowercase());
    }),
    (3, "another alg of the same kind", Refused, |one| {
        let is_es256 = one.kit.algorithm == SigningAlgorithm::Es256;
        one.header["alg"] = json!(if is_es256 { "ES384" } else { "RS384" });
    }),
    (4, "typ JWT", Refused, |one| one.header["typ"] = json!("JWT")),
    (4, "no typ", Refused, |one| one.remove_header("typ")),
    (4, "another typ", Refused, |one| one.header["typ"] = json!("logout+jwt")),
    (4, "crit", Refused, |one| {
        one.header["crit"] = json!(["future"]);
        one.header["future"] = json!(true);
    }),
    (5, "no iss", Refused, |one| one.remove_claim("iss")),
    (5, "another issuer", Refused, |one| one.claims["iss"] = json!("https://evil.example")),
    (5, "iss with a slash at the end", Refused, |one| {
        one.claims["iss"] = json!(format!("{}/", one.kit.issuer));
    }),
    (5, "no aud", Refused, |one| one.remove_claim("aud")),
    (5, "another site's", Refused, |one| {
        one.claims["aud"] = json!("https://poziserver-saltmarsh.example/pozi/");
    }),
    (5, "aud without its slash", Refused, |one| {
        one.claims["aud"] = json!(super::AUDIENCE.trim_end_matches('/'));
    }),
    (5, "aud in capital letters", Refused, |one| one.claims["aud"] = json!(super::AUDIENCE.to_uppercase())),
    (5, "aud is a list", Refused, |one| {
        one.claims["aud"] = json!([super::AUDIENCE, "https://poziserver-saltmarsh.example/pozi/"]);
    }),
    (5, "no exp", Refused, |one| one.remove_claim("exp")),
    (5, "expired this second", Refused, |one| one.claims["exp"] = json!(one.now)),
    (5, "expired a minute ago", Refused, |one| one.claims["exp"] = json!(one.now - 60)),
    (5, "exp is a text", Refused, |one| one.claims["exp"] = json!((one.now + 600).to_string())),
    (6, "no iat", Refused, |one| one.remove_claim("iat")),
    (6, "iat a day ahead", Refused, |one| {
        one.claims["iat"] = json!(one.now + DAY);
        one.claims["exp"] = json!(one.now + DAY + 600);
    }),
    (6, "nbf a day ahead", Refused, |one| {
        one.claims["nbf"] = json!(one.now + DAY);
        one.claims["exp"] = json!(one.now + DAY + 600);
    }),
    (6, "nbf is a text", Refused, |one| one.claims["nbf"] = json!("now")),
    (7, "no tid", Refused, |one| one.remove_claim("tid")),
    (7, "tid is no GUID", Refused, |one| one.claims["tid"] = json!("riverbend")),
    (7, "a person of another tenant", Refused, |one| {
        let tenant = "5f1c9a3e-6a4b-4f0e-9d57-0b7a5d1c2e11";
        one.claims["tid"] = json!(tenant);
        one.claims["sub"] = json!(format!("{tenant}.{tenant}"));
    }),
    (7, "tid in capital letters", Refused, |one| one.claims["tid"] = json!(TENANT.to_uppercase())),
    (7, "no sub", Refused, |one| one.remove_claim("sub")),
    (7, "sub without the tenant", Refused, |one| {
        one.claims["sub"] = json!("5f1c9a3e-6a4b-4f0e-9d57-0b7a5d1c2e11");
    }),
    (7, "sub of another tenant", Refused, |one| {
        let person = "5f1c9a3e-6a4b-4f0e-9d57-0b7a5d1c2e11";
        one.claims["sub"] = json!(format!("{person}.{person}"));
    }),
    (7, "sub with a third part", Refused, |one| {
        one.claims["sub"] = json!(format!("{TENANT}.{TENANT}.{TENANT}"));
    }),
    (7, "no client_id", Refused, |one| one.remove_claim("client_id")),
    (7, "no jti", Refused, |one| one.remove_claim("jti")),
    (7, "jti is no UUID", Refused, |one| one.claims["jti"] = json!("1")),
    (7, "no scope", Refused, |one| one.remove_claim("scope")),
    (7, "scope is a list", Refused, |one| one.claims["scope"] = json!(["planning:read"])),
    (7, "an empty scope", Refused, |one| one.claims["scope"] = json!("")),
    (7, "two spaces in scope", Refused, |one| {
        one.claims["scope"] = json!("heritage:read  planning:read");
    }),
    (7, "a space at the end of scope", Refused, |one| one.claims["scope"] = json!("planning:read ")),
    (7, "a tab in scope", Refused, |one| one.claims["scope"] = json!("heritage:read\tplanning:read")),
    (7, "a line feed at the end of scope", Refused, |one| one.claims["scope"] = json!("planning:read\n")),
    (7, "an unknown access in scope", Refused, |one| {
        one.claims["scope"] = json!("heritage:admin planning:read");
    }),
    (7, "an access in scope that begins like a known one", Refused, |one| {
        one.claims["scope"] = json!("heritage:downloads planning:read");
    }),
    (7, "observed, without a scope", Refused, |one| {
        one.observe("planning:read", "planning:read");
        one.remove_claim("scope");
    }),
    (7, "observed, with an empty scope", Refused, |one| one.observe("", "planning:read")),
    (7, "observed, with a list in scope", Refused, |one| {
        one.observe("planning:read", "planning:read");
        one.claims["scope"] = json!(["planning:read"]);
    }),
    (7, "a capital letter in scope", Refused, |one| {
        one.claims["scope"] = json!("Heritage:read planning:read");
    }),
];

const TEXTS: [Text; 15] = [
    (1, "nothing", |_| Ok(String::new())),
    (1, "one word", |_| Ok("session".to_owned())),
    (1, "two parts", |one| Ok(one.message())),
    (1, "five parts", |one| Ok(format!("{}.AA.AA", one.token()?))),
    (1, "two sessions", |one| Ok(format!("{0},{0}", one.token()?))),
    (1, "with the word Bearer", |one| Ok(format!("Bearer {}", one.token()?))),
    (1, "with padding", |one| Ok(format!("{}==", one.token()?))),
    (1, "with a space inside", |one| Ok(one.token()?.replacen('.', ". ", 1))),
    (2, "without its signature", |one| Ok(format!("{}.", one.message()))),
    (2, "a signature of zeros", |one| {
        let length = one.key.sign_now(b"")?.len();
        Ok(format!("{}.{}", one.message(), encoded(vec![0; length])))
    }),
    (2, "the signature of another session", |one| {
        let good = one.token()?;
        let mut wider = Draft::new(one.kit, one.now);
        wider.claims["scope"] = json!("heritage:write planning:write");
        let signature = good.rsplit('.').next().unwrap_or_default();
        Ok(format!("{}.{signature}", wider.message()))
    }),
    (2, "half a signature", |one| {
        let signature = one.key.sign_now(one.message().as_bytes())?;
        Ok(format!("{}.{}", one.message(), encoded(&signature[..signature.len() / 2])))
    }),
    (3, "alg none, without a signature", |one| {
        let mut unsigned = Draft::new(one.kit, one.now);
        unsigned.header["alg"] = json!("none");
        Ok(format!("{}.", unsigned.message()))
    }),
    (3, "HS256 with the public key as its secret", |one| {
        let mut confused = Draft::new(one.kit, one.now);
        confused.header["alg"] = json!("HS256");
        let public = json!(one.key.public_jwk());
        let secret = public["x"].as_str().or(public["n"].as_str()).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, confused.message().as_bytes());
        Ok(format!("{}.{}", confused.message(), encoded(tag)))
    }),
    (7, "claims in a list", |one| {
        let message =
            format!("{}.{}", encoded(one.header.to_string()), encoded(json!([one.claims]).to_string()));
        let signature = one.key.sign_now(message.as_bytes())?;
        Ok(format!("{message}.{}", encoded(signature)))
    }),
];
